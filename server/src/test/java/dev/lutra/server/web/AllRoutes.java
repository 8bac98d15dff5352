package dev.lutra.server.web;

import dev.lutra.proto.RunName;
import dev.lutra.proto.RunState;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.Credentials;
import dev.lutra.server.fleet.FleetState;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.operation.Health;
import dev.lutra.server.operation.Metrics;
import dev.lutra.server.schedule.RunCalls;
import dev.lutra.server.schedule.SubmittedRuns;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.tls.ServerKey;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A server with every call that there is, for tests of all of them. */
final class AllRoutes implements AutoCloseable {

    final Path folder;
    final Database database;
    final TaskQueue queue;
    final Credentials credentials;
    final WebServer server;

    AllRoutes(Path folder) {
        this(folder, Optional.empty());
    }

    /** @param key with which connections are encrypted; empty: they are not */
    AllRoutes(Path folder, Optional<ServerKey> key) {
        this.folder = folder;
        database = Database.open(folder.resolve("lutra.db"));
        queue = new TaskQueue(database, Clock.systemUTC(), Duration.ofMinutes(5));
        credentials = Credentials.of(database, queue);
        RunCalls runs = SubmittedRuns.of(database, queue, folder);
        server = WebServer.start(new WebServer.Settings("127.0.0.1", 0, List.of()), key, credentials.access(),
            queue, new ModelStore(folder.resolve("models")), new RunRoutes(runs),
            new ViewRoutes(id -> folder(runs, id)), new ShareRoutes(credentials.access(), id -> folder(runs, id), Clock.systemUTC()),
            new DeviceRoutes(new FleetState(database, queue)),
            new InstallRoutes(credentials.access(), Optional.empty()),
            new OperationRoutes(new Health(database, folder), new Metrics("1.2.3", queue, () -> runs(runs))));
        credentials.access().reachedAt(new Access.Places("127.0.0.1:7411", server.address()));
    }

    private RunFolder folder(RunCalls runs, String id) {
        return new RunFolder(folder.resolve("runs").resolve(runs.get(RunName.newBuilder().setId(id).build()).getId()));
    }

    private static List<RunState> runs(RunCalls runs) {
        return runs.list().getRunsList();
    }

    /** A token of a role that may look. */
    String viewer() {
        return credentials.shown().get("a viewer's token").token().orElseThrow();
    }

    @Override
    public void close() {
        server.close();
        database.close();
    }
}
