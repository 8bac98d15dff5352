package dev.lutra.server.cli.run;

import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.run.ExperimentRun;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(name = "retrain", mixinStandardHelpOptions = true, description = "Trains the winners from scratch, each by itself, and writes them as ONNX.")
public final class RetrainCommand extends AnsweringCommand {

    @Override
    int answer(ExperimentRun run, boolean json) {
        Map<Path, Double> accuracies = run.retrain();
        if (json) {
            Map<String, Double> document = new LinkedHashMap<>();
            accuracies.forEach((file, accuracy) -> document.put(file.toString(), accuracy));
            System.out.println(Json.line(document));
            return 0;
        }
        TextTable table = new TextTable("file", "validation accuracy");
        accuracies.forEach((file, accuracy) -> table.row(file, Figures.percent(accuracy)));
        System.out.print(table);
        return 0;
    }
}
