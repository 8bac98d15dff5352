package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import dev.lutra.proto.connection.CertifiedKey;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.access.ServerFolder;
import dev.lutra.server.access.TokenFile;
import dev.lutra.server.tls.CertificateFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which server, and the right to speak to it. */
public class ServerOptions {

    @Option(names = "--server", required = true, paramLabel = "HOST:PORT[#KEY]|DIR", description = "A server that 'lutra serve' runs, with its key where it prints one; or, on its own machine, its folder.")
    private String address;

    @Option(names = "--token", paramLabel = "T", description = "Its token (or LUTRA_TOKEN, or --token-file).")
    private String token;

    @Option(names = "--token-file", paramLabel = "FILE", description = "File that holds the token.")
    private Path tokenFile;

    @Option(names = "--client-cert", paramLabel = "FILE", description = "A certificate to show to a server that asks for one (serve --client-ca), PEM.")
    private Path clientCertificate;

    @Option(names = "--client-key", paramLabel = "FILE", description = "Its key, PEM.")
    private Path clientKey;

    public ServerAddress address() {
        if ((clientCertificate == null) != (clientKey == null)) {
            throw new InputException((clientKey == null ? "--client-cert" : "--client-key") + ": alone (expected: --client-cert and --client-key)");
        }
        ServerAddress known = folder().map(ServerFolder::server).orElseGet(this::named);
        if (clientCertificate == null) {
            return known;
        }
        CertifiedKey shown = CertificateFiles.readValid(clientCertificate, clientKey, Instant.now());
        try {
            return known.showing(shown);
        } catch (IllegalArgumentException e) {
            throw new InputException("--client-cert: " + e.getMessage(), e);
        }
    }

    private ServerAddress named() {
        try {
            return ServerAddress.parse(address);
        } catch (IllegalArgumentException e) {
            throw new InputException("--server: " + e.getMessage(), e);
        }
    }

    private Optional<ServerFolder> folder() {
        return Optional.of(Path.of(address)).filter(Files::isDirectory).map(ServerFolder::new);
    }

    public String token() {
        if (token != null && tokenFile != null) {
            throw new InputException("--token: given with --token-file (expected: one of them)");
        }
        if (token != null) {
            return token;
        }
        if (tokenFile != null) {
            return TokenFile.read(tokenFile);
        }
        if (folder().isPresent()) {
            return TokenFile.read(folder().get().token());
        }
        String environment = System.getenv("LUTRA_TOKEN");
        if (environment == null || environment.isBlank()) {
            throw new InputException("--server: no token (expected: --token, --token-file or LUTRA_TOKEN)");
        }
        return environment;
    }
}
