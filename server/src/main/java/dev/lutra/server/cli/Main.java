package dev.lutra.server.cli;

import dev.lutra.InputException;
import dev.lutra.server.cli.fleet.AgentsCommand;
import dev.lutra.server.cli.fleet.LoadCommand;
import dev.lutra.server.cli.fleet.ServeCommand;
import dev.lutra.server.cli.output.Version;
import dev.lutra.server.cli.run.DemoCommand;
import dev.lutra.server.cli.run.RetrainCommand;
import dev.lutra.server.cli.run.RunCommand;
import dev.lutra.server.cli.run.StageCommands;
import dev.lutra.server.cli.run.TestCommand;
import dev.lutra.server.cli.space.DescribeCommand;
import dev.lutra.server.cli.space.ExportArchCommand;
import dev.lutra.server.cli.space.ImportWeightsCommand;
import dev.lutra.server.cli.space.SpacesCommand;
import dev.lutra.server.cli.table.CalibrateCommand;
import dev.lutra.server.cli.table.LutCommand;
import dev.lutra.server.cli.table.PredictCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/**
 * Entry point of the command line. Exit codes: 0 success, 2 wrong usage or input (one line on stderr), 1 failure.
 */
@Command(name = "lutra", mixinStandardHelpOptions = true, versionProvider = Version.class, description = "Finds the most accurate network that meets a latency target on your device.", synopsisSubcommandLabel = "COMMAND", subcommands = {
    DemoCommand.class, RunCommand.class, StageCommands.Train.class, StageCommands.Profile.class,
    StageCommands.Search.class, StageCommands.Export.class, StageCommands.Verify.class, RetrainCommand.class, TestCommand.class,
    SpacesCommand.class, DescribeCommand.class, ExportArchCommand.class, ImportWeightsCommand.class,
    ServeCommand.class, AgentsCommand.class, LutCommand.class, PredictCommand.class, CalibrateCommand.class,
    LoadCommand.class,
}, footer = {"", "lutra agent --help describes the profiling agent, which runs on the target device."})
public final class Main {

    private static final int FAILURE = 1;
    private static final int BAD_INPUT = 2;

    public static void main(String[] args) {
        int code = run(args);
        System.out.flush();
        // ends threads that a library may have left behind
        System.exit(code);
    }

    /** Runs one command and gives its exit code. */
    static int run(String... args) {
        CommandLine commandLine = new CommandLine(new Main());
        commandLine.setParameterExceptionHandler(Main::badUsage);
        commandLine.setExecutionExceptionHandler((e, command, parsed) -> failed(e));
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        if (args.length == 0) {
            commandLine.usage(System.err);
            return BAD_INPUT;
        }
        return commandLine.execute(args);
    }

    private static int badUsage(ParameterException e, String[] args) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        System.err.println("lutra: " + firstLine(e) + " (see " + command + " --help)");
        return BAD_INPUT;
    }

    private static int failed(Exception e) {
        if (e instanceof InputException) {
            System.err.println("lutra: " + firstLine(e));
            return BAD_INPUT;
        }
        System.err.println("lutra: " + e.getClass().getSimpleName() + ": " + firstLine(e)
            + (Boolean.getBoolean("lutra.trace") ? "" : " (LUTRA_JAVA_OPTS=-Dlutra.trace=true shows where)"));
        if (Boolean.getBoolean("lutra.trace")) {
            e.printStackTrace();
        }
        return FAILURE;
    }

    private static String firstLine(Exception e) {
        return e.getMessage() == null ? "no message" : e.getMessage().lines().findFirst().orElse("no message");
    }
}
