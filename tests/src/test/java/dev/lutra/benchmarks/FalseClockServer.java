package dev.lutra.benchmarks;

import dev.lutra.server.access.Access;
import dev.lutra.server.access.ServerFolder;
import dev.lutra.server.access.TokenFile;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.rpc.LutraServer;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;

/** What {@code lutra serve} runs for agents, by a {@link FalseClock}. */
final class FalseClockServer {

    private FalseClockServer() {}

    /** {@code PORT FOLDER CLOCK}; says {@code serving}, and ends with its standard input. */
    public static void main(String[] args) throws IOException {
        Path data = Path.of(args[1]);
        Clock clock = FalseClock.of(Path.of(args[2]));
        Database database = Database.open(data.resolve("lutra.db"), System.err::println);
        TaskQueue queue = new TaskQueue(database, clock, TaskQueue.DEFAULT_LEASE);
        Access access = Access.open(database, clock, TokenFile.loadOrCreate(new ServerFolder(data).token()));
        LutraServer.start("127.0.0.1", Integer.parseInt(args[0]), Optional.empty(), access, queue, new ModelStore(data.resolve("models")));
        System.out.println("serving");
        System.in.transferTo(OutputStream.nullOutputStream());
        System.exit(0);
    }
}
