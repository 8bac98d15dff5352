package dev.lutra.server.profile;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.latency.CalibrationPlan;
import dev.lutra.latency.IntegerKernels;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Prediction;
import dev.lutra.latency.SegmentCatalog;
import dev.lutra.latency.SegmentUse;
import dev.lutra.latency.correction.MemoryModel;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.Op.Activation.Function;
import dev.lutra.network.RandomWeights;
import dev.lutra.network.Shape;
import dev.lutra.network.Value;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.proto.Budget;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.Device;
import dev.lutra.proto.Entry;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.Measured;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.NetworkMemory;
import dev.lutra.proto.Sharing;
import dev.lutra.proto.Task;
import dev.lutra.proto.TaskOutcome;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.search.Measure;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunEvents;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.fleet.DeviceException;
import dev.lutra.server.fleet.ToldFigures;
import dev.lutra.server.store.ResultStore;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * Times every different segment of the space on every target, and some whole networks to correct the sum of segments.
 * Outcomes are kept as they come, so that an interrupted profiler measures only what is missing.
 */
public final class Profiler {

    private static final String OVERHEAD = "call-overhead";
    private static final int NAMED_MISSING = 5;
    /** Half width that the first round ends with. */
    private static final double ANY_PRECISION = 0.5;
    /** Of a slice. */
    private static final int MIN_SAMPLES = 15;
    private static final Duration MIN_WARM_UP = Duration.ofMillis(30);
    /** Slices of a model that show what they scatter by. */
    private static final int SLICES_OF_INTERVAL = 2;
    /** As many tell a base, two factors and what they miss by. */
    private static final int NETWORKS_WITH_MEMORY = 12;
    /** Fewer do not tell a p99, as {@link dev.lutra.proto.Distribution} says. */
    private static final int SAMPLES_OF_P99 = 368;

    /**
     * One model to measure.
     *
     * @param name which no other has
     * @param label for people
     * @param sensitivity how much what is made of the batch changes with the model's latency
     * @param anew how often what was measured of it was forgotten
     * @param memory whether its memory is asked for, too
     * @param sharing whether what others have measured of it will do
     */
    private record Model(String name, String label, Network network, double sensitivity, int anew, boolean memory, Sharing sharing) {

        /** Of a table's entry: what was not forgotten is not measured for one run alone. */
        static Model entry(String name, String label, Network network, double sensitivity, int anew) {
            return new Model(name, label, network, sensitivity, anew, false, anew == 0 ? Sharing.SHARED : Sharing.ANEW);
        }

        Model withMemory() {
            return new Model(name, label, network, sensitivity, anew, true, sharing);
        }
    }

    /**
     * The part of a budget that a batch of models has.
     *
     * @param batch which no other has
     */
    private record BatchTime(String batch, Duration time, ProfilingBudget whole) {}

    private final Experiment experiment;
    private final SearchSpace space;
    private final Path tables;
    private final String runId;
    private final Supplier<RunFleet> fleet;
    private final RunEvents events;
    private final ResultStore results;

    /**
     * @param tables folder of the tables that the experiment does not name
     * @param results where the run keeps how much of a time budget is spent
     */
    public Profiler(Experiment experiment, SearchSpace space, Path tables, String runId, Supplier<RunFleet> fleet, RunEvents events,
        ResultStore results) {
        this.experiment = experiment;
        this.space = space;
        this.tables = tables;
        this.runId = runId;
        this.fleet = fleet;
        this.events = events;
        this.results = results;
    }

    /** How long, how often and how precisely a model of an experiment is measured; where p99 is asked for, with as many samples as tell one. */
    public static MeasureRules rules(Experiment experiment, Experiment.Target target) {
        return rules(experiment.profile(), experiment.asks(Measure.p99(target.device())));
    }

    /** The same for who asks so. */
    public static MeasureRules rules(Experiment.Profile profile, boolean tellsP99) {
        int calmerRounds = (profile.rounds() + 1) / 2;
        return MeasureRules.newBuilder()
            .setMinWarmupRuns(3)
            .setMinWarmupNanos(MIN_WARM_UP.toNanos())
            .setMaxWarmupNanos(TimeUnit.MILLISECONDS.toNanos(400))
            .setMinSamples(tellsP99 ? Math.max(MIN_SAMPLES, SAMPLES_OF_P99 / calmerRounds + 1) : MIN_SAMPLES)
            .setSliceNanos(profile.slice().toNanos())
            .setMaxMeasureNanos(profile.timeLimit().toNanos())
            .setTargetRelativeHalfWidth(profile.halfWidth())
            .setMinRounds(profile.rounds())
            .build();
    }

    /** Measures what the tables lack and gives every target's table, by device. */
    public Map<String, LookupTable> run() {
        Map<String, LookupTable> profiled = new LinkedHashMap<>();
        for (Experiment.Target target : experiment.targets()) {
            profiled.put(target.device(), profile(target));
        }
        return profiled;
    }

    /** How many models a target's table lacks, the cost of a call and whole networks among them. */
    public int modelsToMeasure(Experiment.Target target) {
        Optional<LookupTable> known = find(experiment, tables, target);
        if (known.isPresent() && (!known.get().isMeasured() || isComplete(experiment, known.get(), space))) {
            return 0;
        }
        SegmentCatalog catalog = SegmentCatalog.of(space);
        int segments = known.map(table -> catalog.missingFrom(table).size()).orElse(catalog.items().size() + 1);
        return segments + networks(experiment);
    }

    /** The least time of a round: a slice after a warm-up. */
    public Duration leastRound() {
        return experiment.profile().slice().plus(MIN_WARM_UP);
    }

    /**
     * How long a round of a model takes on a device, its session among it, by one of some segments spread over the space.
     *
     * @throws DeviceException if the device refuses or its agent dies
     */
    public Duration timeOfRound(Experiment.Target target, int segments) {
        List<SegmentCatalog.Item> items = List.copyOf(SegmentCatalog.of(space).items());
        int count = Math.min(segments, items.size());
        List<Model> models = IntStream.range(0, count).mapToObj(i -> items.get(i * items.size() / count))
            .map(item -> new Model(item.key(), item.label(), item.segment().asNetwork(), 1, 0, false, Sharing.ALONE)).toList();
        fleet.get().awaitDevice(target.device());
        Experiment.Profile asked = experiment.profile();
        Profiler once = new Profiler(experiment.withProfile(new Experiment.Profile(ANY_PRECISION, 1, asked.slice(), asked.timeLimit(),
            asked.calibrate(), asked.heldOut(), Optional.empty(), asked.table())), space, tables, runId, fleet, events, results);
        long begin = System.nanoTime();
        once.measure("measure " + target.device(), target, models, Optional.empty());
        return Duration.ofNanos((System.nanoTime() - begin) / count);
    }

    private LookupTable profile(Experiment.Target target) {
        Optional<LookupTable> known = find(experiment, tables, target);
        if (known.isPresent() && !known.get().isMeasured()) {
            requireWhole(known.get(), space);
            events.say("profile: " + known.get().origin() + " is taken as it is (" + known.get().content().getSource()
                + ") and has all of " + space.name() + " for device " + target.device());
            return known.get();
        }
        SegmentCatalog catalog = SegmentCatalog.of(space);
        List<SegmentCatalog.Item> missing = known.map(catalog::missingFrom).orElseGet(() -> List.copyOf(catalog.items()));
        if (known.isPresent() && isComplete(experiment, known.get(), space)) {
            events.say("profile: " + known.get().origin() + " has all " + catalog.items().size() + " segments");
            return known.get();
        }
        String runtime = fleet.get().runtime(target.device(), target.provider());
        Device device = fleet.get().device(target.device()).orElseThrow().getDevice();
        requireTold(experiment, target, device);
        known.ifPresent(table -> TargetTable.requireSame(table, device, runtime));
        Optional<ProfilingBudget> budget = experiment.profile().budget().map(total -> {
            fleet.get().awaitDevice(target.device());
            return ProfilingBudget.goOn(results, target.device(), total, System::nanoTime);
        });
        LookupTable table = missing.isEmpty() ? known.get() : measureSegments(target, known, missing, budget);
        List<WholeNetwork> networks = experiment.profile().calibrate() > 0 ? measureNetworks(target, table, budget) : List.of();
        LookupTable saved = new TargetTable(target, tableFile(target, table)).add(table, networks);
        saved.calibration().ifPresent(fit -> {
            events.say("calibrate " + target.device() + ": " + described(fit));
            events.emit(new RunEvent.TableFitted(target.device(), fit.getFittedOn(), fit.getHeldOut(), fit.getMeanRelativeError(),
                fit.getWorstRelativeError(), fit.getIntervalCoverage(), fit.getKendallTau()));
        });
        budget.ifPresent(time -> {
            events.say("profile " + target.device() + ": " + time.described() + "; " + precision(saved));
            time.forget();
        });
        IntegerKernels.of(saved).filter(kernels -> !kernels.areAll())
            .ifPresent(kernels -> events.emit(new RunEvent.Warning("profile", saved.origin() + ": " + kernels.described())));
        events.emit(new RunEvent.TableWritten(target.device(), saved.origin(), saved.entries().size()));
        return saved;
    }

    /**
     * Makes sure that a table tells energy where the experiment asks for it: of entries some of which do not, no sum can be made.
     *
     * @throws InputException naming a table that does not
     */
    public static void requireEnergy(Experiment experiment, LookupTable table, Experiment.Target target) {
        if (experiment.asks(Measure.energy(target.device())) && new LatencyModel(table).energy().isEmpty()) {
            throw new InputException(Measure.energy(target.device()) + ": " + table.origin()
                + " was measured without energy (expected: a table of its own for this experiment: another file, or no such file)");
        }
    }

    /** The target's table, if there is one: the experiment's own choice, or what an earlier life of the run wrote. */
    public static Optional<LookupTable> find(Experiment experiment, Path tables, Experiment.Target target) {
        if (experiment.table(target).isPresent()) {
            return new TargetTable(target, experiment.table(target).get()).load();
        }
        if (!Files.isDirectory(tables)) {
            return Optional.empty();
        }
        try (var files = Files.list(tables)) {
            return files.filter(file -> file.toString().endsWith(".json")).sorted().map(LookupTable::load)
                .filter(table -> TargetTable.differences(table, target).isEmpty()).findFirst();
        } catch (IOException e) {
            throw InputFile.unreadable(tables, e);
        }
    }

    /**
     * Makes sure that a time budget, if there is one, suffices for a slice of every model that a table lacks, as far as that can be
     * known without the device: each samples and warms up for so long at least.
     *
     * @throws InputException saying the least time
     */
    public static void requireEnoughTime(Experiment experiment, Optional<LookupTable> table, SearchSpace space) {
        Experiment.Profile profile = experiment.profile();
        SegmentCatalog catalog = SegmentCatalog.of(space);
        int segments = table.map(catalog::missingFrom).orElseGet(() -> List.copyOf(catalog.items())).size();
        int networks = networks(experiment);
        boolean haveAll = space.size().compareTo(BigInteger.valueOf(networks)) >= 0;
        int models = (segments == 0 ? 0 : segments + 1) + (haveAll ? networks : 0);
        Duration once = profile.slice().plus(MIN_WARM_UP).multipliedBy(models);
        profile.budget().filter(budget -> budget.compareTo(once) < 0).ifPresent(budget -> {
            throw new InputException(String.format(Locale.ROOT,
                "profile.budget: %s s is too short for %d models (expected: at least %.1f s, a slice of %d ms after %d ms of warm-up "
                    + "each; an interval takes two of each, %.1f s, and devices add their own)",
                budget.toMillis() / 1e3, models, seconds(once), profile.slice().toMillis(), MIN_WARM_UP.toMillis(),
                seconds(once.multipliedBy(SLICES_OF_INTERVAL))));
        });
    }

    /** Rounded up to tenths. */
    private static double seconds(Duration time) {
        return Math.ceil(time.toMillis() / 1e2) / 10;
    }

    /**
     * Whether there is nothing left to measure for a table: every segment, where it is corrected whole networks of the space, and where the
     * experiment asks for memory that of as many as it is predicted from.
     */
    public static boolean isComplete(Experiment experiment, LookupTable table, SearchSpace space) {
        boolean calibrated = !table.isMeasured() || experiment.profile().calibrate() == 0
            || table.networks().stream().anyMatch(network -> network.getSpace().equals(space.name()) && !network.getVerified());
        boolean told = !table.isMeasured() || !experiment.asks(Measure.memory(table.content().getDevice().getName()))
            || MemoryModel.of(table.networks()).isPresent();
        return calibrated && told && SegmentCatalog.of(space).missingFrom(table).isEmpty();
    }

    /**
     * Makes sure that memory, where the experiment asks for it, can be predicted from the whole networks that will be measured for a table.
     *
     * @throws InputException saying how many that takes
     */
    public static void requireNetworksForMemory(Experiment experiment, Experiment.Target target, SearchSpace space) {
        if (!experiment.asks(Measure.memory(target.device()))) {
            return;
        }
        int networks = networks(experiment);
        if (networks < MemoryModel.FEWEST || space.size().compareTo(BigInteger.valueOf(networks)) < 0) {
            throw new InputException(String.format(Locale.ROOT, "%s: profile.calibrate and profile.held-out: %d networks of the %d of %s "
                + "(expected: %d at least, and no more than it has: memory is predicted from whole networks)", Measure.memory(target.device()),
                networks, space.size(), space.name(), MemoryModel.FEWEST));
        }
    }

    /** Whole networks that are measured for a table. */
    private static int networks(Experiment experiment) {
        return experiment.profile().calibrate() == 0 ? 0 : experiment.profile().calibrate() + experiment.profile().heldOut();
    }

    /**
     * Makes sure that an imported table has every segment of the space, since nobody here can measure what it lacks.
     *
     * @throws InputException naming the table and what it lacks, in the publisher's words where it has some
     */
    public static void requireWhole(LookupTable table, SearchSpace space) {
        if (table.isMeasured()) {
            return;
        }
        List<String> missing = SegmentCatalog.of(space).missingFrom(table).stream()
            .map(item -> item.key() + " ("
                + table.nameFor(space.build(item.architecture()), item.segment()).orElse(item.label()) + ")")
            .toList();
        if (!missing.isEmpty()) {
            throw new InputException(table.origin() + ": an imported table without " + missing.size() + " segments of "
                + space.name() + " for " + space.input() + " and " + space.classes() + " classes: "
                + String.join(", ", missing.subList(0, Math.min(NAMED_MISSING, missing.size())))
                + (missing.size() > NAMED_MISSING ? " and more (all: lutra lut check)" : ""));
        }
    }

    private Path tableFile(Experiment.Target target, LookupTable table) {
        return experiment.table(target).orElseGet(() -> tables.resolve(table.fileName()));
    }

    private LookupTable measureSegments(Experiment.Target target, Optional<LookupTable> known, List<SegmentCatalog.Item> missing,
        Optional<ProfilingBudget> budget) {
        SegmentUse use = SegmentUse.of(space, experiment.training().seed());
        List<Model> models = new ArrayList<>();
        models.add(Model.entry(OVERHEAD, OVERHEAD, nothing(), use.ofCallOverhead(), 0));
        for (SegmentCatalog.Item item : missing) {
            models.add(Model.entry(item.key(), item.label(), item.segment().asNetwork(), use.of(item.key()),
                known.map(table -> table.timesForgotten(item.key())).orElse(0)));
        }
        int networks = networks(experiment);
        Map<String, Measured> measured = measure("profile " + target.device(), target, models,
            budget.map(time -> new BatchTime("segments", time.forSegments(models.size(), networks), time)));
        List<Entry.Builder> entries = new ArrayList<>();
        for (SegmentCatalog.Item item : missing) {
            Measured result = measured.get(item.key());
            entries.add(Entry.newBuilder()
                .setKey(item.key()).setSignature(item.segment().signature()).setLabel(item.label())
                .setCallOverheadNanos(measured.get(OVERHEAD).getLatency().getP50Nanos())
                .setLatency(result.getLatency()).setCircumstances(result.getCircumstances()));
            if (result.hasEnergy()) {
                entries.get(entries.size() - 1).setEnergy(result.getEnergy());
            }
        }
        dev.lutra.proto.LookupTable.Builder anew = dev.lutra.proto.LookupTable.newBuilder();
        if (measured.get(OVERHEAD).hasEnergy()) {
            anew.setCallEnergy(measured.get(OVERHEAD).getEnergy());
        }
        return known.orElseGet(() -> LookupTable.of(anew
            .setFormat(LookupTable.FORMAT).setPrecision(target.precision().toString()).setBatch(target.batch()).setSource("measured")
            .setDevice(fleet.get().device(target.device()).orElseThrow().getDevice()).setRuntime(measured.get(OVERHEAD).getRuntime())
            .setCallOverhead(measured.get(OVERHEAD).getLatency()).build())).withEntries(entries.stream().map(Entry.Builder::build).toList());
    }

    /** All that a figure depends on besides device and model. */
    private static String setting(Experiment.Target target) {
        return (target.options().isEmpty() ? target.provider() : target.provider() + target.options()) + "-t" + target.threads() + "-"
            + target.precision() + (target.batch() > 1 ? "-b" + target.batch() : "");
    }

    /** The cheapest model there is: what remains is the cost of a call. */
    private static Network nothing() {
        NetworkBuilder graph = new NetworkBuilder(OVERHEAD, Shape.image(1, 1, 1), 1e-5);
        graph.segment(OVERHEAD);
        Value output = graph.activation("relu", graph.input(), Function.RELU);
        return graph.build(output);
    }

    /** Times whole networks of the space, to fit the table to and to hold out. */
    private List<WholeNetwork> measureNetworks(Experiment.Target target, LookupTable table, Optional<ProfilingBudget> budget) {
        LatencyModel model = new LatencyModel(table);
        List<CalibrationPlan.Choice> choices = CalibrationPlan.choose(space, model, experiment.profile().calibrate(),
            experiment.profile().heldOut(), experiment.training().seed());
        if (choices.isEmpty()) {
            events.say("calibrate " + target.device() + ": " + space.name() + " has " + space.size()
                + " networks, too few to fit a correction and to judge it");
            return List.of();
        }
        List<Model> models = withMemory(target, choices.stream().map(choice -> whole(choice.architecture(), model)).toList(), model);
        Map<String, Measured> measured = measure("calibrate " + target.device(), target, models,
            budget.map(time -> new BatchTime("networks", time.left(), time)));
        List<WholeNetwork> whole = new ArrayList<>();
        for (int i = 0; i < models.size(); i++) {
            Measured result = measured.get(models.get(i).name());
            whole.add(
                point(space, choices.get(i).architecture(), model, models.get(i).network(), result).setHeldOut(choices.get(i).heldOut()).build());
        }
        return whole;
    }

    /**
     * What a table keeps of a whole network that was measured.
     *
     * @param model of the table
     * @param network which the architecture builds
     */
    public static WholeNetwork.Builder point(SearchSpace space, Architecture architecture, LatencyModel model, Network network, Measured measured) {
        WholeNetwork.Builder point = WholeNetwork.newBuilder().setSpace(space.name()).setArchitecture(architecture.toString())
            .addAllSegments(model.predict(network).parts().stream().map(Prediction.Part::key).toList()).setLatency(measured.getLatency());
        if (measured.hasMemory()) {
            point.setMemory(model.memoryOf(network).toBuilder().setMeasured(measured.getMemory()));
        }
        if (measured.hasEnergy()) {
            point.setEnergy(measured.getEnergy());
        }
        return point;
    }

    /**
     * Asks for the memory of some of the networks, evenly by what it follows from: each takes a process of its own. Of a time budget
     * nothing is spent on it unless the experiment asks for memory.
     */
    private List<Model> withMemory(Experiment.Target target, List<Model> networks, LatencyModel model) {
        if (experiment.profile().budget().isPresent() && !experiment.asks(Measure.memory(target.device()))) {
            return networks;
        }
        List<NetworkMemory> features = networks.stream().map(network -> model.memoryOf(network.network())).toList();
        Set<Integer> chosen = new HashSet<>();
        for (ToLongFunction<NetworkMemory> feature : List.<ToLongFunction<NetworkMemory>>of(NetworkMemory::getWeightBytes,
            NetworkMemory::getLiveBytes)) {
            List<Integer> order = IntStream.range(0, networks.size()).boxed()
                .sorted(Comparator.comparingLong(i -> feature.applyAsLong(features.get(i)))).toList();
            int places = Math.min(NETWORKS_WITH_MEMORY / 2, order.size());
            IntStream.range(0, places).map(place -> place * (order.size() - 1) / Math.max(1, places - 1)).forEach(i -> chosen.add(order.get(i)));
        }
        return IntStream.range(0, networks.size())
            .mapToObj(i -> chosen.contains(i) ? networks.get(i).withMemory() : networks.get(i)).toList();
    }

    /**
     * Makes sure that a device tells what the experiment weighs or bounds there.
     *
     * @throws InputException if it says that it does not
     */
    public static void requireTold(Experiment experiment, Experiment.Target target, Device device) {
        refuseUntold(experiment, Measure.memory(device.getName()), "how much memory a model takes", ToldFigures.memoryUntold(device));
        refuseUntold(experiment, Measure.energy(device.getName()), "energy", ToldFigures.energyUntold(device, target.provider()));
    }

    private static void refuseUntold(Experiment experiment, String measure, String what, Optional<String> reason) {
        if (experiment.asks(measure) && reason.isPresent()) {
            throw new InputException(measure + ": this device does not tell " + what + " (" + reason.get() + ")");
        }
    }

    /**
     * Of whole networks the relative error counts. They judge the entries, as the device is today. Whoever forgets a segment does not trust
     * what was measured with it.
     */
    private Model whole(Architecture architecture, LatencyModel model) {
        String name = "network " + architecture;
        Network network = space.build(architecture);
        Prediction predicted = model.predict(network);
        int anew = predicted.parts().stream().mapToInt(part -> model.table().timesForgotten(part.key())).sum();
        return new Model(name, name, network, 1.0 / Math.max(1, predicted.nanos()), anew, false, Sharing.ANEW);
    }

    /** How well a table's entries are known, in words. Of a single slice nobody knows. */
    public static String precision(LookupTable table) {
        int entries = table.entries().size();
        double[] known = table.entries().stream().mapToDouble(entry -> entry.getLatency().getRelativeHalfWidth())
            .filter(Double::isFinite).sorted().toArray();
        if (known.length == 0) {
            return entries + " segments, each from a single slice, so that how well they are known cannot be told";
        }
        String untold = known.length == entries ? "" : entries - known.length + " from a single slice, of unknown precision, the others ";
        return entries + " segments, " + untold + String.format(Locale.ROOT, "known to ±%.1f %% in the median, ±%.1f %% at worst",
            100 * known[known.length / 2], 100 * known[known.length - 1]);
    }

    /** A calibration's errors in one sentence. */
    public static String described(Calibration fit) {
        return String.format(Locale.ROOT,
            "%d networks fitted, error on %d held out: mean %.1f %%, worst %.1f %% (uncalibrated %.1f %%), "
                + "%.0f %% within 5 %%, %.0f %% inside their interval, tau %.2f (uncalibrated %.2f)%s",
            fit.getFittedOn(),
            fit.getHeldOut(), 100 * fit.getMeanRelativeError(), 100 * fit.getWorstRelativeError(),
            100 * fit.getUncalibratedMeanRelativeError(), 100 * fit.getWithin5Percent(), 100 * fit.getIntervalCoverage(),
            fit.getKendallTau(), fit.getUncalibratedKendallTau(), Double.isNaN(fit.getP99MeanRelativeError())
                ? ""
                : String.format(Locale.ROOT, ", p99: mean %.1f %%", 100 * fit.getP99MeanRelativeError()));
    }

    /** Measures the models and gives what came of each, by name. */
    private Map<String, Measured> measure(String what, Experiment.Target target, List<Model> models, Optional<BatchTime> time) {
        Map<String, Model> submitted = new HashMap<>();
        List<Task> tasks = new ArrayList<>();
        String runtime = fleet.get().runtime(target.device(), target.provider());
        for (Model model : models) {
            Task task = task(target, model, runtime, time);
            submitted.put(task.getId(), model);
            tasks.add(task);
        }
        Map<String, Measured> measured = new HashMap<>();
        try (MeasuringProgress watched = time.map(batch -> MeasuringProgress.within(batch.whole(), what, batch.time(), events))
            .orElseGet(() -> MeasuringProgress.of(what, tasks.size(), events))) {
            fleet.get().run(target.device(), tasks, new RunFleet.Listener() {
                @Override
                public void finished(TaskOutcome outcome) {
                    Model model = submitted.get(outcome.getTaskId());
                    Measured result = require(target, model.label(), outcome);
                    measured.put(model.name(), result);
                    events.emit(new RunEvent.EntryMeasured(target.device(), setting(target), model.name(), model.label(),
                        result.getLatency().getP50Nanos(), known(result.getLatency().getRelativeHalfWidth())));
                }

                @Override
                public void underWay(double unfinished, double halfWidth) {
                    time.ifPresent(batch -> batch.whole().keep());
                    watched.at(measured.values(), unfinished, halfWidth);
                }
            });
        }
        return measured;
    }

    /** Null where a single slice has none. */
    private static Double known(double halfWidth) {
        return Double.isFinite(halfWidth) ? halfWidth : null;
    }

    private Task task(Experiment.Target target, Model measured, String runtime, Optional<BatchTime> time) {
        Network network = measured.network();
        OnnxOptions options = new OnnxOptions(true, OptionalInt.of(target.batch()), target.precision(), Map.of());
        byte[] model = OnnxExporter.export(network, new RandomWeights(experiment.training().seed()), options).toByteArray();
        Task.Builder task = Task.newBuilder()
            .setModelSha256(fleet.get().putModel(model)).setLabel(measured.label())
            .setRules(rules(experiment, target)).setMemory(measured.memory()).setSharing(measured.sharing())
            .setEnergy(experiment.asks(Measure.energy(target.device())))
            .setProvider(target.provider()).putAllProviderOptions(target.options()).setThreads(target.threads());
        for (int i = 0; i < network.inputs().size(); i++) {
            ModelInput.Builder input = ModelInput.newBuilder()
                .setName(network.inputs().size() == 1 ? "input" : "input" + i).setRandomSeed(i);
            for (long dim : network.inputs().get(i).shape().withBatch(target.batch())) {
                input.addShape(dim);
            }
            task.addInputs(input);
        }
        time.ifPresent(batch -> task.setBudget(Budget.newBuilder().setNanos(batch.time().toNanos()).setSensitivity(measured.sensitivity())
            .setBatch(String.join("/", runId, target.device(), batch.batch() + " within " + batch.whole().name()))));
        return TaskNames.named(String.join("/", runId, "profile", target.device()),
            measured.anew() == 0 ? measured.name() : measured.name() + "/anew-" + measured.anew(), task, runtime);
    }

    public static Measured require(Experiment.Target target, String label, TaskOutcome outcome) {
        if (outcome.getOutcome().hasFailed()) {
            throw new DeviceException("device " + target.device() + ": " + label + ": " + outcome.getOutcome().getFailed().getReason());
        }
        return outcome.getOutcome().getMeasured();
    }
}
