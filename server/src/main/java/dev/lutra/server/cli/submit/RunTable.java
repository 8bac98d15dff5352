package dev.lutra.server.cli.submit;

import dev.lutra.proto.RunState;
import dev.lutra.server.cli.output.Lines;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.schedule.RunJson;
import dev.lutra.server.view.Written;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Runs as commands show them. */
final class RunTable {

    private static final int PERCENT = 100;

    private RunTable() {}

    static String of(List<RunState> runs) {
        TextTable table = new TextTable("id", "name", "state", "priority", "owner", "submitted", "stage", "done", "left", "message");
        runs.forEach(run -> table.row(run.getId(), run.getName(), run.getState(), run.getPriority(), run.getOwner(),
            run.getSubmitted().replaceFirst("\\.\\d+Z$", "Z"), run.getStage(), done(run), left(run), run.getMessage()));
        return table.toString();
    }

    /** A run as an answer: a line, or JSON. */
    static void print(RunState run, boolean asJson) {
        if (asJson) {
            System.out.println(RunJson.of(run));
        } else {
            Lines.print(line(run));
        }
    }

    /** A run in a line. */
    static String line(RunState run) {
        return "run " + run.getId() + ", " + run.getName() + ": " + run.getState() + (run.getStage().isEmpty() ? "" : ", " + run.getStage())
            + (run.hasTotal() ? ", " + done(run) : "") + (run.hasLeftSeconds() ? ", " + left(run) + " left" : "")
            + (run.getMessage().isEmpty() ? "" : ": " + run.getMessage());
    }

    private static String done(RunState run) {
        return run.getTotal() > 0 ? String.format(Locale.ROOT, "%.0f %%", PERCENT * run.getDone() / run.getTotal()) : "";
    }

    private static String left(RunState run) {
        return run.hasLeftSeconds() ? Written.clock(Duration.ofSeconds(Math.round(run.getLeftSeconds()))) : "";
    }
}
