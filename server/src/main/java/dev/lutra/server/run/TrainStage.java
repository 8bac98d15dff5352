package dev.lutra.server.run;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.search.AccuracyTable;
import dev.lutra.search.Candidate;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.training.Probes;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.blockwise.BlockTeacher;
import dev.lutra.supernet.superkernel.RowLatencies;
import dev.lutra.supernet.training.Checkpoint;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Trains the supernet, or what is left of its epochs, and judges a few random paths; reads the accuracy table where the experiment
 * has one instead. Gives the accuracies of those paths, which say how far the shared weights have come.
 */
final class TrainStage implements Stage<List<Double>> {

    private static final int SAMPLED_PATHS = 8;
    private static final double NANOS_A_MILLI = 1e6;

    @Override
    public String name() {
        return "train";
    }

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return experiment.superkernel().isPresent() ? Set.of(Artifact.TABLES) : Set.of();
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return !experiment.hasSupernet() ? Set.of() : Set.of(Artifact.SUPERNET);
    }

    /**
     * @throws InputException if no network of the space keeps the limits that can be told before any training
     */
    @Override
    public void check(RunContext run) {
        if (run.experiment().hasSupernet()) {
            run.requireDevices();
            run.experiment().training().curriculum().requireFits(run.space());
            run.experiment().training().recipe().layers().requireFit("supernet", PretrainedStart.learned(run.space().everyOption()));
            run.experiment().pretrained().ifPresent(wanted -> PretrainedStart.ofSupernet(wanted, run.space()).check("supernet"));
            if (run.experiment().blockTeacher().isPresent()) {
                run.blockTeacher().require(new BlockTeacher(run.space()).trained());
            }
            SearchStage.requireFeasible(run);
            if (!Files.exists(run.checkpoint())) {
                requireReachableTargets(run);
            }
        }
    }

    /**
     * Looks, as far as tables are there by now, whether some network takes what superkernels aim at.
     *
     * @throws InputException if none does, with what can be reached
     */
    static void requireReachableTargets(RunContext run) {
        run.experiment().superkernel().ifPresent(superkernel -> superkernel.requireReachable(run.space(),
            SearchStage.models(run.knownTables())));
    }

    /**
     * What superkernels begin to learn has to be within reach; from then on they have it in their checkpoint, whatever becomes of tables.
     *
     * @throws InputException if no network takes what they aim at
     */
    static void checkTables(RunContext run) {
        if (run.experiment().superkernel().isPresent() && !Files.exists(run.checkpoint())) {
            requireReachableTargets(run);
        } else if (run.experiment().superkernel().isPresent()) {
            Map<String, LookupTable> tables = run.knownTables();
            Checkpoint.read(run.checkpoint()).latencies().forEach((device, before) -> Optional.ofNullable(tables.get(device))
                .map(table -> RowLatencies.of(run.space(), new LatencyModel(table))).filter(now -> !now.equals(before))
                .ifPresent(now -> run.events().emit(new RunEvent.Warning("train", String.format(Locale.ROOT,
                    "the table of %s has changed since superkernels began to learn from it, and they keep to what it was: the slowest network took "
                        + "%.3f ms then, and takes %.3f ms now",
                    device, before.mostNanos() / NANOS_A_MILLI, now.mostNanos() / NANOS_A_MILLI)))));
        }
    }

    @Override
    public List<Double> run(RunContext run) {
        Optional<AccuracyTable> table = run.accuracyTable();
        if (table.isPresent()) {
            run.events().say("train: no supernet; " + table.get().file() + " has the accuracy of " + table.get().size() + " architectures");
            return List.of();
        }
        if (run.experiment().predictor().isPresent()) {
            run.events().say("train: no supernet; " + run.experiment().predictor().get().model() + " predicts accuracies");
            return List.of();
        }
        if (run.experiment().supernetFrom().isPresent()) {
            Artifact.SUPERNET.require(run);
            run.events().say("train: takes over " + run.checkpoint());
        }
        run.supernet();
        writeShrunkSpace(run);
        List<Double> paths = sampledPaths(run);
        if (!paths.isEmpty()) {
            run.events().emit(new RunEvent.PathsJudged(paths));
        }
        return paths;
    }

    /** What training has left of the space, as a file that can be trained anew. */
    private static void writeShrunkSpace(RunContext run) {
        Optional<String> shrunk = Optional.of(run.options()).filter(options -> !options.areAll()).flatMap(SpaceFile::with);
        shrunk.ifPresent(text -> {
            AtomicFile.write(run.folder().shrunkSpace(), text);
            run.events().say("train: " + run.folder().shrunkSpace() + " holds the options that are left, to be trained anew");
        });
    }

    /**
     * Accuracies of the same random paths whenever it is asked; only those that the run does not know yet are judged. None of
     * superkernels, in which only what they decide is meant to be good.
     */
    static List<Double> sampledPaths(RunContext run) {
        if (run.experiment().superkernel().isPresent()) {
            return List.of();
        }
        List<Architecture> paths = sampled(run.options(), run.experiment());
        Map<Architecture, Double> accuracies = accuracies(run, paths, "judge random paths");
        return paths.stream().map(accuracies::get).toList();
    }

    private static List<Architecture> sampled(Options options, Experiment experiment) {
        SplittableRandom random = new SplittableRandom(experiment.training().seed());
        return Stream.generate(() -> options.draw(random)).limit(SAMPLED_PATHS).toList();
    }

    /** Paths to look at while the supernet is trained: some whose accuracies by themselves are known, where the experiment has a file of such. */
    static Probes probes(RunContext run) {
        if (run.experiment().superkernel().isPresent()) {
            return Probes.NONE;
        }
        Map<Architecture, Double> known = RankStage.known(run, Options.all(run.space()));
        List<Architecture> paths = known.isEmpty()
            ? sampled(Options.all(run.space()), run.experiment()).stream().distinct().toList()
            : known.keySet().stream().limit(SAMPLED_PATHS).toList();
        known.keySet().retainAll(paths);
        return new Probes(paths, known, run.experiment().probes());
    }

    /**
     * Accuracies by the supernet's weights; only those that the run does not know yet are judged.
     *
     * @param what it is called on a console
     */
    static Map<Architecture, Double> accuracies(RunContext run, List<Architecture> paths, String what) {
        StoredCandidates log = run.candidates();
        Map<Architecture, Double> accuracies = new HashMap<>();
        paths.forEach(path -> log.find(path).ifPresent(known -> accuracies.put(path, known.accuracy())));
        List<Architecture> unknown = paths.stream().distinct().filter(path -> !accuracies.containsKey(path)).toList();
        if (!unknown.isEmpty()) {
            accuracies.putAll(judge(run, unknown, log, what));
        }
        return accuracies;
    }

    private static Map<Architecture, Double> judge(RunContext run, List<Architecture> paths, StoredCandidates log, String what) {
        Map<Architecture, Double> judged = new LinkedHashMap<>();
        try (Progress.Work work = run.events().begin(what, paths.size(), "paths")) {
            run.supernetAccuracies().find(paths, (path, accuracy) -> {
                log.record(new Candidate(path, Measures.of(Map.of(Measure.ACCURACY, accuracy))));
                judged.put(path, accuracy);
                work.at(judged.size(), String.format(Locale.ROOT, "mean accuracy %.2f %%",
                    100 * judged.values().stream().mapToDouble(Double::doubleValue).average().orElseThrow()));
            });
        }
        return judged;
    }
}
