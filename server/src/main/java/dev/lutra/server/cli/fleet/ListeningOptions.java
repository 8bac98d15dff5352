package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import dev.lutra.server.tls.Encryption;
import dev.lutra.server.web.WebServer;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** Where pages are served, and how they and the agents' port are encrypted. */
public final class ListeningOptions {

    private static final String LOUD = """
        INSECURE: whoever is on the way to this server reads and changes all that is said to it:
        INSECURE: tokens, models, measurements. --tls in the place of --insecure ends that.
        """;

    @Option(names = "--http", paramLabel = "HOST:PORT", description = "Where the pages for browsers are served.")
    private String http;

    @Option(names = "--tls", description = "Encrypt both ports, with a key and certificate that are made on first use and kept.")
    private boolean tls;

    @Option(names = "--tls-cert", paramLabel = "FILE", description = "Encrypt both ports with this certificate, PEM.")
    private Path certificate;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "Its key, PEM.")
    private Path key;

    @Option(names = "--insecure", description = "Do without encryption where other machines listen and speak, as behind something that adds it.")
    private boolean insecure;

    @Option(names = "--name", paramLabel = "NAME", split = ",", description = "Other names by which this server is reached, comma-separated; the first one stands in links.")
    private List<String> names = List.of();

    /** Whether any of these options was given. */
    public boolean isGiven() {
        return http != null || tls || certificate != null || key != null || insecure || !names.isEmpty();
    }

    /** What was asked for of pages; empty without --http. */
    public Optional<WebServer.Settings> pages() {
        if (http == null && !names.isEmpty()) {
            throw new InputException("--name: changes nothing here (expected: with --http)");
        }
        return Optional.ofNullable(http).map(given -> pages(Endpoint.parse("--http", given)));
    }

    /** What was asked for of pages, by default next to another port. */
    WebServer.Settings pagesNextTo(Endpoint other) {
        int next = other.port() == 0 ? 0 : other.port() + 1;
        return pages(http == null ? new Endpoint(other.host(), next) : Endpoint.parse("--http", http));
    }

    private WebServer.Settings pages(Endpoint endpoint) {
        return new WebServer.Settings(endpoint.host(), endpoint.port(), List.copyOf(names));
    }

    /**
     * What protects both ports.
     *
     * @param command that was given, for what to write instead
     * @param agents where agents are listened to
     * @param pages where pages are served
     * @param folder where a certificate made here is kept
     * @throws InputException when other machines could listen, and that was not asked for
     */
    public Encryption encryption(String command, Endpoint agents, Optional<WebServer.Settings> pages, Path folder) {
        if ((certificate == null) != (key == null)) {
            throw new InputException((key == null ? "--tls-cert" : "--tls-key") + ": alone (expected: --tls-cert and --tls-key)");
        }
        if (tls && certificate != null) {
            throw new InputException("--tls: given with --tls-cert (expected: one of them; that certificate is for both ports)");
        }
        boolean open = Stream.concat(Stream.of(agents.host()), pages.stream().map(WebServer.Settings::host)).anyMatch(host -> !isLoopback(host));
        if (insecure && (tls || certificate != null || !open)) {
            throw new InputException("--insecure: changes nothing here (expected: with an address that other machines reach, without --tls)");
        }
        if (certificate != null) {
            return new Encryption.Certificate(certificate, key);
        }
        if (tls) {
            return new Encryption.SelfSigned(folder);
        }
        if (open && !insecure) {
            String where = isLoopback(agents.host()) ? "--http " + http : "--listen " + agents.shown(agents.port());
            throw new InputException(where + ": other machines reach it, and nothing is encrypted (expected: " + command + " " + where
                + " --tls, which makes a key and certificate; or --insecure)");
        }
        if (insecure) {
            System.err.print(LOUD);
        }
        return new Encryption.None();
    }

    /** What does not exist is nowhere, and told of when it is listened on. */
    private static boolean isLoopback(String host) {
        try {
            return Stream.of(InetAddress.getAllByName(host)).allMatch(InetAddress::isLoopbackAddress);
        } catch (UnknownHostException e) {
            return true;
        }
    }
}
