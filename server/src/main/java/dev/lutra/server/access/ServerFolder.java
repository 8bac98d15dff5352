package dev.lutra.server.access;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.tls.KnownClients;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The folder of a server, in which its owner finds it: commands on the same machine need neither its address nor a token.
 *
 * @param root as {@code --data} and {@code --out} name it
 */
public record ServerFolder(Path root) {

    /** Of a server that is not told where. */
    public static final String DEFAULT = "runs/fleet";
    private static final int MOST_BYTES = 1 << 10;

    /** The owner's token. */
    public Path token() {
        return root.resolve("token");
    }

    private Path address() {
        return root.resolve("address");
    }

    /** Notes where this machine reaches the server. */
    public ServerAddress reachedAt(ServerAddress address) {
        AtomicFile.write(address(), address + "\n");
        return address;
    }

    /**
     * Where this machine reaches the server that was started last.
     *
     * @throws InputException when none was
     */
    public ServerAddress server() {
        if (Files.notExists(address())) {
            throw new InputException(root + ": no server was started on it (expected: 'lutra serve --data " + root + "', or --server)");
        }
        ServerAddress noted = noted(InputFile.text(address(), MOST_BYTES));
        return noted.isEncrypted() ? KnownClients.own(root).map(noted::showing).orElse(noted) : noted;
    }

    private ServerAddress noted(String text) {
        try {
            return ServerAddress.parse(text);
        } catch (IllegalArgumentException e) {
            throw InputException.in(address(), e.getMessage());
        }
    }

    /** As commands take it; nothing where that is the default. */
    public String option() {
        return root.toString().equals(DEFAULT) ? "" : " --server " + root;
    }
}
