package dev.lutra.server.cli.run;

import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.run.ExperimentRun;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(name = "test", mixinStandardHelpOptions = true, description = "Accuracy of the winners on the test split, which neither training nor search has seen.")
public final class TestCommand extends AnsweringCommand {

    @Override
    int answer(ExperimentRun run, boolean json) {
        Map<String, Double> accuracies = run.test();
        if (json) {
            System.out.println(Json.line(accuracies));
            return 0;
        }
        TextTable table = new TextTable("test accuracy", "architecture");
        accuracies.forEach((architecture, accuracy) -> table.row(Figures.percent(accuracy), architecture));
        System.out.print(table);
        return 0;
    }
}
