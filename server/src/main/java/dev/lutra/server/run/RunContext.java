package dev.lutra.server.run;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.folder.StoredExperiment;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.data.ImageData;
import dev.lutra.identity.NamedValues;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.proto.Device;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.proto.content.Sha256;
import dev.lutra.search.AccuracyFile;
import dev.lutra.search.AccuracySource.Answer;
import dev.lutra.search.AccuracySource;
import dev.lutra.search.AccuracyTable;
import dev.lutra.search.Algorithm;
import dev.lutra.search.Candidate;
import dev.lutra.search.CheapMeasures;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.search.Measures;
import dev.lutra.search.algorithm.Decoded;
import dev.lutra.search.correction.CorrectedAccuracies;
import dev.lutra.server.cluster.Assignment;
import dev.lutra.server.cluster.Cluster;
import dev.lutra.server.cluster.SupernetAccuracies;
import dev.lutra.server.event.EventStore;
import dev.lutra.server.event.ProgressFile;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunEvents;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.event.RunListener;
import dev.lutra.server.event.SteadyClock;
import dev.lutra.server.experiment.Experiment.Rank;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.predictor.CommandAccuracies;
import dev.lutra.server.predictor.PredictedAccuracies;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.profile.RunFleet;
import dev.lutra.server.profile.TargetTable;
import dev.lutra.server.retrain.Materials;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.Patience;
import dev.lutra.server.store.ResultStore;
import dev.lutra.server.training.TrainingProgress;
import dev.lutra.server.training.TrainingTurn;
import dev.lutra.server.view.FrozenView;
import dev.lutra.server.view.RunFacts;
import dev.lutra.server.winner.Winner;
import dev.lutra.server.winner.WinnerExport;
import dev.lutra.server.winner.WinnerFile;
import dev.lutra.space.Architecture;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.evaluation.EvaluationSettings.By;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.training.Start;
import dev.lutra.supernet.training.Trainer;
import dev.lutra.weights.TensorFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
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
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.ObjDoubleConsumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What several stages of a run need. Images, weights and devices are opened once, when first asked for. */
final class RunContext implements Materials, AutoCloseable {

    /** 2: networks are judged with batch norm folded, whose sums round differently. */
    private static final int ACCURACY_VERSION = 2;

    private final Experiment experiment;
    private final RunFolder folder;
    private final FleetAccess access;
    private final RunEvents events;
    private final ProgressFile progress;
    private final String version;
    private final Database database;
    private final ResultStore results;
    private ImageData data;
    private SearchSpace space;
    private SearchSpace timed;
    private GeneSpace genes;
    private final Map<AccuracyFile, AccuracyTable> tables = new HashMap<>();
    private SupernetWeights supernet;
    private SubnetEvaluator evaluator;
    private PredictedAccuracies predictor;
    private Cluster cluster;
    private NamedValues truth;
    private RunFleet fleet;
    /** Several stages ask for the same devices before any work; each is looked for, and told of, once. */
    private final Set<Experiment.Target> lookedFor = new HashSet<>();
    private List<Winner> exported = List.of();

    RunContext(Experiment experiment, RunFolder folder, FleetAccess access, List<RunListener> listeners, String version) {
        this.experiment = experiment;
        this.folder = folder;
        this.access = access;
        this.version = version;
        database = Database.open(folder.database(),
            line -> listeners.forEach(listener -> listener.heard(new RunEvent.Noted(line))));
        results = new ResultStore(database, experiment.name());
        progress = new ProgressFile(folder.progress(), System::nanoTime);
        List<RunListener> all = new ArrayList<>(
            List.of(new EventStore(results, folder.metrics(), new SteadyClock(Clock.systemUTC(), System::nanoTime)), progress));
        all.addAll(listeners);
        events = new RunEvents(all);
        StoredExperiment.write(experiment, folder);
    }

    @Override
    public Experiment experiment() {
        return experiment;
    }

    RunFolder folder() {
        return folder;
    }

    /** Waits while nothing can be stored. */
    Patience patience() {
        return database.patience();
    }

    /** What the run has found out so far. */
    ResultStore results() {
        return results;
    }

    /** What verification has put right so far; what was begun of it is finished. */
    Repairs repairs() {
        Repairs repairs = new Repairs(results);
        repairs.finish(this::addToTable);
        return repairs;
    }

    /** Puts networks that were measured whole into a target's table, which is fitted anew. */
    void addToTable(String device, List<WholeNetwork> networks) {
        experiment.targets().stream().filter(target -> target.device().equals(device)).forEach(target -> Profiler
            .find(experiment, folder.tables(), target).ifPresent(table -> new TargetTable(target,
                experiment.table(target).orElseGet(() -> folder.tables().resolve(table.fileName()))).add(table, networks)));
    }

    /** Where stages tell what happens. */
    RunEvents events() {
        return events;
    }

    /** What this and earlier lives of the run have told. */
    RunHistory history() {
        return RunHistory.of(results);
    }

    /** Names this run's tasks in a fleet: the same after a crash, different from every other run's. */
    String id() {
        return results.find("run", "id").orElseGet(() -> {
            String id = UUID.randomUUID().toString();
            results.put("run", "id", id);
            return id;
        });
    }

    @Override
    public ImageData data() {
        if (data == null) {
            Path cache = ImageCache.make(experiment);
            try (DecodingProgress decoding = new DecodingProgress(events)) {
                data = ImageData.open(experiment.dataSpec(experiment.baseSpace()), cache, decoding);
            }
        }
        return data;
    }

    /** The space, with as many classes as the data has. */
    @Override
    public SearchSpace space() {
        if (space == null) {
            space = experiment.trainedSpace();
        }
        return space;
    }

    /**
     * The space whose networks devices time: with a head of the user's, where there is one.
     *
     * @throws InputException if the head does not fit the space's networks
     */
    SearchSpace timed() {
        if (timed == null) {
            timed = experiment.timed(space());
        }
        return timed;
    }

    /** What architectures are made of: the space, or the table that stands in its place. */
    GeneSpace genes() {
        if (genes == null) {
            genes = experiment.hasNetworks() ? space() : experiment.genes();
        }
        return genes;
    }

    /** The supernet's file: the run's own, or the one that the experiment takes over. */
    @Override
    public Path checkpoint() {
        return experiment.supernetFrom()
            .map(from -> Files.isDirectory(from) ? new RunFolder(from).checkpoint() : from)
            .orElse(folder.checkpoint());
    }

    /** Whether there is a supernet with nothing left to train. */
    boolean isSupernetTrained() {
        return experiment.hasSupernet() && Files.exists(checkpoint()) && Checkpoint.read(checkpoint()).isFinished();
    }

    /**
     * Where this run trains and evaluates.
     *
     * @throws InputException saying what is missing of what the experiment asks for
     */
    @Override
    public Devices devices() {
        return Devices.of(experiment.device());
    }

    /**
     * Makes sure, before any work, that the GPUs and the cluster are there which the experiment asks for.
     *
     * @throws InputException saying what is missing
     */
    void requireDevices() {
        experiment.spark().ifPresent(Cluster::check);
        Devices.Wanted wanted = experiment.device();
        if (wanted.kind() == Devices.Kind.CUDA || wanted.gpus() > 1) {
            devices();
        }
    }

    /** The trained weights; whatever is left of their training is done first. */
    @Override
    public SupernetWeights supernet() {
        if (supernet == null && experiment.supernetFrom().isPresent()) {
            supernet = Checkpoint.load(checkpoint(), space(), data(), devices());
        }
        if (supernet == null) {
            TrainStage.checkTables(this);
            try (TrainingTurn.Held device = turn(folder.checkpoint())) {
                supernet = train();
            }
        }
        return supernet;
    }

    /** Waits for the turn to train; weights that are trained need none. */
    TrainingTurn.Held turn(Path checkpoint) {
        boolean isTrained = Files.exists(checkpoint) && Checkpoint.read(checkpoint).isFinished();
        return isTrained ? () -> {} : access.trainingTurn().take(devices().kind());
    }

    private SupernetWeights train() {
        Trainer trainer = new Trainer(space(), data(), experiment.training(), experiment.evaluation(), folder.checkpoint())
            .on(devices()).with(latencies()).from(start()).learning(blockTeacher());
        Trainer anywhere = experiment.spark().isPresent() && experiment.training().rounds().isPresent()
            ? trainer.by(cluster().rounds(assignment(Trainer.origin(space(), data(), experiment.training(), experiment.evaluation())),
                experiment.training().rounds().get().learners()))
            : trainer;
        try (TrainingProgress training = new TrainingProgress(events, "train", "train", TrainStage.probes(this))) {
            return anywhere.train(training);
        }
    }

    /** What the supernet's training begins with. */
    private Start start() {
        Optional<PretrainedStart> pretrained = experiment.pretrained().map(wanted -> PretrainedStart.ofSupernet(wanted, space()));
        return pretrained.map(weights -> weights.told(this, "train", folder.checkpoint())).orElse(Start.SCRATCH);
    }

    /**
     * The teacher that stages learn from, where the experiment names one.
     *
     * @throws InputException if there are no such weights
     */
    Start blockTeacher() {
        return experiment.blockTeacher().map(from -> {
            Path weights = Files.isDirectory(from) ? new RunFolder(from).checkpoint() : from;
            return Start.of("file " + Sha256.ofFile(weights), TensorFile.open(weights));
        }).orElse(Start.SCRATCH);
    }

    /** What superkernels learn besides images: the latencies on the experiment's devices. */
    private Map<String, Supplier<LatencyModel>> latencies() {
        Map<String, Supplier<LatencyModel>> latencies = new LinkedHashMap<>();
        experiment.targets().forEach(target -> latencies.put(target.device(), () -> new LatencyModel(tables().get(target.device()))));
        return latencies;
    }

    /** How architectures are looked for: as the experiment says, or not at all, where superkernels have decided. */
    Algorithm algorithm() {
        return experiment.superkernel().<Algorithm>map(superkernel -> new Decoded(superkernel.decode(space(), supernet())))
            .orElseGet(() -> experiment.search().algorithm());
    }

    /** The options that training has not dropped; all of them where an accuracy table stands in the place of a supernet. */
    @Override
    public Options options() {
        if (!experiment.hasSupernet() || Checkpoint.read(checkpoint()).surviving().isEmpty()) {
            return Options.all(genes());
        }
        supernet(); // makes sure that the file is of this space
        return Checkpoint.read(checkpoint()).surviving(space());
    }

    /** The options that the experiment has searched, before it is known what training drops. */
    Options wanted() {
        return experiment.search().part().map(part -> part.of(genes())).orElseGet(() -> Options.all(genes()));
    }

    /**
     * The options that are searched: of those that training has left.
     *
     * @throws InputException if training dropped what the experiment fixes
     */
    Options searched() {
        try {
            return options().and(wanted());
        } catch (IllegalArgumentException e) {
            throw new InputException("search.fixed: dropped by training: " + e.getMessage(), e);
        }
    }

    @Override
    public SubnetEvaluator evaluator() {
        if (evaluator == null) {
            evaluator = new SubnetEvaluator(space(), supernet(), data(), experiment.evaluation(), devices());
        }
        return evaluator;
    }

    /** The experiment's table of accuracies, where it has one in place of a supernet. */
    Optional<AccuracyTable> accuracyTable() {
        return experiment.accuracyTable().map(this::table);
    }

    /** A file of known accuracies, which is read once. */
    AccuracyTable table(AccuracyFile file) {
        return tables.computeIfAbsent(file, unread -> unread.load(genes()));
    }

    /** Where accuracies come from: the experiment's table, its predictor, its command, or the supernet's weights, corrected if it says so. */
    AccuracySource accuracies() {
        if (experiment.predictor().isPresent()) {
            if (predictor == null) {
                Experiment.Predictor own = experiment.predictor().get();
                predictor = new PredictedAccuracies(own.model(), space(), own.encoding(), own.unit().share());
            }
            return predictor;
        }
        if (experiment.command().isPresent()) {
            Path file = experiment.text().file();
            WinnerExport exporter = exporter();
            return new CommandAccuracies(experiment.command().get(), file.getParent(), folder.evaluated(),
                (architecture, onnx) -> exporter.exportCandidate(onnx, architecture, experiment.command().get().form(), trained(), evaluator(),
                    data()));
        }
        return accuracyTable().<AccuracySource>map(table -> table)
            .or(() -> RankStage.correction(this).map(correction -> new CorrectedAccuracies(supernetAccuracies(), correction)))
            .orElseGet(this::supernetAccuracies);
    }

    /** Accuracies by the supernet's weights: on the experiment's cluster, or here. Nothing is opened before one is asked for. */
    AccuracySource supernetAccuracies() {
        return new AccuracySource() {

            private AccuracySource source;

            @Override
            public void find(List<Architecture> architectures, ObjDoubleConsumer<Architecture> found) {
                source().find(architectures, found);
            }

            @Override
            public void find(Map<Architecture, Double> least, BiConsumer<Architecture, Answer> found) {
                source().find(least, found);
            }

            @Override
            public OptionalLong images() {
                return RunContext.this.images();
            }

            private AccuracySource source() {
                if (source == null) {
                    source = experiment.spark().isPresent() ? onCluster() : new SupernetAccuracies(() -> evaluator(), experiment.evaluation());
                }
                return source;
            }
        };
    }

    private AccuracySource onCluster() {
        supernet(); // trains what is left to train
        return cluster().accuracies(assignment(judge()), checkpoint());
    }

    /**
     * What a machine of the cluster opens.
     *
     * @param origin what accuracies, or rounds, have to follow from there; nothing where none are asked for
     */
    Assignment assignment(NamedValues origin) {
        return Assignment.of(experiment, ImageCache.make(experiment), origin);
    }

    /** The supernet's file, if it is trained to its end. */
    Optional<Path> trainedCheckpoint() {
        return isSupernetTrained() ? Optional.of(checkpoint()) : Optional.empty();
    }

    /** The experiment's cluster. */
    Cluster cluster() {
        if (cluster == null) {
            cluster = Cluster.open(experiment.spark().orElseThrow(), experiment.name(), events::say);
        }
        return cluster;
    }

    /** How many validation images an accuracy that the search goes by is a share of; empty where it is none, or was corrected. */
    OptionalLong sharedImages() {
        return experiment.rank().map(Rank::correct).orElse(OptionalInt.empty()).isPresent() ? OptionalLong.empty() : images();
    }

    /** How many validation images an accuracy by the supernet is a share of; empty for other figures. */
    OptionalLong images() {
        return experiment.hasSupernet() && experiment.command().isEmpty() && experiment.evaluation().by() == By.ACCURACY
            && !experiment.showsSeveral()
                ? OptionalLong.of(Math.min(experiment.evaluation().validationImages(), data().validation().size()))
                : OptionalLong.empty();
    }

    RunFleet fleet() {
        if (fleet == null) {
            fleet = access.open(experiment.targets(), folder, database, events);
        }
        return fleet;
    }

    /**
     * Tables by device.
     *
     * @throws InputException if one is not there, or lacks a segment that nobody here can measure
     */
    Map<String, LookupTable> tables() {
        Map<String, LookupTable> tables = new LinkedHashMap<>();
        for (Experiment.Target target : experiment.targets()) {
            LookupTable table = Profiler.find(experiment, folder.tables(), target).orElseThrow(() -> InputException.in(
                experiment.table(target).orElse(folder.tables()),
                "no lookup table of device " + target.device() + " (expected: after lutra profile)"));
            Profiler.requireWhole(table, timed());
            tables.put(target.device(), table);
        }
        return tables;
    }

    /**
     * Makes sure, once the devices are there, that the measured tables are theirs, and warns where a device has changed since.
     *
     * @param stage that looks
     * @throws InputException if one is of another machine
     */
    void requireTablesOfDevices(String stage) {
        tables().forEach((name, table) -> {
            if (table.isMeasured()) {
                String runtimes = fleet().runtime(name, table.content().getRuntime().getProvider());
                Device device = fleet().device(name).orElseThrow().getDevice();
                TargetTable.changedSince(table, device, runtimes).ifPresent(line -> events.emit(new RunEvent.Warning(stage, line)));
            }
        });
    }

    /** The tables that can be searched with before anything is measured: those that are whole already. */
    Map<String, LookupTable> knownTables() {
        Map<String, LookupTable> known = new LinkedHashMap<>();
        for (Experiment.Target target : experiment.targets()) {
            Profiler.find(experiment, folder.tables(), target).filter(table -> Profiler.isComplete(experiment, table, timed()))
                .ifPresent(table -> known.put(target.device(), table));
        }
        return known;
    }

    /** What every architecture is measured by besides its accuracy; an accuracy table's columns take the place of what is computed. */
    CheapMeasures cheap() {
        return cheap(tables());
    }

    /** The same where some devices have no table yet. */
    CheapMeasures cheap(Map<String, LookupTable> known) {
        if (!experiment.hasNetworks()) {
            return accuracyTable().orElseThrow().measures();
        }
        CheapMeasures computed = SearchStage.computed(experiment, timed(), known);
        return accuracyTable().map(table -> table.replacing(computed)).orElse(computed);
    }

    /** Measures of every architecture whose accuracy is known, by today's tables. */
    Map<String, Measures> evaluated() {
        return byTodaysTables(searchedCandidates().all());
    }

    /** The same, and of those that were not judged to the end. */
    Map<String, Measures> judged() {
        return byTodaysTables(searchedCandidates().judged());
    }

    private Map<String, Measures> byTodaysTables(Map<String, Measures> judged) {
        CheapMeasures cheap = cheap();
        Map<String, Measures> anew = new LinkedHashMap<>();
        judged.forEach((text, known) -> {
            Architecture architecture = genes().parse(text);
            Measures measures = cheap.of(architecture);
            for (String found : List.of(Measure.ACCURACY, Measure.STOPPED_AFTER, Measure.ACCURACY_AT_MOST)) {
                measures = known.values().containsKey(found) ? measures.with(found, known.get(found)) : measures;
            }
            anew.put(text, cheap.completed(architecture, measures));
        });
        return anew;
    }

    /**
     * The front that the search left.
     *
     * @throws InputException if it is of other objectives, targets, limits or accuracies than the experiment's
     */
    Front front() {
        Front front = Front.readJson(folder.front(), genes());
        if (!front.objectives().equals(experiment.objectives())) {
            throw InputException.in(folder.front(), "searched with objectives " + front.objectives() + " (expected: "
                + experiment.objectives() + ", as the experiment has: lutra search again)");
        }
        for (Candidate candidate : front.candidates()) {
            requireOwn(candidate);
        }
        requireOwnAccuracies(front);
        return front;
    }

    private void requireOwnAccuracies(Front front) {
        NamedValues judge = searchedBy();
        Map<String, String> found = new TreeMap<>();
        judge.shown().keySet().forEach(name -> Optional.ofNullable(front.provenance().get(inProvenance(name)))
            .ifPresent(value -> found.put(name, value)));
        judge.differenceFrom(found).ifPresent(difference -> {
            throw InputException.in(folder.front(), "searched by other accuracies: " + difference + ": lutra search again");
        });
    }

    /** The space's fingerprint stands there beside its name. */
    private static String inProvenance(String name) {
        return name.equals("space") ? "space.fingerprint" : name;
    }

    private void requireOwn(Candidate candidate) {
        Map<String, Double> known = candidate.measures().values();
        experiment.targets().stream().map(target -> Measure.latency(target.device())).filter(name -> !known.containsKey(name)).findFirst()
            .ifPresent(name -> {
                throw InputException.in(folder.front(), "searched without " + name
                    + " (expected: with the experiment's targets: lutra search again)");
            });
        experiment.constraints().stream()
            .filter(constraint -> !known.containsKey(constraint.measure()) || !constraint.holds(candidate.measures())).findFirst()
            .ifPresent(constraint -> {
                throw InputException.in(folder.front(), candidate.architecture() + " does not keep " + constraint
                    + " (expected: a front under the experiment's limits: lutra search again)");
            });
    }

    /**
     * The front's candidates in the order of their numbers: those that are exported first, the most accurate one before the others, then
     * those that take the place of one that devices do not confirm, each as far from those before it as may be.
     */
    List<Candidate> ranked() {
        Front front = front();
        List<Candidate> spread = front.spread(front.candidates().size());
        int first = Math.min(experiment.export().top(), spread.size());
        List<Candidate> ranked = new ArrayList<>(spread.subList(0, first));
        ranked.sort(Comparator.comparingDouble(Candidate::accuracy).reversed());
        ranked.addAll(spread.subList(first, spread.size()));
        return ranked;
    }

    /** How many winners the experiment asks for, and the front has. */
    int winnersWanted() {
        return Math.min(experiment.export().top(), ranked().size());
    }

    /**
     * By rank, what retraining and tests are about: the winners that devices confirmed, or while none was asked about them the first.
     *
     * @param evenRefused whether those that devices refused are wanted as well
     * @throws InputException if they are not, and devices refused all that they were asked about
     */
    SortedMap<Integer, Candidate> chosen(boolean evenRefused) {
        List<Candidate> ranked = ranked();
        WinnerFile.Verdicts verdicts = Files.exists(folder.verification()) ? WinnerFile.read(folder.verification()) : WinnerFile.Verdicts.NONE;
        SortedMap<Integer, Candidate> first = new TreeMap<>();
        SortedMap<Integer, Candidate> wanted = new TreeMap<>();
        int leftOut = 0;
        for (int rank = 1; rank <= ranked.size(); rank++) {
            Candidate candidate = ranked.get(rank - 1);
            boolean refused = verdicts.refused(candidate);
            if (verdicts.confirmed(candidate) || evenRefused && refused) {
                wanted.put(rank, candidate);
            } else if (refused) {
                leftOut++;
            } else if (rank <= experiment.export().top()) {
                first.put(rank, candidate);
            }
        }
        if (wanted.isEmpty() && first.isEmpty()) {
            throw InputException.in(folder.verification(), "devices confirmed none of the winners (expected: one at least; with other limits "
                + "lutra search and lutra verify again, or name a network with lutra retrain --arch)");
        }
        if (leftOut > 0) {
            events.say(leftOut + (leftOut == 1 ? " winner that devices refused is" : " winners that devices refused are") + " left out");
        }
        return wanted.isEmpty() ? first : wanted;
    }

    /** What was exported or verified last, the most accurate first. */
    List<Winner> exported() {
        return exported;
    }

    void exported(List<Winner> winners) {
        exported = List.copyOf(winners);
    }

    /** Writes the report on these winners. */
    void report(List<Winner> winners) {
        RunFacts facts = RunFacts.of(experiment, genes(), experiment.hasNetworks() ? Optional.of(space()) : Optional.empty(), folder, history(),
            new RunFacts.Known(front(), evaluated(), winners, rankedAsNow(), TestStage.known(this), tables(), sharedImages()));
        FrozenView.write(folder.report(), facts);
        events.say("report: " + folder.report());
    }

    /** Writes the report anew, if there is one, with what was found out since about networks that are in it. */
    void renewReport() {
        if (!Files.exists(folder.report())) {
            return;
        }
        try {
            report(exported.isEmpty() ? RunFacts.winners(folder, front(), history()) : exported);
        } catch (InputException e) {
            events.say("report: stays as it is: " + e.getMessage());
        }
    }

    /** What the run knows of the order that the present weights give networks, if it has looked. */
    Optional<RunEvent.NetworksRanked> networksRanked() {
        return history().all(RunEvent.NetworksRanked.class).stream().filter(ranked -> ranked.judge().equals(candidates().judge()))
            .findFirst();
    }

    /** What accuracies by themselves of the networks that the experiment ranks follow from. */
    NamedValues truth() {
        if (truth == null) { // teacher and file are read for it
            truth = RankStage.truth(this);
        }
        return truth;
    }

    /** The same if the networks and their accuracies by themselves are those that the experiment names by now. */
    private Optional<RunEvent.NetworksRanked> rankedAsNow() {
        if (experiment.rank().isEmpty()) {
            return Optional.empty();
        }
        try {
            return networksRanked().filter(ranked -> truth().differenceFrom(ranked.truth()).isEmpty());
        } catch (InputException e) {
            events.say("report: without the order of networks: " + e.getMessage());
            return Optional.empty();
        }
    }

    /**
     * Makes sure, as far as it can be known by now, that devices will be there when they are asked.
     *
     * @throws InputException if one cannot be reached this way
     */
    void requireReachable(List<Experiment.Target> targets) {
        List<Experiment.Target> unseen = targets.stream().filter(target -> !lookedFor.contains(target)).toList();
        if (!unseen.isEmpty() && fleet == null) {
            access.check(unseen, warning -> events.emit(new RunEvent.Warning("devices", warning)));
            lookedFor.addAll(unseen);
        }
    }

    WinnerExport exporter() {
        return new WinnerExport(experiment, space(), folder.exports(),
            () -> SubnetEvaluator.weightsOrigin(Checkpoint.weightsFingerprint(checkpoint()), data(), experiment.evaluation()), version, events());
    }

    /** Every candidate whose accuracy is known by the same weights and images. */
    StoredCandidates candidates() {
        return candidates(judge());
    }

    /** Every candidate whose accuracy is known as the search has it: by the same weights and images, corrected alike. */
    StoredCandidates searchedCandidates() {
        return candidates(searchedBy());
    }

    private StoredCandidates candidates(NamedValues judge) {
        return new StoredCandidates(results, judge.fingerprint("accuracy", ACCURACY_VERSION));
    }

    /** What an accuracy that the search goes by follows from besides its architecture. */
    private NamedValues searchedBy() {
        NamedValues judge = NamedValues.builder().putAll(judge()).putLater("evaluation.early-stopping",
            experiment.evaluation().stopping().map(stopping -> NamedValues.text(stopping.confidence())).orElse("none"), "none").build();
        if (experiment.command().isPresent()) {
            NamedValues.Builder commanded = NamedValues.builder().putAll(judge);
            Experiment.Command command = experiment.command().get();
            command.describe(experiment.text().file().getParent(), commanded);
            command.form().map(experiment.export().forms()::get)
                .ifPresent(form -> form.values().shown().forEach((name, value) -> commanded.put("accuracy.form." + name, value)));
            return commanded.build();
        }
        if (experiment.rank().map(Rank::correct).orElse(OptionalInt.empty()).isEmpty()) {
            return judge;
        }
        String networks = networksRanked().map(ranked -> ranked.networks().stream()
            .map(network -> network.architecture() + " " + NamedValues.text(network.alone())).collect(Collectors.joining("\n"))).orElse("");
        return NamedValues.builder().putAll(judge).put("rank.correct", experiment.rank().get().correct().getAsInt())
            .put("rank.networks", Sha256.of(networks)).put("rank.seed", experiment.training().seed()).build();
    }

    /** What a candidate's accuracy follows from besides its architecture. */
    private NamedValues judge() {
        return experiment.accuracyTable().map(this::tabulated).or(() -> experiment.predictor().map(this::predicted))
            .orElseGet(() -> SubnetEvaluator.origin(space(), Checkpoint.weightsFingerprint(checkpoint()), data(),
                experiment.evaluation()));
    }

    private NamedValues predicted(Experiment.Predictor predictor) {
        return NamedValues.builder().put("space", space().fingerprint()).put("accuracy.onnx", content(predictor.model()))
            .put("accuracy.encoding", predictor.encoding().key())
            .put("accuracy.unit", predictor.unit().name().toLowerCase(Locale.ROOT)).build();
    }

    private NamedValues tabulated(AccuracyFile table) {
        NamedValues.Builder judge = NamedValues.builder().put("space", genes().fingerprint())
            .put("accuracy.table", content(table.path()));
        if (!table.isUsual()) {
            judge.put("accuracy.column", table.column()).put("accuracy.unit", table.unit().name().toLowerCase(Locale.ROOT));
        }
        return judge.build();
    }

    private static String content(Path file) {
        InputFile.requireRegular(file);
        return Sha256.ofFile(file);
    }

    Map<String, String> provenance() {
        Map<String, String> provenance = new LinkedHashMap<>();
        provenance.put("lutra", version);
        provenance.put("experiment", experiment.name());
        Map<String, String> origin = new LinkedHashMap<>(searchedBy().shown());
        if (experiment.hasSupernet()) {
            origin.putAll(trained());
        }
        experiment.search().part().ifPresent(part -> {
            provenance.put("search.fixed", part.fixed());
            provenance.put("search.genes", String.join(" ", part.genes()));
        });
        origin.forEach((name, value) -> provenance.put(inProvenance(name), value));
        return provenance;
    }

    /** What the supernet's weights follow from, as their file says. */
    Map<String, String> trained() {
        return Checkpoint.read(checkpoint()).origin();
    }

    @Override
    public void close() {
        closeQuietly(fleet);
        closeQuietly(predictor);
        closeQuietly(cluster);
        closeQuietly(evaluator);
        closeQuietly(supernet);
        closeQuietly(data);
        closeQuietly(progress);
        database.close();
    }

    private void closeQuietly(AutoCloseable part) {
        try {
            if (part != null) {
                part.close();
            }
        } catch (Exception e) {
            events.emit(new RunEvent.Warning("close", "while closing: " + e.getMessage()));
        }
    }
}
