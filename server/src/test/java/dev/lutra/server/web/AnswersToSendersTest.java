package dev.lutra.server.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.lutra.server.tls.Encryption;
import dev.lutra.server.tls.ServerKey;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Whoever is refused reads why, also one who listens only when all is sent. */
class AnswersToSendersTest {

    /** Far more than the systems at both ends keep for each other. */
    private static final int SENT = 8 << 20;
    private static final String HOST = "Host: localhost";
    private static final String JSON = "Content-Type: application/json";

    @TempDir
    Path folder;
    private final List<AllRoutes> started = new ArrayList<>();

    @AfterEach
    void stop() {
        started.forEach(AllRoutes::close);
    }

    /** A request that is refused, and how. */
    private record Refused(String name, boolean isInPieces, int status, String... head) {}

    private static List<Refused> refused(String operator) {
        String[] known = {"POST /api/join-code HTTP/1.1", HOST, JSON, "Authorization: Bearer " + operator};
        return List.of(new Refused("a call with more than it takes", false, 413, known),
            new Refused("the same, nobody says how much", true, 413, known),
            new Refused("nobody's call", false, 401, "POST /api/join-code HTTP/1.1", HOST, JSON),
            new Refused("no call", false, 404, "POST /api/nothing HTTP/1.1", HOST, JSON),
            new Refused("another type", false, 415, "POST /api/join-code HTTP/1.1", HOST, "Content-Type: text/plain"),
            new Refused("another name", false, 421, "POST /api/join-code HTTP/1.1", "Host: evil.example", JSON),
            new Refused("a page", false, 405, "POST /agent HTTP/1.1", HOST, JSON));
    }

    @TestFactory
    Stream<DynamicTest> areReadOverHttp() {
        AllRoutes all = serve(Optional.empty());
        return areRead(all, SocketFactory.getDefault());
    }

    @TestFactory
    Stream<DynamicTest> areReadOverHttps() throws Exception {
        ServerKey key = ServerKey.of(new Encryption.SelfSigned(folder.resolve("key")), List.of("localhost"), Instant.now()).orElseThrow();
        SSLContext knowing = SSLContext.getInstance("TLS");
        knowing.init(null, new TrustManager[]{key.fingerprint().trust()}, new SecureRandom());
        return areRead(serve(Optional.of(key)), knowing.getSocketFactory());
    }

    private AllRoutes serve(Optional<ServerKey> key) {
        started.add(new AllRoutes(folder, key));
        return started.get(started.size() - 1);
    }

    private static Stream<DynamicTest> areRead(AllRoutes all, SocketFactory sockets) {
        String operator = all.credentials.shown().get("an operator's token").token().orElseThrow();
        return refused(operator).stream().map(refused -> dynamicTest(refused.name(), () -> {
            try (Socket socket = sockets.createSocket(InetAddress.getLoopbackAddress(), all.server.port())) {
                assertThat(status(socket, refused.head(), refused.isInPieces())).isEqualTo(refused.status());
            }
        }));
    }

    private static int status(Socket socket, String[] head, boolean isInPieces) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write((String.join("\r\n", head) + "\r\n" + (isInPieces ? "Transfer-Encoding: chunked" : "Content-Length: " + SENT) + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
        byte[] piece = new byte[1 << 16];
        for (int sent = 0; sent < SENT; sent += piece.length) {
            out.write(isInPieces ? "10000\r\n".getBytes(StandardCharsets.US_ASCII) : new byte[0]);
            out.write(piece);
            out.write(isInPieces ? "\r\n".getBytes(StandardCharsets.US_ASCII) : new byte[0]);
        }
        out.write(isInPieces ? "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII) : new byte[0]);
        out.flush();
        String first = new BufferedReader(new InputStreamReader(new BufferedInputStream(socket.getInputStream()), StandardCharsets.US_ASCII))
            .readLine();
        return Integer.parseInt(first.split(" ")[1]);
    }

    /** Many a client sends no further then. */
    @Test
    void anAnswerComesWhileMuchIsStillToBeSent() throws Exception {
        AllRoutes all = serve(Optional.empty());
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), all.server.port())) {
            socket.getOutputStream().write(("POST /api/join-code HTTP/1.1\r\n" + HOST + "\r\n" + JSON + "\r\nContent-Length: " + SENT + "\r\n\r\n{")
                .getBytes(StandardCharsets.US_ASCII));
            assertThat(new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII)).readLine())
                .startsWith("HTTP/1.1 401");
        }
    }

    /** What is packed would have to be unpacked to be counted. */
    @Test
    void whatIsPackedIsRefused() throws Exception {
        AllRoutes all = serve(Optional.empty());
        String operator = all.credentials.shown().get("an operator's token").token().orElseThrow();
        String[] head = {"POST /api/join-code HTTP/1.1", HOST, JSON, "Authorization: Bearer " + operator, "Content-Encoding: gzip",
            "Content-Length: 2", "", "{}"};
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), all.server.port())) {
            socket.getOutputStream().write(String.join("\r\n", head).getBytes(StandardCharsets.US_ASCII));
            BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            assertThat(in.readLine()).startsWith("HTTP/1.1 415");
            while (!in.readLine().isEmpty()) {
                // headers
            }
            char[] line = new char["content encoding: gzip (expected: none)".length()];
            assertThat(in.read(line)).isEqualTo(line.length);
            assertThat(new String(line)).isEqualTo("content encoding: gzip (expected: none)");
        }
    }
}
