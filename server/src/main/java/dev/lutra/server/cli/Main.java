package dev.lutra.server.cli;

import dev.lutra.InputException;
import dev.lutra.Names;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.server.cli.fleet.AgentsCommand;
import dev.lutra.server.cli.fleet.BackupCommand;
import dev.lutra.server.cli.fleet.DevicesCommand;
import dev.lutra.server.cli.fleet.GcCommand;
import dev.lutra.server.cli.fleet.LoadCommand;
import dev.lutra.server.cli.fleet.RestoreCommand;
import dev.lutra.server.cli.fleet.ServeCommand;
import dev.lutra.server.cli.fleet.TasksCommand;
import dev.lutra.server.cli.fleet.TokenCommand;
import dev.lutra.server.cli.output.Version;
import dev.lutra.server.cli.recipe.InitCommand;
import dev.lutra.server.cli.recipe.RecipesCommand;
import dev.lutra.server.cli.run.CompareCommand;
import dev.lutra.server.cli.run.DemoCommand;
import dev.lutra.server.cli.run.PickCommand;
import dev.lutra.server.cli.run.PlanCommand;
import dev.lutra.server.cli.run.PrepareCommand;
import dev.lutra.server.cli.run.RankCommand;
import dev.lutra.server.cli.run.RetrainCommand;
import dev.lutra.server.cli.run.RunCommand;
import dev.lutra.server.cli.run.ServersRunCommand;
import dev.lutra.server.cli.run.StageCommands;
import dev.lutra.server.cli.run.TestCommand;
import dev.lutra.server.cli.run.VerifyCommand;
import dev.lutra.server.cli.space.DescribeCommand;
import dev.lutra.server.cli.space.ExportArchCommand;
import dev.lutra.server.cli.space.ImportWeightsCommand;
import dev.lutra.server.cli.space.SpacesCommand;
import dev.lutra.server.cli.submit.GetCommand;
import dev.lutra.server.cli.submit.RemoveCommand;
import dev.lutra.server.cli.submit.RunOrders;
import dev.lutra.server.cli.submit.RunsCommand;
import dev.lutra.server.cli.submit.SubmitCommand;
import dev.lutra.server.cli.submit.WatchCommand;
import dev.lutra.server.cli.table.CalibrateCommand;
import dev.lutra.server.cli.table.LutCommand;
import dev.lutra.server.cli.table.PredictCommand;
import dev.lutra.server.cluster.ClusterException;
import dev.lutra.server.fleet.DeviceException;
import dev.lutra.server.fleet.ServerException;
import dev.lutra.server.store.StorageException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/**
 * Entry point of the command line. Exit codes: 0 success, 2 wrong usage or input (one line on stderr), 1 failure.
 */
@Command(name = "lutra", mixinStandardHelpOptions = true, versionProvider = Version.class, description = "Finds the most accurate network that meets a latency target on your device.", synopsisSubcommandLabel = "COMMAND", footer = {
    "", "lutra agent --help describes the profiling agent, which runs on the target device."})
public final class Main {

    private static final int FAILURE = 1;
    private static final int BAD_INPUT = 2;

    private static final List<Class<?>> COMMANDS = List.of(
        DemoCommand.class, RecipesCommand.class, InitCommand.class, PlanCommand.class, PrepareCommand.class, RunCommand.class,
        StageCommands.Train.class,
        StageCommands.Profile.class,
        StageCommands.Search.class, StageCommands.Export.class, VerifyCommand.class, RetrainCommand.class, TestCommand.class,
        RankCommand.class, PickCommand.class, CompareCommand.class,
        SpacesCommand.class, DescribeCommand.class, ExportArchCommand.class, ImportWeightsCommand.class,
        ServeCommand.class, AgentsCommand.class, DevicesCommand.class, TasksCommand.class, TokenCommand.class, LutCommand.class, PredictCommand.class,
        CalibrateCommand.class, LoadCommand.class, BackupCommand.class, RestoreCommand.class, GcCommand.class, CompletionCommand.class,
        SubmitCommand.class,
        RunsCommand.class, WatchCommand.class, RunOrders.Pause.class, RunOrders.Resume.class, RunOrders.Cancel.class, GetCommand.class,
        RunOrders.Prioritize.class, RemoveCommand.class);

    /** What one process of this program asks of another, and no person. */
    private static final List<Class<?>> OF_PROCESSES = List.of(ServersRunCommand.class);

    public static void main(String[] args) {
        int code = run(args);
        if (System.out.checkError() && code == 0) {
            System.err.println("lutra: standard output: cannot be written (expected: somewhere that takes the answer)");
            code = FAILURE;
        }
        // ends threads that a library may have left behind
        System.exit(code);
    }

    /** Runs one command and gives its exit code. */
    public static int run(String... args) {
        CommandLine commandLine = commandLine(args);
        commandLine.setParameterExceptionHandler(Main::badUsage);
        commandLine.setExecutionExceptionHandler((e, command, parsed) -> failed(e));
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        if (args.length == 0) {
            commandLine.usage(System.err);
            return BAD_INPUT;
        }
        try {
            return commandLine.execute(args);
        } catch (Error e) { // which the command line's library lets through
            return failed(e);
        }
    }

    /** The command line with the command that {@code args} name, or with all: each costs time to read what it takes. */
    public static CommandLine commandLine(String... args) {
        CommandLine commandLine = new CommandLine(new Main());
        List<Class<?>> named = Stream.concat(COMMANDS.stream(), OF_PROCESSES.stream())
            .filter(command -> args.length > 0 && name(command).equals(args[0])).toList();
        (named.isEmpty() ? COMMANDS : named).forEach(commandLine::addSubcommand);
        return commandLine;
    }

    private static String name(Class<?> command) {
        return command.getAnnotation(Command.class).name();
    }

    private static int badUsage(ParameterException e, String[] args) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        System.err.println("lutra: " + firstLine(e) + " (see " + command + " --help)");
        return BAD_INPUT;
    }

    static int failed(Throwable thrown) {
        Throwable e = named(thrown);
        if (e instanceof InputException || e instanceof DeviceException || e instanceof ClusterException || e instanceof ServerException
            || e instanceof StorageException) {
            System.err.println("lutra: " + firstLine(e));
            return e instanceof InputException ? BAD_INPUT : FAILURE;
        }
        // of a file that cannot be read or written the message says all
        System.err.println("lutra: " + (e instanceof UncheckedIOException ? "" : e.getClass().getSimpleName() + ": ") + firstLine(e)
            + (e instanceof OutOfMemoryError ? "; LUTRA_JAVA_OPTS=-Xmx8g gives it eight gigabytes" : "")
            + (Boolean.getBoolean("lutra.trace") ? "" : " (LUTRA_JAVA_OPTS=-Dlutra.trace=true shows where)"));
        if (Boolean.getBoolean("lutra.trace")) {
            e.printStackTrace();
        }
        return FAILURE;
    }

    /** What Java throws about a file says hardly more than its name. */
    private static Throwable named(Throwable e) {
        boolean bare = e instanceof IOException || e instanceof UncheckedIOException && e.getMessage().equals(e.getCause().toString());
        Throwable cause = e instanceof UncheckedIOException ? e.getCause() : e;
        return bare && cause instanceof FileSystemException known && known.getFile() != null
            ? new UncheckedIOException(known.getFile() + ": " + FileTrouble.reason(known), known)
            : e;
    }

    private static String firstLine(Throwable e) {
        return e.getMessage() == null ? "no message" : Names.shown(e.getMessage().lines().findFirst().orElse("no message"));
    }
}
