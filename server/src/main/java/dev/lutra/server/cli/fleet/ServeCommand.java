package dev.lutra.server.cli.fleet;

import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.rpc.LutraServer;
import dev.lutra.server.rpc.Tokens;
import dev.lutra.server.run.RunFolder;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.web.WebServer;
import java.io.Console;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "serve", mixinStandardHelpOptions = true, description = "Runs a server that agents join and experiments measure on, until it is stopped.")
public final class ServeCommand implements Runnable {

    @Option(names = "--listen", paramLabel = "HOST:PORT", defaultValue = "127.0.0.1:7411", description = "Where to listen (default: ${DEFAULT-VALUE}, which only this machine reaches; 0.0.0.0:7411 is every interface, unencrypted).")
    private String listen;

    @Option(names = "--data", paramLabel = "DIR", defaultValue = "runs/fleet", description = "Where the queue, the models and the token are kept (default: ${DEFAULT-VALUE}).")
    private Path data;

    @Mixin
    private PageOptions pages;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        Endpoint endpoint = Endpoint.parse("--listen", listen);
        WebServer.Settings pagesThere = pages.settingsNextTo(endpoint, data);
        Path tokenFile = data.resolve("token");
        String token = Tokens.loadOrCreate(tokenFile);
        CountDownLatch stopped = new CountDownLatch(1);
        try (RunFolder.Lock alone = new RunFolder(data).lock(); Database database = Database.open(data.resolve("lutra.db"), System.err::println)) {
            TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE);
            ModelStore models = new ModelStore(data.resolve("models"));
            try (LutraServer server = LutraServer.start(endpoint.host(), endpoint.port(), token, queue, models);
                WebServer web = WebServer.start(pagesThere, token, new AgentCalls(queue, models))) {
                CountDownLatch closed = new CountDownLatch(1);
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    stopped.countDown();
                    awaitQuietly(closed);
                }));
                System.err.println("serving on " + endpoint.shown(server.port()) + ", token in " + tokenFile);
                System.err.println("a device joins with: lutra agent --server <this host>:" + server.port()
                    + " --token-file " + tokenFile);
                if (json.isWanted()) {
                    System.out.println(Json.line(Map.of("address", endpoint.shown(server.port()), "token_file", tokenFile.toString(),
                        "join_link", web.joinLink())));
                }
                if (canShowCodes()) {
                    System.err.print(web.joinCode());
                }
                System.err.println("a phone or any browser joins at " + web.joinLink());
                awaitQuietly(stopped);
                web.close();
                server.close();
                closed.countDown();
            }
        }
    }

    /** Only a person at a terminal has use for it, and only some terminals have its characters. */
    private static boolean canShowCodes() {
        Console console = System.console();
        return console != null && console.charset().newEncoder().canEncode(WebServer.CODE_CHARACTERS);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
