package dev.lutra.server.cli.fleet;

import dev.lutra.server.access.ServerFolder;
import dev.lutra.server.access.TokenFile;
import dev.lutra.server.rpc.RemoteFleet;
import java.nio.file.Path;
import picocli.CommandLine.ArgGroup;

/** A server that is named, or the one of this machine, in whose folder its owner finds address and token. */
public final class FleetOptions {

    @ArgGroup(exclusive = false)
    private ServerOptions server;

    /** Connects to it. */
    public RemoteFleet connect() {
        if (server != null) {
            return RemoteFleet.connect(server.address(), server.token());
        }
        ServerFolder folder = new ServerFolder(Path.of(ServerFolder.DEFAULT));
        return RemoteFleet.connect(folder.server(), TokenFile.read(folder.token()));
    }
}
