package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server that lets in only those whose certificate somebody vouches for, with a certificate of its owner's, on both of its ports. */
class ClientCertificateTest {

    private static final String PASSWORD = "of-a-test";
    /** Where the connection ends before its last words are read, nobody knows, and this is what may be. */
    private static final String ASKS = "the server asks for a certificate";

    @TempDir
    static Path folder;
    private static Authority known;
    private static Authority unknown;
    private static LutraProcess server;
    private static String address;
    private static String pages;

    @BeforeAll
    static void serve() throws IOException {
        known = new Authority(folder, "known");
        known.vouchFor("server", "-ext", "san=dns:localhost,ip:127.0.0.1", "-ext", "eku=serverAuth");
        known.vouchFor("client", "-ext", "eku=clientAuth");
        known.vouchFor("ended", "-startdate", "-10d", "-validity", "5");
        unknown = new Authority(folder, "unknown");
        unknown.vouchFor("client", "-ext", "eku=clientAuth");
        server = LutraProcess.start(folder, "serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", "fleet", "--tls-cert",
            known.certificate("server").toString(), "--tls-key", known.key("server").toString(), "--client-ca",
            known.certificate().toString());
        assertThat(server.awaitLine(line -> line.equals("callers show a certificate by CN=known"), Duration.ofMinutes(5)))
            .as("%s", server.errors()).isTrue();
        address = Files.readString(folder.resolve("fleet/address")).strip();
        pages = server.errors().stream().filter(line -> line.startsWith("pages on ")).findFirst().orElseThrow().replace("pages on ", "");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static LutraProcess.Result ask(Path certificate, Path key) {
        return LutraCall.run("devices", "list", "--server", address, "--token-file", folder.resolve("fleet/token").toString(),
            "--client-cert", certificate.toString(), "--client-key", key.toString());
    }

    private static void refused(LutraProcess.Result result, String... parts) {
        assertThat(result.code()).as("%s", result.errors()).isEqualTo(2);
        assertThat(result.errors()).hasSize(1);
        assertThat(result.message()).contains(parts);
    }

    @Test
    void whoIsVouchedForIsLetIn() {
        LutraProcess.Result asked = ask(known.certificate("client"), known.key("client"));
        assertThat(asked.code()).as("%s", asked.errors()).isZero();
        assertThat(asked.output()).startsWith("device");
    }

    /** A certificate lets in; what may be done there is a matter of tokens, as ever. */
    @Test
    void aCertificateIsNoToken() {
        refused(LutraCall.run("devices", "list", "--server", address, "--token", "a-token-that-nobody-made", "--client-cert",
            known.certificate("client").toString(), "--client-key", known.key("client").toString()), "token");
    }

    @Test
    void commandsOnItsOwnMachineNeedNothing() {
        LutraProcess.Result asked = LutraCall.run("devices", "list", "--server", folder.resolve("fleet").toString());
        assertThat(asked.code()).as("%s", asked.errors()).isZero();
    }

    @Test
    void withoutACertificateNobodyIs() {
        refused(LutraCall.run("devices", "list", "--server", address, "--token-file", folder.resolve("fleet/token").toString()),
            "cannot be reached", "--client-cert and --client-key", ASKS);
    }

    @Test
    void aCertificateByAnotherIsRefused() {
        refused(ask(unknown.certificate("client"), unknown.key("client")), "cannot be reached",
            "the server's --client-ca", "that of CN=client");
    }

    /** Nor one that the same authority has made for servers. */
    @Test
    void aCertificateForServersIsRefused() {
        refused(ask(known.certificate("server"), known.key("server")), "that of CN=server");
    }

    @Test
    void aCertificateThatHasEndedIsTold() {
        Path certificate = known.certificate("ended");
        refused(ask(certificate, known.key("ended")), "lutra: " + certificate + ": the certificate ended on ",
            "(expected: one that is valid now)");
    }

    @Test
    void theKeyOfAnotherIsTold() {
        Path key = known.key("server");
        refused(ask(known.certificate("client"), key), "lutra: " + key + ": cannot be used as the certificate's key");
    }

    /** With Java's own client: as a browser would. */
    @Test
    void pagesAreForThemAlone() throws Exception {
        assertThat(status(known, "client")).isEqualTo(200);
        for (String alias : List.of("ended", "server", "nobody")) {
            assertThatThrownBy(() -> status(known, alias)).as(alias).isInstanceOf(IOException.class);
        }
        assertThatThrownBy(() -> status(unknown, "client")).isInstanceOf(IOException.class);
    }

    private static int status(Authority authority, String alias) throws Exception {
        KeyStore all = authority.load();
        KeyStore shown = KeyStore.getInstance("PKCS12");
        shown.load(null, null);
        if (all.isKeyEntry(alias)) {
            shown.setKeyEntry(alias, all.getKey(alias, PASSWORD.toCharArray()), PASSWORD.toCharArray(),
                new Certificate[]{all.getCertificate(alias)});
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(shown, PASSWORD.toCharArray());
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("ca", known.load().getCertificate("ca"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        HttpRequest request = HttpRequest.newBuilder(URI.create(pages + "/")).timeout(Duration.ofMinutes(1)).build();
        return HttpClient.newBuilder().sslContext(context).build().send(request, BodyHandlers.discarding()).statusCode();
    }

    @Test
    void agentsJoinWithOne() {
        String token = folder.resolve("fleet/token").toString();
        List<String> join = List.of("agent", "--server", address, "--token-file", token, "--device", "box", "--provider", "cpu");
        LutraProcess.Result refused = LutraProcess.run(folder, with(join, "--join-timeout", "0"));
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.message()).contains("--client-cert and --client-key", ASKS);
        try (LutraProcess agent = LutraProcess.start(folder, with(join, "--client-cert", known.certificate("client").toString(),
            "--client-key", known.key("client").toString()))) {
            assertThat(agent.awaitLine(line -> line.contains("joined"), Duration.ofMinutes(1))).as("%s", agent.errors()).isTrue();
        }
    }

    private static String[] with(List<String> arguments, String... more) {
        List<String> all = new ArrayList<>(arguments);
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "serve --client-ca ca.pem | --client-ca: nothing is encrypted (expected: with --tls, or --tls-cert and --tls-key)",
        "devices list --server localhost:1 --token t --client-cert c.pem | --client-cert: alone (expected: --client-cert and --client-key)"})
    void wrongOptionsAreTold(String arguments, String line) {
        refused(LutraCall.run(arguments.split(" ")), line);
    }

    @Test
    void aFileThatVouchesForNobodyIsTold() {
        Path leaf = known.certificate("client");
        refused(LutraProcess.run(folder, "serve", "--listen", "127.0.0.1:0", "--data", "other", "--tls", "--client-ca", leaf.toString()),
            "lutra: " + leaf + ": CN=client may not vouch for others (expected: certificates of a CA");
    }
}
