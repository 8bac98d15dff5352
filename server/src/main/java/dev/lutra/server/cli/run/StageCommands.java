package dev.lutra.server.cli.run;

import dev.lutra.latency.LookupTable;
import dev.lutra.search.Front;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.run.ExperimentRun;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The stages of a run, each as a command: it reads what the stage before left. What people are told, the run says as it goes. */
public final class StageCommands {

    private StageCommands() {}

    /** One stage of the experiment that the options name; it answers with a document. */
    private abstract static class Stage extends AnsweringCommand {

        private final Function<ExperimentRun, Map<String, Object>> stage;

        Stage(Function<ExperimentRun, Map<String, Object>> stage) {
            this.stage = stage;
        }

        @Override
        final int answer(ExperimentRun run, boolean json) {
            Map<String, Object> document = stage.apply(run);
            if (json) {
                System.out.println(Json.line(document));
            }
            return 0;
        }
    }

    @Command(name = "train", mixinStandardHelpOptions = true, description = "Stage 1: train the supernet.")
    public static final class Train extends Stage {
        Train() {
            super(run -> run.train().<Map<String, Object>>map(file -> Map.of("supernet", file.toString())).orElse(Map.of()));
        }
    }

    @Command(name = "profile", mixinStandardHelpOptions = true, description = "Stage 2: time every segment on every target.")
    public static final class Profile extends Stage {

        @Mixin
        private BudgetOption budget;

        Profile() {
            super(run -> Map.of("tables", run.profile().entrySet().stream()
                .map(table -> document(table.getKey(), table.getValue())).toList()));
        }

        private static Map<String, Object> document(String device, LookupTable table) {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("device", device);
            document.put("file", table.origin());
            document.put("entries", table.entries().size());
            table.calibration().ifPresent(fit -> document.put("held_out_error", fit.getMeanRelativeError()));
            return document;
        }

        @Override
        Experiment changed(Experiment experiment) {
            return budget.applyTo(experiment);
        }
    }

    @Command(name = "search", mixinStandardHelpOptions = true, description = "Stage 3: search the Pareto front.")
    public static final class Search extends Stage {
        Search() {
            super(run -> {
                Front front = run.search();
                List<Map<String, Object>> candidates = front.candidates().stream().map(candidate -> Map.<String, Object>of(
                    "arch", candidate.architecture().toString(), "measures", candidate.measures().values())).toList();
                return Map.of("front", run.folder().front().toString(), "candidates", candidates);
            });
        }
    }

    @Command(name = "export", mixinStandardHelpOptions = true, description = "Stage 4: write the winners as ONNX.")
    public static final class Export extends Stage {

        @Mixin
        private Int8Option int8;

        Export() {
            super(run -> Map.of("files", run.export().stream().map(Path::toString).toList()));
        }

        @Override
        Experiment changed(Experiment experiment) {
            return int8.applyTo(experiment);
        }
    }
}
