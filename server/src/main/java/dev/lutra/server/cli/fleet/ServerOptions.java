package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import dev.lutra.server.device.RemoteServer;
import dev.lutra.server.rpc.Tokens;
import dev.lutra.server.run.FleetAccess;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which server, and the right to speak to it. */
public final class ServerOptions {

    @Option(names = "--server", required = true, paramLabel = "HOST:PORT", description = "A server that 'lutra serve' runs.")
    private String address;

    @Option(names = "--token", paramLabel = "T", description = "Its token (or LUTRA_TOKEN, or --token-file).")
    private String token;

    @Option(names = "--token-file", paramLabel = "FILE", description = "File that holds the token.")
    private Path tokenFile;

    public String address() {
        return address;
    }

    /** The devices that have joined it. */
    public FleetAccess devices() {
        return new RemoteServer(address, token());
    }

    public String token() {
        if (token != null && tokenFile != null) {
            throw new InputException("--token: given with --token-file (expected: one of them)");
        }
        if (token != null) {
            return token;
        }
        if (tokenFile != null) {
            return Tokens.read(tokenFile);
        }
        String environment = System.getenv("LUTRA_TOKEN");
        if (environment == null || environment.isBlank()) {
            throw new InputException("--server: no token (expected: --token, --token-file or LUTRA_TOKEN)");
        }
        return environment;
    }
}
