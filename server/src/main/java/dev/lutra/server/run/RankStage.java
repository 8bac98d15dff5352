package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.proto.content.Sha256;
import dev.lutra.ranking.Ranking;
import dev.lutra.search.AccuracyFile;
import dev.lutra.search.AccuracyTable;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Measure;
import dev.lutra.search.correction.Correction;
import dev.lutra.search.correction.CorrectionTrial;
import dev.lutra.server.event.RunEvent.NetworksRanked;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment.Rank;
import dev.lutra.server.experiment.Experiment.Truth;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.retrain.LoneNetwork;
import dev.lutra.server.view.SupernetOrder;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * Holds the supernet's order of networks against their accuracies by themselves, which a file tells or which are trained here, and
 * against what needs no training at all.
 */
final class RankStage implements Stage<Ranking> {

    /** Drawn for each network that is trained, so that networks of any size are among them. */
    private static final int DRAWN_A_NETWORK = 50;
    private static final int MOST_DRAWS = 100;

    @Override
    public String name() {
        return "rank";
    }

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return Set.of(Artifact.SUPERNET);
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of();
    }

    /**
     * @throws InputException if the experiment does not say what to rank against, or its file or the space has too few networks
     */
    @Override
    public void check(RunContext run) {
        Truth truth = settings(run).truth();
        if (truth instanceof Truth.Tabulated table) {
            requireEnough(table.file(), run.table(table.file()).size(), settings(run).correct());
        } else if (truth instanceof Truth.Trained training) {
            requireSoMany(training.networks(), run.space().size());
        }
    }

    private static void requireSoMany(int wanted, BigInteger networks) {
        if (networks.compareTo(BigInteger.valueOf(wanted)) < 0) {
            throw new InputException("rank.train: " + wanted + " (expected: at most " + networks + ", as many networks as there are)");
        }
    }

    private static void requireEnough(AccuracyFile file, int networks, OptionalInt correct) {
        int least = Math.max(Ranking.FEWEST, correct.orElse(0));
        if (networks < least) {
            throw InputException.in(file.path(), networks + " networks that the supernet can be asked for (expected: at least "
                + least + (correct.isPresent() ? ", as rank.correct says)" : ")"));
        }
    }

    private static Rank settings(RunContext run) {
        return run.experiment().rank().orElseThrow(() -> new InputException("rank: missing (expected: 'table', a file of accuracies, "
            + "or 'train', how many networks to train)"));
    }

    @Override
    public Ranking run(RunContext run) {
        Rank settings = settings(run);
        Map<Architecture, Double> alone = settings.truth() instanceof Truth.Trained training
            ? trained(run, training.networks())
            : known(run, run.options());
        if (settings.truth() instanceof Truth.Tabulated table) {
            requireEnough(table.file(), alone.size(), settings.correct());
        }
        List<Architecture> networks = List.copyOf(alone.keySet());
        Map<Architecture, Double> supernet = TrainStage.accuracies(run, networks, "rank");
        NetworksRanked ranked = new NetworksRanked(run.candidates().judge(), run.truth().stored(), settings.top(), networks.stream()
            .map(network -> new NetworksRanked.Ranked(network.toString(), supernet.get(network), alone.get(network))).toList());
        run.events().emit(ranked);
        Ranking ranking = SupernetOrder.ranking(ranked, settings, run.experiment().training().seed(), run.space());
        ranking.warning().ifPresent(warning -> run.events().emit(new RunEvent.Warning(name(), warning)));
        return ranking;
    }

    /**
     * Accuracies by themselves that a file tells: a seeded choice of its networks. Empty where the experiment names no file.
     *
     * @param options that networks may have; those with others are left out
     */
    static Map<Architecture, Double> known(RunContext run, Options options) {
        Map<Architecture, Double> alone = new LinkedHashMap<>();
        if (run.experiment().rank().map(Rank::truth).orElse(null) instanceof Truth.Tabulated truth) {
            AccuracyTable table = run.table(truth.file());
            List<Architecture> networks = new ArrayList<>(table.architectures());
            Collections.shuffle(networks, new Random(run.experiment().training().seed()));
            networks.stream().filter(options::make).limit(truth.networks()).forEach(network -> alone.put(network, table.accuracy(network)));
        }
        return alone;
    }

    private static Map<Architecture, Double> trained(RunContext run, int count) {
        List<LoneNetwork> networks = wanted(run, count);
        RetrainStage.onCluster(run, networks, "rank");
        Map<Architecture, Double> alone = new LinkedHashMap<>();
        networks.forEach(network -> alone.put(network.architecture(), RetrainStage.alone(run, network, network.name(),
            trained -> run.experiment().evaluation().accuracy().of(trained.judge().hits(network.architecture())))));
        return alone;
    }

    /** The networks that are trained for a ranking. */
    private static List<LoneNetwork> wanted(RunContext run, int count) {
        List<LoneNetwork> networks = new ArrayList<>();
        for (Architecture network : stratified(run.options(), count, run.experiment().training().seed())) {
            networks.add(new LoneNetwork("rank: train " + (networks.size() + 1) + " of " + count, run.space(), network));
        }
        return networks;
    }

    /**
     * Networks spread over the costs of the space: as many as wanted times {@link #DRAWN_A_NETWORK} are drawn and put in order of
     * their MACs, and one of each run of equal length is taken.
     *
     * @throws InputException if the space has fewer
     */
    static List<Architecture> stratified(Options options, int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        SearchSpace space = options.space();
        Set<Architecture> drawn = new LinkedHashSet<>();
        long wanted = (long) count * DRAWN_A_NETWORK;
        for (long i = 0; i < wanted * MOST_DRAWS && drawn.size() < wanted; i++) {
            drawn.add(options.draw(random));
        }
        requireSoMany(count, BigInteger.valueOf(drawn.size()));
        List<Architecture> byCost = new ArrayList<>(drawn);
        CheapMeasures costs = CheapMeasures.counted(space, Map.of()); // tabulated: a network of the space takes longer to build than to add up
        byCost.sort(Comparator.comparingDouble(architecture -> costs.of(architecture).get(Measure.MACS)));
        List<Architecture> taken = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int from = (int) ((long) i * byCost.size() / count);
            int to = (int) ((i + 1L) * byCost.size() / count);
            taken.add(byCost.get(random.nextInt(from, to)));
        }
        return taken;
    }

    /** What the experiment has learned from the networks: their accuracies by themselves, foretold. */
    static Optional<Correction> correction(RunContext run) {
        OptionalInt learned = run.experiment().rank().map(Rank::correct).orElse(OptionalInt.empty());
        if (learned.isEmpty()) {
            return Optional.empty();
        }
        NetworksRanked ranked = run.networksRanked().filter(known -> known.networks().size() >= learned.getAsInt())
            .orElseThrow(() -> new InputException("rank.correct: no networks were ranked by the present weights (expected: after lutra rank)"));
        run.truth().differenceFrom(ranked.truth()).ifPresent(difference -> {
            throw new InputException("rank.correct: networks were ranked with " + difference + ": lutra rank again");
        });
        return Optional.of(CorrectionTrial.correction(run.space(), SupernetOrder.networks(ranked, run.space()), learned.getAsInt(),
            run.experiment().training().seed()));
    }

    /** What accuracies by themselves follow from: what the experiment's file tells now, or all that its trainings depend on. */
    static NamedValues truth(RunContext run) {
        Truth truth = settings(run).truth();
        NamedValues.Builder values = NamedValues.builder();
        if (truth instanceof Truth.Tabulated) {
            values.put("rank.table", Sha256.of(known(run, run.options()).entrySet().stream()
                .map(network -> network.getKey() + " " + NamedValues.text(network.getValue())).collect(Collectors.joining("\n"))));
            return values.build();
        }
        List<NamedValues> origins = RetrainStage.origins(run, wanted(run, truth.networks()));
        origins.get(0).stored().forEach((name, value) -> {
            if (origins.stream().allMatch(origin -> value.equals(origin.stored().get(name)))) {
                values.put(name, value);
            }
        });
        // the last by name, as it differs wherever another does
        return values.put("rank.train", truth.networks())
            .put("trainings", Sha256.of(origins.stream().map(origin -> origin.fingerprint("training", 1)).collect(Collectors.joining("\n"))))
            .build();
    }
}
