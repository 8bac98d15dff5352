package dev.lutra.server.cli.run;

import dev.lutra.server.access.ServerFolder;
import dev.lutra.server.access.TokenFile;
import dev.lutra.server.cli.output.ConsoleProgress;
import dev.lutra.server.cli.output.Version;
import dev.lutra.server.device.RemoteServer;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.schedule.RunProcess;
import dev.lutra.server.schedule.ServersRun;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a server starts for a run that was submitted to it: {@code lutra run} in a folder of the server's, on its devices. */
@Command(name = RunProcess.COMMAND, description = "Works on a run, as a process of a server.")
public final class ServersRunCommand implements Callable<Integer> {

    @Parameters(index = "0", paramLabel = "DIR", description = "The run's folder, with its experiment.")
    private Path folder;

    @Option(names = "--server", required = true, paramLabel = "DIR", description = "The server's folder.")
    private Path server;

    @Option(names = "--run", required = true, paramLabel = "ID", description = "The run's id.")
    private long id;

    @Option(names = "--priority", required = true, paramLabel = "N", description = "Of its tasks.")
    private int priority;

    @Override
    public Integer call() {
        ServersRun turn = ServersRun.of(id, priority, System.in, System.out);
        PrintStream log = System.err;
        System.setOut(log); // what is said to the server is said by turn alone
        ServerFolder reached = new ServerFolder(server);
        RemoteServer devices = new RemoteServer(reached.server(), TokenFile.read(reached.token()), turn::submitter, turn);
        Experiment experiment = ExperimentFile.read(folder.resolve(RunProcess.EXPERIMENT));
        try (ExperimentRun run = ExperimentRun.open(experiment, new RunFolder(folder), devices, new ConsoleProgress(),
            Version.text())) {
            run.all();
            RunSummary.print(run, false);
            int code = RunSummary.code(run);
            turn.over(code == 0 ? "" : "devices confirmed none of its files");
            return code;
        }
    }
}
