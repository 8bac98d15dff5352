package dev.lutra.agent;

import dev.lutra.agent.bench.ProcessBench;
import dev.lutra.agent.command.CommandRuntime;
import dev.lutra.agent.command.RuntimesFile;
import dev.lutra.agent.device.DeviceProbe;
import dev.lutra.agent.device.Offers;
import dev.lutra.agent.device.SystemWatch;
import dev.lutra.agent.energy.EnergySources;
import dev.lutra.agent.link.Backoff;
import dev.lutra.agent.link.ClientFiles;
import dev.lutra.agent.link.Identity;
import dev.lutra.agent.link.DeviceKey;
import dev.lutra.agent.link.LeaseKeeper;
import dev.lutra.agent.link.NameTakenException;
import dev.lutra.agent.link.Passport;
import dev.lutra.agent.link.ServerException;
import dev.lutra.agent.link.ServerLink;
import dev.lutra.agent.rounds.Rounds;
import dev.lutra.agent.sentinel.ReferenceLevels;
import dev.lutra.agent.task.InputException;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.Device;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.border.VisibleText;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.proto.log.LogFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine;

/** The agent's command line. Exit status: 0 stopped, 2 something the user can put right (one line says what), 1 anything else. */
@Command(name = "lutra agent", mixinStandardHelpOptions = true, versionProvider = Main.Version.class, sortOptions = false, description = "Times networks on this device for a Lutra server, until stopped.")
public final class Main implements Callable<Integer> {

    private static final String LOGGING = "logback.configurationFile";
    private static final String TOKEN_VARIABLE = "LUTRA_TOKEN";
    /** Whatever gRPC has to say comes back from the call that failed. A field, because the JDK forgets loggers nobody holds. */
    private static final Logger GRPC_LOG = Logger.getLogger("io.grpc");
    /** Token characters that an HTTP header can carry. */
    private static final String TOKEN_FORM = "[\\x21-\\x7e]+";

    private static final Duration FIRST_RETRY = Duration.ofMillis(250);
    /** Short enough that a restarted server has its fleet back before anybody wonders. */
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(15);
    /** The most a server gives out together. The more tasks share a round, the less its process start and sentinel cost each. */
    private static final int MOST_LEASED = 64;
    /** "2", "0,2-3". */
    private static final String CORES_FORM = "\\d{1,4}(-\\d{1,4})?(,\\d{1,4}(-\\d{1,4})?)*";

    /**
     * Room for {@link #MOST_LEASED} networks of 14 MB: tasks that share their rounds also share what the machine does meanwhile, and
     * compare the better. A quarter of the heap where that is less.
     */
    private static final long MODEL_BYTES = Math.min(1L << 30, Runtime.getRuntime().maxMemory() / 4);
    /** A window of runs begins with the command's own start, which no counter tells apart. */
    private static final String NO_ENERGY = "not told: what a command's start takes is not told apart from its runs";
    /** How long a stopping process waits for the run under way, which cannot be interrupted. */
    private static final Duration STOP_GRACE = Duration.ofSeconds(15);

    @Option(names = "--server", required = true, paramLabel = "HOST:PORT[#KEY]", description = "the server's gRPC address, with its key where it prints one")
    private String server;

    @Option(names = "--token", paramLabel = "TOKEN", description = "what 'lutra token create' printed; needed once (default: the environment variable "
        + TOKEN_VARIABLE + ")")
    private String token;

    @Option(names = "--token-file", paramLabel = "FILE", description = "a file that holds the token")
    private Path tokenFile;

    @Option(names = "--client-cert", paramLabel = "FILE", description = "a certificate to show to a server that asks for one, PEM")
    private Path clientCertificate;

    @Option(names = "--client-key", paramLabel = "FILE", description = "its key, PEM")
    private Path clientKey;

    @Option(names = "--device", paramLabel = "NAME", description = "the name experiments use for this device (default: host name)")
    private String device;

    @Option(names = "--numbered", description = "if another agent has that name, be NAME-2, NAME-3, … instead of ending")
    private boolean numbered;

    @Option(names = "--provider", paramLabel = "NAME", split = ",", description = "execution providers to offer, configured runtimes among them, comma-separated (default: all that work on this device)")
    private List<String> providers = List.of();

    @Option(names = "--runtimes", paramLabel = "FILE", description = "runtimes that commands of yours run models in, a YAML file "
        + "(default: $XDG_CONFIG_HOME/lutra/runtimes.yaml or ~/.config/lutra/runtimes.yaml, where there is one)")
    private Path runtimes;

    @Option(names = "--lease", paramLabel = "N", defaultValue = ""
        + MOST_LEASED, description = "tasks to take at a time and to measure side by side, 1 to " + MOST_LEASED
            + " (default: ${DEFAULT-VALUE})")
    private int lease;

    @Option(names = "--pin", paramLabel = "CORES", defaultValue = "", description = "cores that models are confined to, such as 2 or 0,2-3 (default: all)")
    private String pin;

    @Option(names = "--state", paramLabel = "DIR", description = "where to keep what this device measures against "
        + "(default: $XDG_STATE_HOME/lutra/DEVICE or ~/.local/state/lutra/DEVICE)")
    private Path state;

    @Option(names = "--join-timeout", paramLabel = "SECONDS", defaultValue = "30", description = "how long to look for a server that is not there; 0: one try (default: ${DEFAULT-VALUE})")
    private long joinTimeoutSeconds;

    @Option(names = "--log", paramLabel = "FORMAT", defaultValue = LogFormat.DEFAULT, description = "text: lines for people; json: a JSON object a line, with experiment and task (default: ${DEFAULT-VALUE}); on standard error")
    private String log;

    @Option(names = "--join-only", description = "have the server know this device's key, and end: from then on no token is needed")
    private boolean joinOnly;

    @Option(names = "--exit-with-parent", description = "stop when standard input ends")
    private boolean exitWithParent;

    /** What makes this process end by itself, as far as it has come. */
    private final AtomicReference<Runnable> stop = new AtomicReference<>();
    private volatile boolean stopping;

    public static void main(String[] args) {
        if (System.getProperty(LOGGING) == null) {
            System.setProperty(LOGGING, "logback-agent.xml");
        }
        GRPC_LOG.setLevel(Level.OFF);
        System.exit(execute(commandLine(), args));
    }

    /** Errors, which the command line's library lets through, are one line, too: memory may run out on a small board. */
    private static int execute(CommandLine command, String[] args) {
        try {
            return command.execute(args);
        } catch (Error e) {
            LoggerFactory.getLogger(Main.class).debug("failed", e);
            return fail(command, "agent: " + TaskFailure.oneLine(e.toString())
                + (e instanceof OutOfMemoryError ? " (expected: a larger Java heap, as by LUTRA_JAVA_OPTS=-Xmx512m)" : ""),
                CommandLine.ExitCode.SOFTWARE);
        }
    }

    /** The command, for a launcher that has it as a subcommand. Errors are one line on standard error. */
    public static CommandLine commandLine() {
        return new CommandLine(new Main())
            .setParameterExceptionHandler((e, args) -> fail(e.getCommandLine(), e.getMessage(), CommandLine.ExitCode.USAGE))
            .setExecutionExceptionHandler((e, command, parsed) -> {
                if (e instanceof InputException) {
                    return fail(command, e.getMessage(), CommandLine.ExitCode.USAGE);
                }
                LoggerFactory.getLogger(Main.class).debug("failed", e);
                return fail(command, "agent: " + TaskFailure.oneLine(e.toString()), CommandLine.ExitCode.SOFTWARE);
            });
    }

    private static int fail(CommandLine command, String line, int status) {
        command.getErr().println(VisibleText.of(line));
        command.getErr().flush();
        return status;
    }

    @Override
    public Integer call() {
        logFormat().begin();
        ServerAddress address = address();
        Optional<String> secret = readToken();
        expect(lease >= 1 && lease <= MOST_LEASED, "--lease: " + lease + " (expected: 1 to " + MOST_LEASED + ")");
        List<Integer> cores = cores(pin);
        expect(joinTimeoutSeconds >= 0, "--join-timeout: " + joinTimeoutSeconds + " (expected: 0 or more seconds)");
        DeviceProbe probe = new DeviceProbe();
        String name = device == null ? probe.hostName() : device;
        expect(!name.isBlank(), "--device: empty (expected: a name)");
        Path folder = state == null ? defaultState(name) : state;
        ReferenceLevels levels = new ReferenceLevels(folder);
        Identity identity = new Identity(folder);
        expect(secret.isPresent() || DeviceKey.find(folder, address, name).isPresent(),
            "--token: missing, and no key of before (expected: --token TOKEN,"
                + " --token-file FILE or the environment variable " + TOKEN_VARIABLE + ", as 'lutra token create' prints it)");
        if (joinOnly) {
            DeviceKey key = key(folder, address, name);
            expect(key.keep(), folder + ": the device's key cannot be kept there (expected: a folder that this"
                + " user may write to, as --state names it)");
            introduce(address, new Passport(name, key, secret));
            return CommandLine.ExitCode.OK;
        }
        List<CommandRuntime> configured = configured();
        CountDownLatch closed = new CountDownLatch(1);
        stopWhenTold(closed);
        try (ProcessBench bench = new ProcessBench(cores);
            Offers offers = Offers.find(providers, bench, configured, cores);
            ServerLink link = new ServerLink(address)) {
            String memory = probe.memory(bench);
            SystemWatch system = new SystemWatch();
            double quota = system.cpuQuota();
            if (quota > 0) {
                LoggerFactory.getLogger(Main.class).info("this container may take {} cores of CPU time: a model that takes more is stopped now and"
                    + " then, which its latencies hold", quota);
            }
            EnergySources energy = EnergySources.find(Path.of("/sys"), "nvidia-smi", System.getenv(), System::nanoTime);
            JoinRequest.Builder self = JoinRequest.newBuilder().setAgentVersion(version()).addAllRuntimes(offers.runtimes())
                .setMachine(identity.machine()).setProcess(identity.process());
            serve(link, identity, name, candidate -> {
                link.show(new Passport(candidate, key(folder, address, candidate), secret));
                Device.Builder described = probe.describe(candidate).toBuilder().setProtection(offers.protection())
                    .setMemoryOfModels(memory).setCpuQuota(quota);
                offers.providers().forEach(provider -> described.putEnergyOfModels(provider,
                    offers.isCommand(provider) ? NO_ENERGY : energy.described(provider)));
                Rounds rounds = new Rounds(offers.bench(), levels, System::nanoTime, TimeUnit.NANOSECONDS::sleep, Clock.systemUTC(),
                    new Random(), system, version(),
                    (provider, options) -> offers.isCommand(provider) ? Optional.empty() : energy.open(provider, options));
                JoinRequest joining = self.setDevice(described).build();
                return new AgentLoop(link, () -> joining.toBuilder().setPowerMode(system.powerMode()).build(), rounds, lease, MODEL_BYTES,
                    () -> new Backoff(FIRST_RETRY, LONGEST_RETRY, new Random()), LeaseKeeper::timer);
            });
        } catch (InterruptedException | RuntimeException e) {
            // Whatever an interrupt breaks on the way, in files say, is not what went wrong.
            if (!stopping && e instanceof RuntimeException unforeseen) {
                throw unforeseen;
            }
            LoggerFactory.getLogger(Main.class).debug("stopped", e);
        } finally {
            closed.countDown();
        }
        return CommandLine.ExitCode.OK;
    }

    private static DeviceKey key(Path folder, ServerAddress address, String name) {
        return DeviceKey.find(folder, address, name).orElseGet(() -> DeviceKey.make(folder, address, name));
    }

    private static void introduce(ServerAddress address, Passport passport) {
        try (ServerLink link = new ServerLink(address)) {
            link.show(passport);
            link.introduce();
        } catch (ServerException e) {
            throw new InputException(address.shown() + ": " + e.getMessage());
        }
    }

    /** Under the first name that nobody has: the given one or, if asked for, that with a number. */
    private void serve(ServerLink link, Identity identity, String name, Function<String, AgentLoop> loops) {
        for (int number = 1; !stopping; number++) {
            String candidate = number == 1 ? name : name + "-" + number;
            Optional<Identity.Claim> claimed = identity.claim(link.address(), candidate);
            try (Identity.Claim claim = claimed.orElseThrow(() -> new NameTakenException(
                link.address().shown() + ": device " + candidate + ": another agent of this machine has joined under this name"))) {
                AgentLoop loop = loops.apply(candidate);
                stop.set(loop::stop);
                loop.run(Duration.ofSeconds(joinTimeoutSeconds));
                return;
            } catch (NameTakenException e) {
                if (!numbered) {
                    throw new InputException(e.getMessage() + "; --device gives another name, --numbered the next that is free");
                }
            }
        }
    }

    /** A process that is told to stop ends only when its children have, and nothing of them is left. */
    private void stopWhenTold(CountDownLatch closed) {
        Thread starting = Thread.currentThread();
        stop.set(() -> {
            stopping = true;
            starting.interrupt();
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stop.get().run();
            awaitQuietly(closed);
        }, "shutdown"));
        if (exitWithParent) {
            Thread watch = new Thread(() -> {
                drain(System.in);
                stop.get().run();
            }, "parent-watch");
            watch.setDaemon(true);
            watch.start();
        }
    }

    private static List<Integer> cores(String text) {
        if (text.isEmpty()) {
            return List.of();
        }
        String expected = "--pin: " + text + " (expected: core numbers such as 2 or 0,2-3)";
        expect(text.matches(CORES_FORM), expected);
        List<Integer> cores = new ArrayList<>();
        for (String range : text.split(",")) {
            String[] ends = range.split("-");
            int first = Integer.parseInt(ends[0]);
            int last = Integer.parseInt(ends[ends.length - 1]);
            expect(first <= last, expected);
            IntStream.rangeClosed(first, last).forEach(cores::add);
        }
        return cores.stream().distinct().toList();
    }

    /** A folder of this user and device, by the XDG base directories. */
    private static Path defaultState(String device) {
        return base("XDG_STATE_HOME", Path.of(".local", "state"))
            .resolve(URLEncoder.encode(device, StandardCharsets.UTF_8).replaceFirst("^\\.", "%2E"));
    }

    /** By the XDG base directories, unless another file is named. */
    private List<CommandRuntime> configured() {
        if (runtimes != null) {
            return RuntimesFile.read(runtimes);
        }
        Path usual = base("XDG_CONFIG_HOME", Path.of(".config")).resolve("runtimes.yaml");
        return Files.exists(usual) ? RuntimesFile.read(usual) : List.of();
    }

    /** Lutra's folder of a kind. */
    private static Path base(String variable, Path usual) {
        String home = System.getenv(variable);
        Path base = home == null || home.isBlank() ? Path.of(System.getProperty("user.home")).resolve(usual) : Path.of(home);
        return base.resolve("lutra");
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await(STOP_GRACE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns when the stream ends; a broken one has ended too. */
    private static void drain(InputStream stream) {
        try {
            stream.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            LoggerFactory.getLogger(Main.class).debug("standard input", e);
        }
    }

    private ServerAddress address() {
        expect((clientCertificate == null) == (clientKey == null),
            (clientKey == null ? "--client-cert" : "--client-key") + ": alone (expected: --client-cert and --client-key)");
        String option = "--server: ";
        try {
            ServerAddress named = ServerAddress.parse(server);
            option = "--client-cert: ";
            return clientCertificate == null ? named : named.showing(ClientFiles.certificate(clientCertificate, clientKey, Instant.now()));
        } catch (IllegalArgumentException e) {
            throw new InputException(option + e.getMessage());
        }
    }

    private Optional<String> readToken() {
        String source = token != null ? "--token" : tokenFile != null ? "--token-file: " + tokenFile : TOKEN_VARIABLE;
        Optional<String> found = Optional.ofNullable(token != null ? token : tokenFile != null ? readTokenFile() : System.getenv(TOKEN_VARIABLE));
        found.ifPresent(text -> expect(text.matches(TOKEN_FORM),
            source + ": not a token (expected: printable ASCII without spaces, not empty)"));
        return found;
    }

    private String readTokenFile() {
        try {
            return ClientFiles.text(tokenFile, "the token");
        } catch (InputException e) {
            throw new InputException("--token-file: " + e.getMessage());
        }
    }

    private LogFormat logFormat() {
        try {
            return LogFormat.of(log);
        } catch (IllegalArgumentException e) {
            throw new InputException("--log: " + e.getMessage());
        }
    }

    private static void expect(boolean holds, String line) {
        if (!holds) {
            throw new InputException(line);
        }
    }

    private static String version() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[]{"lutra agent " + version()};
        }
    }
}
