package dev.lutra.server.cli.run;

import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.outcome.TestedNetwork;
import dev.lutra.server.run.ExperimentRun;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "test", mixinStandardHelpOptions = true, description = "Accuracy of the winners and of retrained networks on the test split, which neither training nor search has seen.")
public final class TestCommand extends AnsweringCommand {

    @Option(names = "--refused", description = "Test networks that devices refused as well.")
    private boolean refused;

    /** What stands in the place of a file where the weights are shared. */
    private static final String SHARED = "supernet";

    @Override
    int answer(ExperimentRun run, boolean json) {
        List<TestedNetwork> tested = run.test(refused);
        if (json) {
            System.out.println(Json.line(Map.of("networks", tested.stream().map(TestCommand::document).toList())));
            return 0;
        }
        System.out.print(tested.stream().anyMatch(network -> network.hits().isOfSeveral()) ? severalClasses(tested) : oneClass(tested));
        return 0;
    }

    private static TextTable oneClass(List<TestedNetwork> tested) {
        TextTable table = new TextTable("test top-1", "top-5", "balanced", "macro-F1", "worst class", "weights", "architecture");
        tested.forEach(network -> table.row(Figures.percent(network.hits().top1()), Figures.percent(network.hits().top5()),
            Figures.percent(network.hits().balanced()), Figures.percent(network.hits().macroF1()), worst(network), network.file().orElse(SHARED),
            network.architecture()));
        return table;
    }

    private static TextTable severalClasses(List<TestedNetwork> tested) {
        TextTable table = new TextTable("test mAP", "macro-F1", "micro-F1", "all right", "worst class", "weights", "architecture");
        tested.forEach(network -> table.row(Figures.percent(network.hits().accuracy()), Figures.percent(network.hits().macroF1()),
            Figures.percent(network.hits().microF1()), Figures.percent(network.hits().top1()), worst(network.averagePrecisions()),
            network.file().orElse(SHARED), network.architecture()));
        return table;
    }

    private static Map<String, Object> document(TestedNetwork network) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("architecture", network.architecture());
        document.put("weights", network.file().orElse(SHARED));
        if (network.hits().isOfSeveral()) {
            document.put("mean_average_precision", network.hits().meanAveragePrecision());
            document.put("micro_f1", network.hits().microF1());
            document.put("all_right", network.hits().top1());
            document.put("average_precisions", network.averagePrecisions());
        } else {
            document.put("top1", network.hits().top1());
            document.put("top5", network.hits().top5());
            document.put("balanced", network.hits().balanced());
        }
        document.put("macro_f1", network.hits().macroF1());
        document.put("images", network.hits().images());
        Map<String, Object> classes = new LinkedHashMap<>();
        network.byClass().forEach((name, hits) -> classes.put(name, Map.of("images", hits.images(), "given", hits.given(), "right", hits.right(),
            "recall", hits.recall())));
        document.put("classes", classes);
        return document;
    }

    private static String worst(TestedNetwork network) {
        Map<String, Double> recalls = new LinkedHashMap<>();
        network.byClass().forEach((name, hits) -> recalls.put(name, hits.recall()));
        return worst(recalls);
    }

    private static String worst(Map<String, Double> shares) {
        return shares.entrySet().stream().min(Map.Entry.comparingByValue()).map(each -> Figures.percent(each.getValue()) + " " + each.getKey())
            .orElse("-");
    }
}
