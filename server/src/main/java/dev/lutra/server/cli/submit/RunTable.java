package dev.lutra.server.cli.submit;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import dev.lutra.proto.RunState;
import dev.lutra.server.cli.output.Lines;
import dev.lutra.server.cli.output.TextTable;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Runs as commands show them. */
final class RunTable {

    private static final int PERCENT = 100;

    private RunTable() {}

    /** As the server's JSON has it. */
    static String json(MessageOrBuilder message) {
        try {
            return JsonFormat.printer().preservingProtoFieldNames().alwaysPrintFieldsWithNoPresence().omittingInsignificantWhitespace()
                .print(message);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("messages without Any always print", e);
        }
    }

    static String of(List<RunState> runs) {
        TextTable table = new TextTable("id", "name", "state", "priority", "owner", "submitted", "stage", "done", "left", "message");
        runs.forEach(run -> table.row(run.getId(), run.getName(), run.getState(), run.getPriority(), run.getOwner(),
            run.getSubmitted().replaceFirst("\\.\\d+Z$", "Z"), run.getStage(), done(run), left(run), run.getMessage()));
        return table.toString();
    }

    /** A run as an answer: a line, or JSON. */
    static void print(RunState run, boolean asJson) {
        if (asJson) {
            System.out.println(json(run));
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
        Duration left = Duration.ofSeconds(Math.round(run.getLeftSeconds()));
        if (!run.hasLeftSeconds()) {
            return "";
        }
        return left.toHours() > 0
            ? left.toHours() + " h " + left.toMinutesPart() + " min"
            : left.toMinutes() > 0 ? left.toMinutes() + " min " + left.toSecondsPart() + " s" : left.toSeconds() + " s";
    }
}
