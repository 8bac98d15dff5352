package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import dev.lutra.server.web.Encryption;
import dev.lutra.server.web.WebServer;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Where and how pages are served. */
public final class PageOptions {

    @Option(names = "--http", paramLabel = "HOST:PORT", description = "Where the pages for browsers are served, over https unless HOST is this machine alone (localhost).")
    private String http;

    @Option(names = "--tls-cert", paramLabel = "FILE", description = "Certificate of the pages, PEM (default: one made here).")
    private Path certificate;

    @Option(names = "--tls-key", paramLabel = "FILE", description = "Its key, PEM.")
    private Path key;

    @Option(names = "--no-tls", description = "Plain http, for use behind something that adds https.")
    private boolean plain;

    /**
     * What was asked for; empty without --http.
     *
     * @param folder where a certificate made here is kept
     */
    public Optional<WebServer.Settings> settings(Path folder) {
        if (http == null) {
            requireUnused("--tls-cert", certificate != null);
            requireUnused("--tls-key", key != null);
            requireUnused("--no-tls", plain);
        }
        return Optional.ofNullable(http).map(given -> settings(Endpoint.parse("--http", given), folder));
    }

    private static void requireUnused(String option, boolean given) {
        if (given) {
            throw new InputException(option + ": changes nothing here (expected: with --http)");
        }
    }

    /** What was asked for, by default next to another port. */
    public WebServer.Settings settingsNextTo(Endpoint other, Path folder) {
        int next = other.port() == 0 ? 0 : other.port() + 1;
        return settings(http == null ? new Endpoint(other.host(), next) : Endpoint.parse("--http", http), folder);
    }

    private WebServer.Settings settings(Endpoint endpoint, Path folder) {
        return new WebServer.Settings(endpoint.host(), endpoint.port(), encryption(endpoint.host(), folder));
    }

    private Encryption encryption(String host, Path folder) {
        if ((certificate == null) != (key == null)) {
            throw new InputException((key == null ? "--tls-cert" : "--tls-key") + ": alone (expected: --tls-cert and --tls-key)");
        }
        if (certificate != null) {
            return new Encryption.Certificate(certificate, key);
        }
        boolean local = host.equals("localhost") || host.startsWith("127.") || host.equals("::1");
        return plain || local ? new Encryption.None() : new Encryption.SelfSigned(folder);
    }
}
