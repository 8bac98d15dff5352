package dev.lutra.benchmarks;

import ai.djl.Device;
import dev.lutra.data.DataProgress;
import dev.lutra.data.ImageData;
import dev.lutra.latency.LookupTable;
import dev.lutra.search.Candidate;
import dev.lutra.search.CandidateEvaluator;
import dev.lutra.search.CandidateLog;
import dev.lutra.search.Front;
import dev.lutra.search.Hypervolume;
import dev.lutra.search.SearchProblem;
import dev.lutra.search.algorithm.Nsga2Search;
import dev.lutra.search.Objective;
import dev.lutra.search.algorithm.RandomSearch;
import dev.lutra.search.SearchListener;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.run.SearchStage;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.SupernetWeights;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The search against equally many random architectures under the same constraints, on a finished run's supernet and table:
 * hypervolume of both fronts in one box, a JSON line a seed. Arguments: experiment file, run folder, population, generations,
 * seeds.
 */
public final class SearchAgainstRandom {

    private SearchAgainstRandom() {}

    public static void main(String[] arguments) throws Exception {
        Experiment experiment = ExperimentFile.read(Path.of(arguments[0]));
        Path run = Path.of(arguments[1]);
        int population = Integer.parseInt(arguments[2]);
        int generations = Integer.parseInt(arguments[3]);
        try (ImageData data = ImageData.open(experiment.dataSpec(experiment.baseSpace()), run.resolve("images"), DataProgress.NONE)) {
            SearchSpace space = experiment.searchSpace(data.classes().size());
            try (SupernetWeights weights = Checkpoint.load(run.resolve("supernet.safetensors"), space, Device.cpu());
                SubnetEvaluator subnets = new SubnetEvaluator(space, weights, data, experiment.evaluation())) {
                CandidateEvaluator judge = SearchStage.evaluator(experiment, space, SearchStage.computed(experiment, space, tables(run)),
                    subnets::accuracies, CandidateLog.inMemory());
                for (long seed = 1; seed <= Long.parseLong(arguments[4]); seed++) {
                    System.out.println(compare(judge, experiment.objectives(), population, generations, seed));
                }
            }
        }
    }

    private static String compare(CandidateEvaluator judge, List<Objective> objectives, int population, int generations, long seed) {
        Recorder searched = new Recorder();
        Recorder drawn = new Recorder();
        Front found = new Nsga2Search(judge, objectives,
            Nsga2Search.Settings.DEFAULT.withSize(population, generations).withSeed(seed)).run(searched);
        Front random = new RandomSearch(new SearchProblem(judge, objectives, seed), searched.candidates.size()).run(drawn);
        List<Candidate> all = new ArrayList<>(searched.candidates);
        all.addAll(drawn.candidates);
        Hypervolume box = Hypervolume.around(objectives, all);
        return String.format(Locale.ROOT,
            "{\"seed\": %d, \"evaluated\": %d, \"search\": %.4f, \"random\": %.4f, \"best_search\": %.4f, \"best_random\": %.4f}",
            seed, searched.candidates.size(), box.of(found.candidates()), box.of(random.candidates()),
            best(found), best(random));
    }

    private static double best(Front front) {
        return front.candidates().stream().mapToDouble(Candidate::accuracy).max().orElseThrow();
    }

    private static Map<String, LookupTable> tables(Path run) throws Exception {
        try (Stream<Path> files = Files.list(run.resolve("lut"))) {
            LookupTable table = LookupTable.load(files.findFirst().orElseThrow());
            return Map.of(table.content().getDevice().getName(), table);
        }
    }

    /** Keeps what a search evaluated. */
    private static final class Recorder implements SearchListener {

        private final List<Candidate> candidates = new ArrayList<>();

        @Override
        public void evaluated(Candidate candidate, int done, int budget) {
            candidates.add(candidate);
        }
    }
}
