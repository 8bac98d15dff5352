package dev.lutra.server.experiment;

import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.Names;
import dev.lutra.lowering.Precision;
import dev.lutra.onnx.deploy.Deployment;
import dev.lutra.onnx.deploy.DetectorHead;
import dev.lutra.onnx.deploy.HeadFile;
import dev.lutra.ranking.Ranking;
import dev.lutra.search.AccuracyFile;
import dev.lutra.search.Algorithm;
import dev.lutra.search.Constraint;
import dev.lutra.search.Encoding;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import dev.lutra.search.correction.Correction;
import dev.lutra.server.experiment.Experiment.Command;
import dev.lutra.server.experiment.Experiment.Export;
import dev.lutra.server.experiment.Experiment.FirstWeights;
import dev.lutra.server.experiment.Experiment.Predictor;
import dev.lutra.server.experiment.Experiment.Profile;
import dev.lutra.server.experiment.Experiment.Rank;
import dev.lutra.server.experiment.Experiment.Retraining;
import dev.lutra.server.experiment.Experiment.Search;
import dev.lutra.server.experiment.Experiment.Target;
import dev.lutra.server.experiment.Experiment.Text;
import dev.lutra.server.experiment.Experiment.Truth;
import dev.lutra.server.experiment.Experiment.Verify;
import dev.lutra.identity.NamedValues;
import dev.lutra.space.Header;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.blockwise.BlockWiseSampling;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.descent.Descent;
import dev.lutra.supernet.evaluation.AccuracyKind;
import dev.lutra.supernet.evaluation.EarlyStopping;
import dev.lutra.supernet.evaluation.EvaluationSettings.By;
import dev.lutra.supernet.evaluation.Calibration;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.Recalibration;
import dev.lutra.supernet.proxy.Proxy;
import dev.lutra.supernet.split.Split;
import dev.lutra.supernet.superkernel.SuperkernelSampling;
import dev.lutra.supernet.training.Guidance;
import dev.lutra.supernet.training.Recipe;
import dev.lutra.supernet.training.Rounds;
import dev.lutra.supernet.training.TrainingSettings;
import dev.lutra.yaml.Durations;
import dev.lutra.yaml.YamlNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads experiment files. */
public final class ExperimentFile {

    private static final String CPU = "cpu";
    private static final int DEFAULT_ROUNDS = 4;
    private static final Duration DEFAULT_SLICE = Duration.ofMillis(60);
    private static final Duration DEFAULT_TIME_LIMIT = Duration.ofSeconds(12);
    private static final int DEFAULT_CALIBRATE = 40;
    private static final int DEFAULT_HELD_OUT = 12;
    private static final int DEFAULT_PROBES = 3;
    private static final int DEFAULT_RANKED = 100;
    private static final int DEFAULT_TOP = 10;
    /** More in one call than anybody measures. */
    private static final int MOST_IMAGES = 4096;
    private static final int DEFAULT_REPAIRS = 5;
    private static final double LEAST_RANK_LOSS = 0.01;
    private static final double MOST_RANK_LOSS = 100;
    private static final double USUAL_RANK_WEIGHT = 2;
    private static final double MOST_MARGIN = 10;
    private static final double HALF = 0.5;
    private static final int LEAST_SIZE = 8;
    private static final int MOST_GPUS = 64;
    private static final double LEAST_CONFIDENCE = 0.8;
    private static final double LEAST_THRESHOLD = 0.001;
    private static final double MOST_CONFIDENCE = 0.999999;
    private static final int MOST_AT_ONCE = 256;
    private static final Duration DEFAULT_COMMAND_LIMIT = Duration.ofHours(1);
    private static final String REPLACE_HEAD = "replace-head";
    private static final String DEFAULT_ALGORITHM = "lutra";
    /** What a table in the place of a space leaves nothing to do for. */
    private static final List<String> OF_NETWORKS = List.of("data", "device", "gpus", "compute", "accuracy", "supernet", "evaluation", "rank",
        "retrain",
        "image-size", "targets", "profile", "export", "verify");

    private final YamlNode file;
    private final Path folder;
    private final Vocabulary vocabulary;

    private ExperimentFile(YamlNode file, Path folder, Vocabulary vocabulary) {
        this.file = file;
        this.folder = folder;
        this.vocabulary = vocabulary;
    }

    /**
     * Reads an experiment file. Paths in it are relative to the file's folder.
     *
     * @throws InputException with file, line, key and expectation
     */
    public static Experiment read(Path file) {
        return read(file, Vocabulary.STANDARD);
    }

    /**
     * Reads a file that may use other names than the built-in ones.
     *
     * @throws InputException with file, line, key and expectation
     */
    public static Experiment read(Path file, Vocabulary vocabulary) {
        return read(file, InputFile.text(file, YamlNode.MOST_BYTES), vocabulary);
    }

    /**
     * Reads an experiment whose file may not be there any more.
     *
     * @param file where it was
     * @throws InputException with file, line, key and expectation
     */
    public static Experiment read(Text text) {
        return read(text.file(), text.content(), Vocabulary.STANDARD);
    }

    private static Experiment read(Path file, String content, Vocabulary vocabulary) {
        Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("."));
        return new ExperimentFile(YamlNode.parse(file.toString(), content), folder, vocabulary)
            .experiment(new Text(file.toAbsolutePath().normalize(), content));
    }

    private Experiment experiment(Text text) {
        long seed = file.find("seed").map(node -> node.whole(0, Long.MAX_VALUE)).orElse(1L);
        YamlNode space = file.get("space");
        Optional<YamlNode> accuracy = accuracy();
        Optional<Predictor> predictor = accuracy.filter(node -> node.find("onnx").isPresent()).map(this::predictor);
        Optional<Command> command = accuracy.filter(node -> node.find("command").isPresent()).map(this::command);
        Optional<AccuracyFile> accuracyTable = space.isMapping()
            ? Optional.of(tableSpace(space))
            : accuracy.filter(node -> predictor.isEmpty() && command.isEmpty()).map(this::accuracyTable);
        boolean tabulated = accuracyTable.isPresent();
        boolean trained = !tabulated && predictor.isEmpty();
        List<Target> targets = file.find("targets").map(node -> targets(node, folder)).orElse(List.of());
        int probes = integer(file.find("supernet"), "probes", 0, DEFAULT_PROBES); // before the section's keys are all looked at
        MeasureSections measures = new MeasureSections(file, vocabulary.measures(), targets, tabulated);
        List<Objective> objectives = measures.objectives();
        List<Constraint> constraints = measures.constraints();
        Search search = search(seed);
        requireTakes(search, objectives);
        Optional<Path> supernetFrom = supernetFrom();
        TrainingSettings training = supernet(seed);
        Optional<Experiment.DataSource> data = (trained ? Optional.of(file.get("data")) : file.find("data"))
            .map(node -> new DataSection(folder).read(node));
        boolean showsSeveral = data.map(Experiment.DataSource::showsSeveral).orElse(false);
        Experiment experiment = new Experiment(
            name(file.get("name")),
            space.isMapping() ? accuracyTable.orElseThrow().path().toString() : space(space, folder),
            !space.isMapping(),
            file.find("image-size").map(node -> Header.imageSize(node, LEAST_SIZE)),
            data,
            accuracyTable,
            predictor,
            command,
            supernetFrom,
            pretrained(),
            blockTeacher(),
            training,
            probes,
            retraining(file.find("retrain"), seed),
            evaluation(training.curriculum(), showsSeveral),
            targets,
            measures.told(),
            objectives,
            constraints,
            profile(file.find("profile"), folder),
            search,
            export(file.find("export"), showsSeveral),
            verify(file.find("verify")),
            file.find("rank").map(node -> rank(node, trained)),
            text,
            device(),
            file.find("compute").map(ExperimentFile::spark));
        file.rejectUnknownKeys();
        requirePredictable(experiment);
        requireStages(experiment);
        experiment.evaluation().stopping().ifPresent(stopping -> requireStoppable(experiment));
        experiment.superkernel().ifPresent(superkernel -> requireDecoded(experiment, superkernel));
        experiment.export().head().ifPresent(head -> requireTimedWhole(experiment));
        return experiment;
    }

    /** A head stays as its file has it, and what superkernels learn is the latency of the space's own networks. */
    private void requireTimedWhole(Experiment experiment) {
        YamlNode node = file.get("export").get(DetectorHead.NAME);
        if (experiment.superkernel().isPresent()) {
            throw node.error("given with supernet.sampling.superkernel, which learns latencies of networks without it (expected: one of them)");
        }
        experiment.targets().stream().filter(target -> target.precision() != Precision.FLOAT32).findFirst().ifPresent(target -> {
            throw node.error("given with precision " + target.precision() + " of target " + target.device() + " (expected: float32, as the head is)");
        });
    }

    private Devices.Wanted device() {
        Devices.Kind kind = file.find("device").map(node -> node.oneOf(Devices.Kind.class)).orElse(Devices.Kind.AUTO);
        int gpus = file.find("gpus").map(node -> node.integer(1, MOST_GPUS)).orElse(1);
        if (gpus > 1 && kind == Devices.Kind.CPU) {
            throw file.get("gpus").error(gpus + ", with device: cpu (expected: device: cuda, or no such key)");
        }
        return new Devices.Wanted(kind, gpus);
    }

    /** {@code spark: MASTER}, or {@code spark: {master: MASTER, settings: {KEY: VALUE}}}. */
    private static Experiment.Spark spark(YamlNode compute) {
        YamlNode spark = compute.get("spark");
        compute.rejectUnknownKeys();
        if (!spark.isMapping()) {
            return Experiment.Spark.of(spark.text());
        }
        SortedMap<String, String> settings = new TreeMap<>();
        spark.find("settings").ifPresent(all -> all.entries().forEach((key, value) -> {
            if (!key.startsWith("spark.")) {
                throw value.error(key + " (expected: a setting of Spark's, such as spark.executor.memory)");
            }
            settings.put(key, value.text());
        }));
        Experiment.Spark cluster = new Experiment.Spark(spark.get("master").text(), settings);
        spark.rejectUnknownKeys();
        return cluster;
    }

    /** Some figures come from whole networks alone: without them there is none to weigh, or to hold a limit against. */
    private void requirePredictable(Experiment experiment) {
        boolean asksP99 = experiment.targets().stream().anyMatch(target -> experiment.asks(Measure.p99(target.device())));
        List<Target> weighMemory = experiment.targets().stream().filter(target -> experiment.asks(Measure.memory(target.device()))).toList();
        boolean isWithout = experiment.profile().calibrate() == 0 && experiment.profile().table().isEmpty();
        if (isWithout && (asksP99 || !weighMemory.isEmpty())) {
            throw file.get("profile").get("calibrate").error("0, with " + (asksP99 ? "p99" : "memory")
                + " among what is asked (expected: at least 2, " + (asksP99 ? "p99" : "memory") + " being predicted from whole networks)");
        }
        experiment.targets().stream().filter(target -> experiment.asks(Measure.energy(target.device()))).findFirst().ifPresent(target -> {
            if (experiment.profile().budget().isPresent()) {
                throw file.get("profile").get("budget").error(experiment.profile().budget().get().toSeconds() + " s, with "
                    + Measure.energy(target.device()) + " (expected: no budget: energy takes some seconds a model beside the latency)");
            }
        });
        weighMemory.stream().filter(target -> !target.provider().equals(CPU)).findFirst().ifPresent(target -> {
            throw file.get("targets").error(target.device() + ": provider " + target.provider() + ", with " + Measure.memory(target.device())
                + " (expected: provider cpu; on another, models lie in memory that no process is told of)");
        });
    }

    /** Stages learn from a teacher, which is trained before them or given, and only where they have are they judged. */
    private void requireStages(Experiment experiment) {
        if (!experiment.hasSupernet() || experiment.supernetFrom().isPresent()) {
            return;
        }
        Curriculum curriculum = experiment.training().curriculum();
        if (experiment.blockTeacher().isPresent() && experiment.pretrained().isPresent()) {
            throw file.get("supernet").get("teacher")
                .error("given with supernet.from, whose weights stages would not begin with (expected: one of them)");
        }
        BlockWiseSampling.problemIn(curriculum, experiment.blockTeacher().isPresent()).ifPresent(problem -> {
            throw file.get("supernet").error(problem);
        });
        if (experiment.evaluation().by() == By.STAGES
            && (experiment.command().isPresent() || experiment.evaluation().accuracy() != AccuracyKind.usual(experiment.showsSeveral()))) {
            throw file.get("supernet")
                .error("sampling block-wise, whose stages are judged, with other accuracies (expected: evaluation.by: accuracy)");
        }
        if (experiment.evaluation().by() == By.STAGES && !BlockWiseSampling.isLast(curriculum)) {
            throw file.get("evaluation").get("by").error("stages, of a training that ends otherwise (expected: sampling block-wise in its last "
                + "phase)");
        }
    }

    /** What stops early is told by the supernet's own accuracies, and what they are worth for the front has to be known. */
    private void requireStoppable(Experiment experiment) {
        YamlNode node = file.get("evaluation").get("early-stopping");
        if (!experiment.hasSupernet() || experiment.superkernel().isPresent() || experiment.command().isPresent()) {
            throw node.error("given without a search by a supernet's accuracies (expected: no such key)");
        }
        if (experiment.evaluation().by() == By.STAGES) {
            throw node.error("given with evaluation.by: stages, which ask for all images (expected: one of them)");
        }
        if (experiment.evaluation().accuracy() != AccuracyKind.TOP1) {
            throw node.error("given with accuracies as " + experiment.evaluation().accuracy().key()
                + ", which the first images do not bound (expected: one of them)");
        }
        if (experiment.rank().map(rank -> rank.correct().isPresent()).orElse(false)) {
            throw node.error("given with rank.correct, which foretells from whole accuracies (expected: one of them)");
        }
        List<Objective> unknown = experiment.objectives().stream().filter(Objective::needsAccuracy).toList();
        if (!unknown.equals(List.of(Objective.max(Measure.ACCURACY)))) {
            throw node.error("given with objectives " + experiment.objectives() + " (expected: max accuracy, and besides it what is known "
                + "without it)");
        }
    }

    /** What superkernels learn is decoded as it is: nothing else chooses, and they know their own devices. */
    private void requireDecoded(Experiment experiment, SuperkernelSampling superkernel) {
        file.find("search").ifPresent(node -> {
            throw node.error("given with supernet.sampling.superkernel, which is decoded without a search (expected: no such key)");
        });
        if (!experiment.constraints().isEmpty()) {
            throw file.find("constraints").or(() -> file.find("targets")).orElseThrow().error(experiment.constraints().get(0)
                + ", given with supernet.sampling.superkernel (expected: no limits, but its target)");
        }
        YamlNode supernet = file.get("supernet");
        if (experiment.training().curriculum().phases().size() > 1) {
            throw supernet.error("superkernel beside other phases (expected: alone, without first-path)");
        }
        if (!experiment.training().curriculum().phases().get(0).then().isEmpty()) {
            throw supernet.error("superkernel with then (expected: nothing after it, as it is decoded as it was trained)");
        }
        try {
            superkernel.requireDevices(experiment.targets().stream().map(Target::device).toList());
        } catch (InputException e) {
            throw supernet.error(e.getMessage());
        }
    }

    private static String name(YamlNode node) {
        if (!node.text().matches("[A-Za-z0-9][A-Za-z0-9._-]{0,99}")) {
            throw node.error("'" + node.text() + "' (expected: at most 100 letters, digits, '.', '_', '-'; it names the run's folder)");
        }
        return node.text();
    }

    /** A file's path relative to the experiment, or a built-in name. */
    private static String space(YamlNode node, Path folder) {
        String text = node.text();
        return SpaceFile.isFile(text) ? folder.resolve(text).toString() : text;
    }

    /** {@code space: {table: FILE}}: a problem without networks, of which nothing else is said. */
    private AccuracyFile tableSpace(YamlNode space) {
        for (String key : OF_NETWORKS) {
            file.find(key).ifPresent(node -> {
                throw node.error("given with space.table, whose architectures have no networks (expected: no such key)");
            });
        }
        AccuracyFile table = accuracyFile(space);
        space.rejectUnknownKeys();
        return table;
    }

    private AccuracyFile accuracyTable(YamlNode accuracy) {
        AccuracyFile table = accuracyFile(accuracy);
        accuracy.rejectUnknownKeys();
        return table;
    }

    private Predictor predictor(YamlNode accuracy) {
        Predictor predictor = new Predictor(folder.resolve(accuracy.get("onnx").text()), accuracy.get("encoding").oneOf(Encoding.class),
            accuracy.find("unit").map(unit -> unit.oneOf(AccuracyFile.Unit.class)).orElse(AccuracyFile.Unit.SHARE));
        accuracy.rejectUnknownKeys();
        return predictor;
    }

    private Command command(YamlNode accuracy) {
        YamlNode words = accuracy.get("command");
        List<String> program = words.isList() ? words.items().stream().map(YamlNode::text).toList() : List.of(words.text().strip().split("\\s+"));
        if (program.isEmpty() || program.get(0).isBlank()) {
            throw words.error("no program (expected: a program and its arguments, to which the file is added)");
        }
        Command command = new Command(program, accuracy.find("at-once").map(node -> node.integer(1, MOST_AT_ONCE)).orElse(1),
            accuracy.find("time-limit").map(Durations::of).orElse(DEFAULT_COMMAND_LIMIT),
            accuracy.find("unit").map(unit -> unit.oneOf(AccuracyFile.Unit.class)).orElse(AccuracyFile.Unit.SHARE),
            accuracy.find("form").map(YamlNode::text));
        command.form().filter(form -> !form.equals(DetectorHead.NAME) || file.find("export").flatMap(export -> export.find(form)).isEmpty())
            .filter(form -> file.find("export").flatMap(export -> export.find("deploy")).flatMap(all -> all.find(form)).isEmpty())
            .ifPresent(form -> {
                throw accuracy.get("form").error(form + " (expected: a name under export.deploy)");
            });
        accuracy.rejectUnknownKeys();
        file.find("rank").flatMap(rank -> rank.find("correct")).ifPresent(node -> {
            throw node.error("given with accuracy.command, whose answers are not the supernet's (expected: one of them)");
        });
        return command;
    }

    /** Where accuracies come from, if not from a supernet, for which it leaves nothing to do but where a program looks at its networks. */
    private Optional<YamlNode> accuracy() {
        Optional<YamlNode> accuracy = file.find("accuracy");
        if (accuracy.isPresent() && accuracy.get().find("command").isEmpty() && file.find("supernet").isPresent()) {
            String given = accuracy.get().find("onnx").isPresent() ? "onnx" : "table";
            throw file.get("supernet").error("given with accuracy." + given + " (expected: one of them)");
        }
        return accuracy;
    }

    private Rank rank(YamlNode node, boolean trained) {
        if (!trained) {
            throw node.error("given with accuracies from elsewhere (expected: a supernet, whose order of networks is looked at)");
        }
        Optional<YamlNode> train = node.find("train");
        if (train.isPresent() == node.find("table").isPresent()) {
            throw node.error("expected: either 'table', a file of accuracies, or 'train', how many networks to train");
        }
        Truth truth = train.<Truth>map(n -> new Truth.Trained(n.integer(Ranking.FEWEST)))
            .orElseGet(() -> new Truth.Tabulated(accuracyFile(node), integer(Optional.of(node), "networks", Ranking.FEWEST, DEFAULT_RANKED)));
        Rank rank = new Rank(truth, integer(Optional.of(node), "top", 1, DEFAULT_TOP), correct(node, truth.networks()));
        node.rejectUnknownKeys();
        return rank;
    }

    private static OptionalInt correct(YamlNode rank, int networks) {
        Optional<YamlNode> correct = rank.find("correct");
        if (correct.isPresent() && networks < Correction.FEWEST) {
            throw correct.get().error("given with " + networks + " networks to rank (expected: at least " + Correction.FEWEST + ")");
        }
        return correct.map(node -> OptionalInt.of(node.integer(Correction.FEWEST, networks))).orElse(OptionalInt.empty());
    }

    private AccuracyFile accuracyFile(YamlNode node) {
        AccuracyFile usual = AccuracyFile.of(folder.resolve(node.get("table").text()));
        return new AccuracyFile(usual.path(), node.find("column").map(YamlNode::text).orElse(usual.column()),
            node.find("unit").map(n -> n.oneOf(AccuracyFile.Unit.class)).orElse(usual.unit()));
    }

    /** Trained weights, which leave nothing to train. */
    private Optional<Path> supernetFrom() {
        Optional<YamlNode> supernet = file.find("supernet").filter(node -> pretrained().isEmpty());
        Optional<YamlNode> from = supernet.flatMap(node -> node.find("from"));
        from.ifPresent(node -> supernet.get().entries().forEach((key, value) -> {
            if (!key.equals("from") && !key.equals(Split.NAME)) { // which weights it has
                throw value.error("given with supernet.from, whose weights are trained (expected: one of them)");
            }
        }));
        return from.map(node -> folder.resolve(node.text()));
    }

    /** Weights to begin with: what {@code replace-head} stands beside is trained further. */
    private Optional<FirstWeights.Pretrained> pretrained() {
        return file.find("supernet").flatMap(supernet -> supernet.find(REPLACE_HEAD).map(head -> new FirstWeights.Pretrained(
            folder.resolve(supernet.get("from").text()), head.flag())));
    }

    private Optional<Path> blockTeacher() {
        return file.find("supernet").flatMap(node -> node.find("teacher")).map(node -> folder.resolve(node.text()));
    }

    private TrainingSettings supernet(long seed) {
        Optional<YamlNode> node = file.find("supernet");
        Curriculum curriculum = curriculum(node);
        Optional<YamlNode> parallel = node.flatMap(n -> n.find("data-parallel"));
        Optional<Rounds.Settings> rounds = parallel.map(Rounds.Settings::read);
        TrainingSettings training = training(node, seed, curriculum, guidance(node, curriculum),
            node.map(n -> Recipe.read(n, false)).orElse(Recipe.PLAIN));
        try {
            return rounds.map(training::in).orElse(training);
        } catch (InputException e) {
            throw parallel.orElseThrow().error(e.getMessage());
        }
    }

    /** @throws dev.lutra.InputException if paths are to be held against each other that no sampling trains in one step */
    private static Guidance guidance(Optional<YamlNode> supernet, Curriculum curriculum) {
        Optional<YamlNode> distillation = supernet.flatMap(node -> node.find("distillation"));
        Optional<YamlNode> rankLoss = supernet.flatMap(node -> node.find("rank-loss"));
        Optional<YamlNode> rankDistillation = supernet.flatMap(node -> node.find("rank-distillation"));
        rankDistillation.filter(node -> rankLoss.isPresent()).ifPresent(node -> {
            throw node.error("given with supernet.rank-loss (expected: one of them)");
        });
        distillation.or(() -> rankLoss).or(() -> rankDistillation).filter(node -> !curriculum.trainsSeveral()).ifPresent(node -> {
            throw node.error("with " + String.join(", ", curriculum.samplings()) + " (expected: with a sampling that trains several "
                + "paths a step, such as fair or sandwich)");
        });
        return new Guidance(distillation.map(ExperimentFile::distillation),
            rankLoss.map(node -> Guidance.Ranks.byMacs(node.number(LEAST_RANK_LOSS, MOST_RANK_LOSS)))
                .or(() -> rankDistillation.map(ExperimentFile::ranks)));
    }

    private static Guidance.Ranks ranks(YamlNode node) {
        Guidance.Ranks ranks = new Guidance.Ranks(node.get("proxy").oneOf(Proxy.class),
            node.find("weight").map(value -> value.number(LEAST_RANK_LOSS, MOST_RANK_LOSS)).orElse(USUAL_RANK_WEIGHT),
            node.find("margin").map(value -> value.number(0, MOST_MARGIN)).orElse(0.0));
        node.rejectUnknownKeys();
        return ranks;
    }

    private static Guidance.Distillation distillation(YamlNode node) {
        Guidance.Distillation distillation = new Guidance.Distillation(node.get("share").number(0.01, 1),
            node.find("temperature").map(value -> value.number(0.1, 100)).orElse(1.0));
        node.rejectUnknownKeys();
        return distillation;
    }

    private Retraining retraining(Optional<YamlNode> node, long seed) {
        Recipe recipe = node.map(n -> Recipe.read(n, true)).orElse(Recipe.PLAIN);
        FirstWeights weights = node.flatMap(n -> n.find("weights")).map(n -> FirstWeights.of(n.text(), folder)).orElseGet(FirstWeights.Scratch::new);
        Optional<YamlNode> head = node.flatMap(n -> n.find(REPLACE_HEAD));
        if (head.isPresent()) {
            boolean replaces = head.get().flag();
            if (!(weights instanceof FirstWeights.InFile given)) {
                throw head.get().error("given without weights of a file (expected: retrain.weights: a file or a run's folder)");
            }
            weights = new FirstWeights.Pretrained(given.path(), replaces);
        }
        Optional<Experiment.Distillation> distillation = node.flatMap(n -> n.find("distillation")).map(this::taught);
        Optional<String> space = node.flatMap(n -> n.find("space")).map(n -> space(n, folder));
        return new Retraining(training(node, seed, Curriculum.of(Sampling.uniform()), Guidance.NONE, recipe), weights, distillation, space);
    }

    private Experiment.Distillation taught(YamlNode node) {
        String from = node.get("from").text();
        Experiment.Distillation distillation = new Experiment.Distillation(
            from.equals("supernet") ? Optional.empty() : Optional.of(folder.resolve(from)),
            node.find("share").map(value -> value.number(0.01, 1)).orElse(0.5),
            node.find("temperature").map(value -> value.number(0.1, 100)).orElse(1.0));
        node.rejectUnknownKeys();
        return distillation;
    }

    private TrainingSettings training(Optional<YamlNode> node, long seed, Curriculum curriculum, Guidance guidance, Recipe recipe) {
        TrainingSettings defaults = TrainingSettings.defaults();
        TrainingSettings settings = new TrainingSettings(
            integer(node, "epochs", 1, defaults.epochs()),
            integer(node, "batch", 2, defaults.batch()),
            curriculum,
            node.flatMap(n -> n.find("optimizer")).map(Descent::read).orElse(defaults.descent()),
            number(node, "label-smoothing", 0, 0.9, defaults.labelSmoothing()),
            guidance,
            recipe,
            seed);
        node.ifPresent(YamlNode::rejectUnknownKeys);
        return settings;
    }

    /** Phases as they are written, or what {@code sampling} and {@code first-path} say. */
    private Curriculum curriculum(Optional<YamlNode> supernet) {
        Optional<YamlNode> phases = supernet.flatMap(n -> n.find("phases"));
        Optional<YamlNode> sampling = supernet.flatMap(n -> n.find("sampling"));
        Optional<YamlNode> firstPath = supernet.flatMap(n -> n.find("first-path"));
        Optional<YamlNode> split = supernet.flatMap(n -> n.find(Split.NAME));
        if (phases.isPresent()) {
            sampling.or(() -> firstPath).or(() -> split).ifPresent(node -> {
                throw node.error("given with supernet.phases (expected: one of them)");
            });
            return Curriculum.read(phases.get(), vocabulary.samplings(), vocabulary.transitions());
        }
        Sampling drawn = sampling.map(n -> vocabulary.samplings().read(n)).orElseGet(Sampling::uniform);
        boolean isAlone = drawn instanceof SuperkernelSampling || pretrained().isPresent() || blockTeacher().isPresent();
        double share = firstPath.map(n -> n.number(0, 0.9)).orElse(isAlone ? 0 : TrainingSettings.FIRST_PATH);
        Curriculum whole = drawn instanceof BlockWiseSampling blockWise && share > 0
            ? blockWise.afterTeacher(share)
            : Curriculum.firstPathThen(share, drawn);
        return split.map(node -> split(node, whole)).orElse(whole);
    }

    private static Curriculum split(YamlNode node, Curriculum whole) {
        double start = 1 - whole.phases().get(whole.phases().size() - 1).share();
        double after = node.find("after").map(n -> n.number(0.01, 0.99)).orElse(HALF);
        if (after <= start) {
            throw node.error("after " + NamedValues.text(after) + " of the epochs (expected: after the first path, which takes "
                + NamedValues.text(start) + ")");
        }
        Split split = Split.read(node.get("by"));
        node.rejectUnknownKeys();
        try {
            return whole.interrupted(after, split);
        } catch (InputException e) {
            throw node.error(e.getMessage().replaceFirst("^supernet.phases: ", ""));
        }
    }

    private static double number(Optional<YamlNode> node, String key, double least, double most, double otherwise) {
        return node.flatMap(n -> n.find(key)).map(n -> n.number(least, most)).orElse(otherwise);
    }

    private static int integer(Optional<YamlNode> node, String key, int least, int otherwise) {
        return node.flatMap(n -> n.find(key)).map(n -> n.integer(least)).orElse(otherwise);
    }

    private EvaluationSettings evaluation(Curriculum curriculum, boolean showsSeveral) {
        Optional<YamlNode> node = file.find("evaluation");
        By usual = BlockWiseSampling.isLast(curriculum) ? By.STAGES : By.ACCURACY;
        EvaluationSettings defaults = EvaluationSettings.defaults();
        EvaluationSettings settings = new EvaluationSettings(
            node.flatMap(n -> n.find("recalibration")).map(n -> n.oneOf(Recalibration.class)).orElse(defaults.recalibration()),
            integer(node, "recalibration-images", 2, defaults.recalibrationImages()),
            integer(node, "validation-images", 1, defaults.validationImages()),
            integer(node, "batch", 2, defaults.batch()),
            defaults.seed(),
            integer(node, "evaluators", 1, defaults.evaluators()),
            node.flatMap(n -> n.find("accuracy")).map(n -> accuracyKind(n, showsSeveral)).orElse(AccuracyKind.usual(showsSeveral)),
            node.flatMap(n -> n.find("threshold")).map(n -> threshold(n, showsSeveral)).orElse(EvaluationSettings.DEFAULT_THRESHOLD),
            node.flatMap(n -> n.find("early-stopping")).map(n -> new EarlyStopping(n.number(LEAST_CONFIDENCE, MOST_CONFIDENCE))),
            node.flatMap(n -> n.find("by")).map(n -> n.oneOf(By.class)).orElse(usual),
            node.flatMap(n -> n.find("ranges")).filter(n -> n.isMapping() || !n.text().equals("learned")).map(Calibration::read));
        node.ifPresent(YamlNode::rejectUnknownKeys);
        if (settings.ranges().isPresent() && (settings.recalibration() == Recalibration.BATCH || settings.by() == By.STAGES)) {
            throw node.orElseThrow().get("ranges").error("beside " + (settings.by() == By.STAGES ? "accuracies of stages" : "recalibration: batch")
                + " (expected: with candidates that are recalibrated whole)");
        }
        return settings;
    }

    private static AccuracyKind accuracyKind(YamlNode node, boolean showsSeveral) {
        AccuracyKind kind = node.oneOf(AccuracyKind.class);
        if (!kind.fits(showsSeveral)) {
            throw node.error(kind.key() + ", of images that show " + (showsSeveral ? "several classes" : "one class each") + " (expected: "
                + AccuracyKind.fitting(showsSeveral) + ")");
        }
        return kind;
    }

    private static double threshold(YamlNode node, boolean showsSeveral) {
        if (!showsSeveral) {
            throw node.error("given with images that show one class each, of which the highest output answers (expected: no such key)");
        }
        return node.number(LEAST_THRESHOLD, 1 - LEAST_THRESHOLD);
    }

    private static List<Target> targets(YamlNode list, Path folder) {
        List<Target> targets = new ArrayList<>();
        Set<String> devices = new HashSet<>();
        for (YamlNode node : list.items()) {
            Optional<YamlNode> latency = node.find("latency");
            Target target = new Target(Names.device(node.get("device")::error, node.get("device").text()),
                node.find("batch").map(n -> n.integer(1, MOST_IMAGES)).orElse(1),
                latency.flatMap(n -> n.find("p50")).map(Durations::of),
                latency.flatMap(n -> n.find("p99")).map(Durations::of),
                node.find("provider").map(n -> n.text().toLowerCase(Locale.ROOT)).orElse(CPU),
                node.find("options").map(ExperimentFile::options).orElse(Map.of()),
                node.find("threads").map(n -> n.integer(1)).orElse(1),
                node.find("precision").map(n -> n.oneOf(Precision.class)).orElse(Precision.FLOAT32),
                node.find("table").map(n -> folder.resolve(n.text())));
            latency.ifPresent(YamlNode::rejectUnknownKeys);
            node.rejectUnknownKeys();
            if (!devices.add(target.device())) {
                throw node.error(target.device() + ": given twice (expected: every device once)");
            }
            targets.add(target);
        }
        if (targets.isEmpty()) {
            throw list.error("no targets (expected: at least one device)");
        }
        return targets;
    }

    private static Map<String, String> options(YamlNode node) {
        Map<String, String> options = new TreeMap<>();
        node.entries().forEach((key, value) -> options.put(key, value.text()));
        return options;
    }

    static Profile profile(Optional<YamlNode> node, Path folder) {
        Profile profile = new Profile(
            number(node, "half-width", 0.001, 0.5, 0.01),
            integer(node, "rounds", 1, DEFAULT_ROUNDS),
            node.flatMap(n -> n.find("slice")).map(Durations::of).orElse(DEFAULT_SLICE),
            node.flatMap(n -> n.find("time-limit")).map(Durations::of).orElse(DEFAULT_TIME_LIMIT),
            node.flatMap(n -> n.find("calibrate")).map(ExperimentFile::calibrate).orElse(DEFAULT_CALIBRATE),
            integer(node, "held-out", 1, DEFAULT_HELD_OUT),
            node.flatMap(n -> n.find("budget")).map(Durations::of),
            node.flatMap(n -> n.find("table")).map(n -> folder.resolve(n.text())));
        node.ifPresent(YamlNode::rejectUnknownKeys);
        return profile;
    }

    /** None, or enough for a fit. */
    private static int calibrate(YamlNode node) {
        int count = node.integer(0);
        if (count == 1) {
            throw node.error("1 (expected: 0 for none, or at least 2)");
        }
        return count;
    }

    /** Settings of the algorithm may stand beside its name. */
    private void requireTakes(Search search, List<Objective> objectives) {
        try {
            search.algorithm().requireTakes(objectives);
        } catch (InputException e) {
            throw file.get("objectives").error(e.getMessage().replaceFirst("^objectives: ", ""));
        }
    }

    private Search search(long seed) {
        YamlNode node = file.find("search").orElse(YamlNode.EMPTY);
        long ownSeed = node.find("seed").map(n -> n.whole(0, Long.MAX_VALUE)).orElse(seed);
        Optional<PartOfGenes> part = part(node);
        Algorithm algorithm = algorithm(node);
        node.rejectUnknownKeys();
        return new Search(algorithm, ownSeed, part);
    }

    private Algorithm algorithm(YamlNode search) {
        try {
            Algorithm algorithm = search.find("algorithm").map(named -> vocabulary.algorithms().read(named, search))
                .orElseGet(() -> vocabulary.algorithms().read(DEFAULT_ALGORITHM, search));
            algorithm.budget(); // which may be a product
            return algorithm;
        } catch (ArithmeticException e) {
            throw search.error("more architectures than can be counted (expected: population × generations below " + Integer.MAX_VALUE + ")");
        }
    }

    private static Optional<PartOfGenes> part(YamlNode search) {
        Optional<YamlNode> fixed = search.find("fixed");
        Optional<YamlNode> genes = search.find("genes");
        if (fixed.isPresent() != genes.isPresent()) {
            throw fixed.or(() -> genes).orElseThrow().error("given alone (expected: search.fixed and search.genes, or neither)");
        }
        return fixed.map(architecture -> new PartOfGenes(architecture.text(), genes(genes.orElseThrow())));
    }

    private static List<String> genes(YamlNode node) {
        return node.isList() ? node.items().stream().map(YamlNode::text).toList() : List.of(node.text());
    }

    private static Verify verify(Optional<YamlNode> node) {
        Verify verify = new Verify(node.flatMap(n -> n.find("budget")).map(Durations::of), integer(node, "repairs", 0, DEFAULT_REPAIRS));
        node.ifPresent(YamlNode::rejectUnknownKeys);
        return verify;
    }

    private Export export(Optional<YamlNode> node, boolean showsSeveral) {
        Export export = new Export(
            integer(node, "top", 1, 3),
            node.flatMap(n -> n.find("fold-batch-norm")).map(YamlNode::flag).orElse(true),
            deployments(node.flatMap(n -> n.find("deploy")), showsSeveral),
            node.flatMap(n -> n.find("int8")).map(Calibration::read),
            node.flatMap(n -> n.find("head")).map(n -> new HeadFile(folder.resolve(n.text()))));
        node.ifPresent(YamlNode::rejectUnknownKeys);
        return export;
    }

    private SortedMap<String, Deployment> deployments(Optional<YamlNode> node, boolean showsSeveral) {
        SortedMap<String, Deployment> deployments = new TreeMap<>();
        node.ifPresent(all -> all.entries().forEach((name, form) -> {
            if (!name.matches("[a-z][a-z0-9]{0,30}") || name.equals("int8")
                || Arrays.stream(Precision.values()).anyMatch(taken -> taken.toString().equals(name))) {
                throw form.error("'" + name + "' (expected: a name for these files of at most 31 small letters and digits, a letter first, "
                    + "that is no precision's)");
            }
            if (name.equals(DetectorHead.NAME) && file.get("export").find(DetectorHead.NAME).isPresent()) {
                throw form.error("'" + name + "', given with export.head, whose files are called so (expected: another name)");
            }
            deployments.put(name, Deployment.read(form, folder));
            form.find("softmax").filter(softmax -> showsSeveral && softmax.flag()).ifPresent(softmax -> {
                throw softmax.error("true, of images that show several classes (expected: sigmoid, which makes a probability of each output)");
            });
        }));
        return deployments;
    }
}
