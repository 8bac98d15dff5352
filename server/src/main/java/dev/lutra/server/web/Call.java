package dev.lutra.server.web;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.sun.net.httpserver.HttpExchange;
import dev.lutra.proto.Role;
import dev.lutra.server.access.Caller;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/**
 * A call under way, by a caller who may make it.
 *
 * @param parameters what the route's pattern leaves open, decoded
 */
public record Call(HttpExchange exchange, Caller caller, Map<String, String> parameters) {

    /** Messages as programs like them: every field is there. */
    static final JsonFormat.Printer FULL = JsonFormat.printer().omittingInsignificantWhitespace().alwaysPrintFieldsWithNoPresence();

    private static final int LEAST_PACKED = 4096;

    /** What the route's pattern leaves open under a name. */
    public String parameter(String name) {
        return parameters.get(name);
    }

    /** What stands behind the path as {@code ?name=value}; empty where it does not. */
    public Optional<String> query(String name) {
        String query = exchange.getRequestURI().getRawQuery();
        return Stream.of((query == null ? "" : query).split("&")).map(part -> part.split("=", 2))
            .filter(part -> part.length == 2 && part[0].equals(name)).map(part -> Route.decoded(part[1])).findFirst();
    }

    /**
     * What was sent, as text.
     *
     * @throws Refusal if it is longer than its route takes
     */
    String body() throws IOException {
        boolean isStranger = caller.role() == Role.ANYONE;
        if (isStranger) {
            SlowCallers.begin();
        }
        try (InputStream in = exchange.getRequestBody()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } finally {
            if (isStranger) {
                SlowCallers.end();
            }
        }
    }

    /** Reads what was sent as JSON; protobuf's own mapping, in which fields have either of their names. */
    <B extends Message.Builder> B read(B request) throws IOException {
        try {
            JsonFormat.parser().ignoringUnknownFields().merge(body(), request);
        } catch (InvalidProtocolBufferException e) {
            throw new Refusal(400, "request: " + e.getMessage());
        }
        return request;
    }

    boolean send(int status, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        return true;
    }

    boolean json(String document) throws IOException {
        return send(200, "application/json", document);
    }

    /** Bytes, packed where that is taken. */
    boolean packed(String type, byte[] body) throws IOException {
        boolean isPacked = takesGzip() && body.length > LEAST_PACKED;
        return sendPacked(type, isPacked ? gzip(body) : body, isPacked);
    }

    /** Whether the caller takes what is packed. */
    boolean takesGzip() {
        String accepted = exchange.getRequestHeaders().getFirst("Accept-Encoding");
        return accepted != null && accepted.contains("gzip");
    }

    /** @param isPacked by gzip */
    boolean sendPacked(String type, byte[] sent, boolean isPacked) throws IOException {
        if (isPacked) {
            exchange.getResponseHeaders().set("Content-Encoding", "gzip");
        }
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(200, sent.length);
        exchange.getResponseBody().write(sent);
        return true;
    }

    private static byte[] gzip(byte[] body) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream packed = new GZIPOutputStream(out)) {
            packed.write(body);
        }
        return out.toByteArray();
    }

    boolean send(Path file, String type) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(200, Files.size(file));
        try (OutputStream out = exchange.getResponseBody()) {
            Files.copy(file, out);
        }
        return true;
    }
}
