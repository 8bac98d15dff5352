package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import dev.lutra.proto.Role;
import dev.lutra.proto.connection.KeyFingerprint;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.ServerFolder;
import dev.lutra.server.access.TokenFile;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.LogOption;
import dev.lutra.server.cli.output.Version;
import dev.lutra.server.fleet.FleetState;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.install.AgentFiles;
import dev.lutra.server.install.InstallScript;
import dev.lutra.server.operation.Health;
import dev.lutra.server.operation.Metrics;
import dev.lutra.server.rpc.LutraServer;
import dev.lutra.server.rpc.RunService;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.schedule.RunCalls;
import dev.lutra.server.schedule.RunStore;
import dev.lutra.server.schedule.Scheduler;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.LeftBehind;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.store.Patience;
import dev.lutra.server.tls.Encryption;
import dev.lutra.server.tls.KnownClients;
import dev.lutra.server.tls.OwnAddress;
import dev.lutra.server.tls.ServerKey;
import dev.lutra.server.web.InstallRoutes;
import dev.lutra.server.web.OperationRoutes;
import dev.lutra.server.web.DeviceRoutes;
import dev.lutra.server.web.RunRoutes;
import dev.lutra.server.web.ShareRoutes;
import dev.lutra.server.web.ViewRoutes;
import dev.lutra.server.web.WebServer;
import java.io.Console;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "serve", mixinStandardHelpOptions = true, description = "Runs a server that agents join and experiments measure on, until it is stopped.")
public final class ServeCommand implements Runnable {

    @Option(names = "--listen", paramLabel = "HOST:PORT", defaultValue = "127.0.0.1:7411", description = "Where to listen (default: ${DEFAULT-VALUE}, which only this machine reaches; 0.0.0.0:7411 is every interface, with --tls).")
    private String listen;

    @Option(names = "--data", paramLabel = "DIR", defaultValue = "runs/fleet", description = "Where the queue, the models, the key and the owner's token are kept (default: ${DEFAULT-VALUE}).")
    private Path data;

    @Option(names = "--client-ca", paramLabel = "FILE", description = "Let in only those who show a certificate that this one vouches for, PEM; for both ports, with --tls or --tls-cert.")
    private Path clientAuthority;

    @Mixin
    private ListeningOptions listening;

    @Mixin
    private LogOption log;

    @Mixin
    private SubmissionOptions submissions;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        log.apply();
        Endpoint endpoint = Endpoint.parse("--listen", listen);
        WebServer.Settings pages = listening.pagesNextTo(endpoint);
        Encryption encryption = listening.encryption("lutra serve", endpoint, Optional.of(pages), data);
        if (clientAuthority != null && encryption instanceof Encryption.None) {
            throw new InputException("--client-ca: nothing is encrypted (expected: with --tls, or --tls-cert and --tls-key)");
        }
        ServerFolder folder = new ServerFolder(data);
        Patience patience = new Patience(log::say);
        String owner = patience.waitOut(() -> TokenFile.loadOrCreate(folder.token()));
        CountDownLatch stopped = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        try (RunFolder.Lock alone = patience.waitOut(() -> new RunFolder(data).lock()); Database database = open(log::say)) {
            TaskQueue queue = new TaskQueue(database, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE);
            ModelStore models = patience.waitOut(() -> new ModelStore(data.resolve("models"), database.patience()));
            Access access = Access.open(database, Clock.systemUTC(), owner);
            InetAddress where = new InetSocketAddress(endpoint.host(), endpoint.port()).getAddress();
            Optional<ServerKey> key = key(encryption, names(where, pages));
            RunStore rows = new RunStore(database, Clock.systemUTC());
            Scheduler scheduler = new Scheduler(rows, queue, data, submissions.allowance(), submissions.limits(), Clock.systemUTC());
            RunCalls runs = new RunCalls(rows, scheduler);
            try (LutraServer server = LutraServer.start(endpoint.host(), endpoint.port(), key, access, queue, models, new RunService(runs));
                WebServer web = WebServer.start(pages, key, access, queue, models, new RunRoutes(runs),
                    new ViewRoutes(runs::folder), new ShareRoutes(access, runs::folder, Clock.systemUTC()),
                    new DeviceRoutes(new FleetState(database, queue)),
                    new InstallRoutes(access, AgentFiles.besideThisProgram(data.resolve("agent"))),
                    new OperationRoutes(new Health(database, data), new Metrics(Version.text(), queue, () -> runs.list().getRunsList())))) {
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    stopped.countDown();
                    awaitQuietly(closed);
                }));
                Optional<KeyFingerprint> fingerprint = key.map(ServerKey::fingerprint);
                ServerAddress fromHere = new ServerAddress(OwnAddress.fromHere(where), server.port(), fingerprint, fingerprint.isEmpty());
                patience.waitOut(() -> folder.reachedAt(fromHere));
                String name = pages.names().stream().findFirst().orElse(OwnAddress.inUrl(where));
                access.reachedAt(new Access.Places(new ServerAddress(name, server.port(), fingerprint, fingerprint.isEmpty()).toString(),
                    web.address()));
                tell(endpoint.shown(server.port()), folder, access, web);
                key.flatMap(ServerKey::clients).ifPresent(known -> log.say("callers show a certificate by " + known.authorities()));
                scheduler.start();
                awaitQuietly(stopped);
                scheduler.close(); // first, as runs say to the server what they are at
                web.close();
                server.close();
            }
        } finally {
            closed.countDown(); // the database, too
        }
    }

    private Database open(Consumer<String> say) {
        Path file = data.resolve("lutra.db");
        LeftBehind.in(file, data.resolve("models")).forEach(say);
        return Database.open(file, say);
    }

    private Optional<ServerKey> key(Encryption encryption, List<String> names) {
        if (clientAuthority == null) {
            return ServerKey.of(encryption, names, Instant.now());
        }
        KnownClients clients = KnownClients.of(clientAuthority, data, Instant.now());
        return ServerKey.of(encryption, names, Instant.now()).map(own -> own.admitting(clients));
    }

    private static List<String> names(InetAddress where, WebServer.Settings pages) {
        return Stream.concat(OwnAddress.all(where).stream(), pages.names().stream()).distinct().toList();
    }

    /** Tokens are shown to a person or to a program that asked, and get into no log. */
    private void tell(String address, ServerFolder folder, Access access, WebServer web) {
        Access.Places places = access.places();
        log.say("serving on " + address + ", the owner's token in " + folder.token());
        log.say("pages on " + web.address());
        log.say("agents reach it as " + places.agents());
        log.say("a device joins by what 'lutra token create" + folder.option() + "' prints");
        if (json.isWanted()) {
            System.out.println(Json.line(Map.of("address", address, "server", places.agents(), "token_file", folder.token().toString(),
                "join_link", web.joinLink())));
        }
        if (canShowCodes()) {
            String link = web.joinLink();
            System.err.print(WebServer.code(link));
            System.err.println("a phone or any browser joins at " + link + ", once, within an hour");
            System.err.println("another machine joins by, once, within an hour: " + InstallScript.line(places.agents(), places.pages(),
                access.tokens().create(Role.JOINING, Duration.ZERO, "").token(), ""));
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
