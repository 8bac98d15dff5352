package dev.lutra.server.experiment;

import dev.lutra.InputException;
import dev.lutra.Names;
import dev.lutra.data.DataSpec;
import dev.lutra.data.Source;
import dev.lutra.lowering.Precision;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.curriculum.Samplings;
import dev.lutra.supernet.curriculum.Transitions;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.training.TrainingSettings.Schedule;
import dev.lutra.supernet.training.TrainingSettings;
import dev.lutra.yaml.YamlNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * What an experiment file asks for; {@code docs/experiment.md} describes the keys.
 *
 * @param name of the experiment and its run folder
 * @param space how the file names it
 * @param imageSize side of the images in pixels; empty: the space's own
 * @param data where images come from; only an experiment with an accuracy table may have none
 * @param accuracyTable file of known accuracies that take the place of a supernet's, if any
 * @param supernetFrom a run's folder or a file with a trained supernet to take over, in place of training one, if any
 * @param training how the supernet is trained
 * @param retraining how winners are trained by themselves
 * @param evaluation how a candidate's accuracy is found
 * @param targets the devices, each with its latency limits
 * @param objectives names of what the search weighs
 * @param macs upper bound, if any
 * @param params upper bound, if any
 * @param profile how segments are timed
 * @param search the search's budget
 * @param export which winners leave, and how
 */
public record Experiment(String name, String space, Optional<Integer> imageSize, Optional<DataSource> data,
    Optional<Path> accuracyTable, Optional<Path> supernetFrom, TrainingSettings training, TrainingSettings retraining,
    EvaluationSettings evaluation, List<Target> targets, List<String> objectives, OptionalLong macs,
    OptionalLong params, Profile profile, Search search, Export export) {

    /** Name of the target that is this machine: its agent is started by the run itself. */
    public static final String LOCAL = "local";

    private static final int DEFAULT_ROUNDS = 4;
    private static final Duration DEFAULT_SLICE = Duration.ofMillis(60);
    private static final Duration DEFAULT_TIME_LIMIT = Duration.ofSeconds(12);
    private static final int DEFAULT_CALIBRATE = 40;
    private static final int DEFAULT_HELD_OUT = 12;
    private static final int DEFAULT_POPULATION = 50; // SPOS §1.5: 50 candidates, 20 rounds
    private static final int DEFAULT_GENERATIONS = 20;

    /** Images by role; the split's image size comes from the space. */
    public record DataSource(Source train, Optional<Source> validation, Optional<Source> test, double validationShare) {}

    /**
     * @param device name of the device in the fleet
     * @param p50 upper bound on the median latency of a whole network, if any
     * @param p99 upper bound on the latency that one call in a hundred exceeds, if any
     * @param provider execution provider
     * @param options of the provider
     * @param threads intra-op threads
     * @param precision what networks compute in there
     * @param table lookup table of this device to use or extend; empty: the profile's
     */
    public record Target(String device, Optional<Duration> p50, Optional<Duration> p99, String provider,
        Map<String, String> options, int threads, Precision precision, Optional<Path> table) {

        public Target {
            options = Collections.unmodifiableMap(new TreeMap<>(options));
        }
    }

    /**
     * @param halfWidth relative half width of the 95 % interval of the median that ends a measurement
     * @param rounds least processes that each model is measured in
     * @param slice how long each of them samples
     * @param timeLimit after which no further round begins
     * @param calibrate whole networks measured to correct the sum of segments; 0 for none
     * @param heldOut further whole networks, to state the error of the correction
     * @param budget that a device's whole table may take, whole networks included; empty: as long as it takes
     * @param table lookup table to use or extend for targets without their own; empty: one in the run folder
     */
    public record Profile(double halfWidth, int rounds, Duration slice, Duration timeLimit, int calibrate, int heldOut,
        Optional<Duration> budget, Optional<Path> table) {

        /** As an experiment has it that says nothing of it. */
        public static Profile defaults() {
            return profile(Optional.empty(), Path.of(""));
        }
    }

    /**
     * @param population candidates a generation
     * @param generations how many
     * @param seed of every draw
     */
    public record Search(int population, int generations, long seed) {}

    /**
     * @param top number of winners
     * @param foldBatchNorm whether batch norm is folded into the convolutions
     */
    public record Export(int top, boolean foldBatchNorm) {}

    /**
     * Reads an experiment file. Paths in it are relative to the file's folder.
     *
     * @throws InputException with file, line, key and expectation
     */
    public static Experiment read(Path file) {
        Path folder = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("."));
        return read(YamlNode.read(file), folder);
    }

    static Experiment read(YamlNode file, Path folder) {
        long seed = file.find("seed").map(node -> node.whole(0, Long.MAX_VALUE)).orElse(1L);
        Optional<Path> accuracyTable = accuracyTable(file, folder);
        boolean tabulated = accuracyTable.isPresent();
        List<Target> targets = part(file, "targets", tabulated).map(node -> targets(node, folder)).orElse(List.of());
        Optional<YamlNode> constraints = file.find("constraints");
        Experiment experiment = new Experiment(
            name(file.get("name")),
            space(file.get("space"), folder),
            file.find("image-size").map(node -> node.integer(8)),
            part(file, "data", tabulated).map(node -> data(node, folder)),
            accuracyTable,
            supernetFrom(file.find("supernet"), folder),
            supernet(file.find("supernet"), seed),
            training(file.find("retrain"), seed, Curriculum.of(Sampling.uniform())),
            evaluation(file.find("evaluation")),
            targets,
            objectives(file.find("objectives")),
            limit(constraints, "macs"),
            limit(constraints, "params"),
            profile(file.find("profile"), folder),
            search(file.find("search"), seed),
            export(file.find("export")));
        constraints.ifPresent(YamlNode::rejectUnknownKeys);
        file.rejectUnknownKeys();
        requirePredictable(file, experiment);
        return experiment;
    }

    /** A p99 comes from whole networks alone: without them there is none to hold a limit against. */
    private static void requirePredictable(YamlNode file, Experiment experiment) {
        boolean limited = experiment.targets().stream().anyMatch(target -> target.p99().isPresent());
        if (limited && experiment.profile().calibrate() == 0 && experiment.profile().table().isEmpty()) {
            throw file.get("profile").get("calibrate").error("0, with a limit on p99 (expected: at least 2, p99 being "
                + "predicted from whole networks)");
        }
    }

    private static String name(YamlNode node) {
        if (!node.text().matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
            throw node.error("'" + node.text() + "' (expected: letters, digits, '.', '_', '-'; it names the run's folder)");
        }
        return node.text();
    }

    /** A file's path relative to the experiment, or a built-in name. */
    private static String space(YamlNode node, Path folder) {
        String text = node.text();
        return text.endsWith(".yaml") || text.endsWith(".yml") ? folder.resolve(text).toString() : text;
    }

    private static Optional<YamlNode> part(YamlNode file, String key, boolean optional) {
        return optional ? file.find(key) : Optional.of(file.get(key));
    }

    /** The table, which leaves nothing for a supernet to do. */
    private static Optional<Path> accuracyTable(YamlNode file, Path folder) {
        Optional<YamlNode> accuracy = file.find("accuracy");
        Optional<Path> table = accuracy.map(node -> folder.resolve(node.get("table").text()));
        accuracy.ifPresent(YamlNode::rejectUnknownKeys);
        if (table.isPresent() && file.find("supernet").isPresent()) {
            throw file.get("supernet").error("given with accuracy.table (expected: one of them)");
        }
        return table;
    }

    private static DataSource data(YamlNode node, Path folder) {
        Source train = source(node.get("train"), folder);
        DataSource data = new DataSource(train,
            node.find("validation").map(source -> source(source, folder)),
            node.find("test").map(source -> source(source, folder)),
            node.find("validation-share").map(share -> share.number(0.01, 0.9)).orElse(DataSpec.DEFAULT_VALIDATION_SHARE));
        node.rejectUnknownKeys();
        return data;
    }

    private static Source source(YamlNode node, Path folder) {
        try {
            return Source.parse(node.text(), folder);
        } catch (IllegalArgumentException e) {
            throw node.error(e.getMessage());
        }
    }

    /** Trained weights, which leave nothing to train. */
    private static Optional<Path> supernetFrom(Optional<YamlNode> supernet, Path folder) {
        Optional<YamlNode> from = supernet.flatMap(node -> node.find("from"));
        from.ifPresent(node -> supernet.get().entries().forEach((key, value) -> {
            if (!key.equals("from")) {
                throw value.error("given with supernet.from, whose weights are trained (expected: one of them)");
            }
        }));
        return from.map(node -> folder.resolve(node.text()));
    }

    private static TrainingSettings supernet(Optional<YamlNode> node, long seed) {
        return training(node, seed, curriculum(node));
    }

    private static TrainingSettings training(Optional<YamlNode> node, long seed, Curriculum curriculum) {
        TrainingSettings defaults = TrainingSettings.defaults();
        Optional<YamlNode> optimizer = node.flatMap(n -> n.find("optimizer"));
        TrainingSettings settings = new TrainingSettings(
            integer(node, "epochs", 1, defaults.epochs()),
            integer(node, "batch", 2, defaults.batch()),
            curriculum,
            number(optimizer, "lr", 1e-6, 100, defaults.learningRate()),
            number(optimizer, "warm-up", 0, 0.9, defaults.warmUp()),
            optimizer.flatMap(n -> n.find("schedule")).map(n -> n.oneOf(Schedule.class)).orElse(defaults.schedule()),
            number(optimizer, "momentum", 0, 0.999, defaults.momentum()),
            number(optimizer, "weight-decay", 0, 0.999, defaults.weightDecay()),
            number(node, "label-smoothing", 0, 0.9, defaults.labelSmoothing()),
            seed);
        optimizer.ifPresent(YamlNode::rejectUnknownKeys);
        node.ifPresent(YamlNode::rejectUnknownKeys);
        return settings;
    }

    /** Phases as they are written, or what {@code sampling} and {@code first-path} say. */
    private static Curriculum curriculum(Optional<YamlNode> supernet) {
        Optional<YamlNode> phases = supernet.flatMap(n -> n.find("phases"));
        Optional<YamlNode> sampling = supernet.flatMap(n -> n.find("sampling"));
        Optional<YamlNode> firstPath = supernet.flatMap(n -> n.find("first-path"));
        if (phases.isPresent()) {
            sampling.or(() -> firstPath).ifPresent(node -> {
                throw node.error("given with supernet.phases (expected: one of them)");
            });
            return Curriculum.read(phases.get(), Samplings.ALL, Transitions.ALL);
        }
        return Curriculum.firstPathThen(firstPath.map(n -> n.number(0, 0.9)).orElse(TrainingSettings.FIRST_PATH),
            sampling.map(n -> Samplings.ALL.read(n)).orElseGet(Sampling::uniform));
    }

    private static double number(Optional<YamlNode> node, String key, double least, double most, double otherwise) {
        return node.flatMap(n -> n.find(key)).map(n -> n.number(least, most)).orElse(otherwise);
    }

    private static int integer(Optional<YamlNode> node, String key, int least, int otherwise) {
        return node.flatMap(n -> n.find(key)).map(n -> n.integer(least)).orElse(otherwise);
    }

    private static EvaluationSettings evaluation(Optional<YamlNode> node) {
        EvaluationSettings defaults = EvaluationSettings.defaults();
        EvaluationSettings settings = new EvaluationSettings(
            integer(node, "recalibration-images", 2, defaults.recalibrationImages()),
            integer(node, "validation-images", 1, defaults.validationImages()),
            integer(node, "batch", 2, defaults.batch()),
            defaults.seed(),
            integer(node, "evaluators", 1, defaults.evaluators()));
        node.ifPresent(YamlNode::rejectUnknownKeys);
        return settings;
    }

    private static List<Target> targets(YamlNode list, Path folder) {
        List<Target> targets = new ArrayList<>();
        Set<String> devices = new HashSet<>();
        for (YamlNode node : list.items()) {
            Optional<YamlNode> latency = node.find("latency");
            Target target = new Target(Names.device(node.get("device")::error, node.get("device").text()),
                latency.flatMap(n -> n.find("p50")).map(Quantity::duration),
                latency.flatMap(n -> n.find("p99")).map(Quantity::duration),
                node.find("provider").map(n -> n.text().toLowerCase(Locale.ROOT)).orElse("cpu"),
                node.find("options").map(Experiment::options).orElse(Map.of()),
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

    private static List<String> objectives(Optional<YamlNode> node) {
        Set<String> known = Set.of("accuracy", "latency", "macs", "params", "score");
        if (node.isEmpty()) {
            return List.of("accuracy", "latency");
        }
        List<String> objectives = new ArrayList<>();
        for (YamlNode item : node.get().items()) {
            if (!known.contains(item.text()) || objectives.contains(item.text())) {
                throw item.error(item.text() + " (expected: each of accuracy, latency, macs, params, score at most once)");
            }
            objectives.add(item.text());
        }
        if (objectives.size() < 2 || !objectives.contains("accuracy")) {
            throw node.get().error(objectives + " (expected: accuracy and at least one more)");
        }
        return objectives;
    }

    private static OptionalLong limit(Optional<YamlNode> constraints, String key) {
        return constraints.flatMap(n -> n.find(key)).map(n -> OptionalLong.of(Quantity.count(n))).orElse(OptionalLong.empty());
    }

    private static Profile profile(Optional<YamlNode> node, Path folder) {
        Profile profile = new Profile(
            number(node, "half-width", 0.001, 0.5, 0.01),
            integer(node, "rounds", 1, DEFAULT_ROUNDS),
            node.flatMap(n -> n.find("slice")).map(Quantity::duration).orElse(DEFAULT_SLICE),
            node.flatMap(n -> n.find("time-limit")).map(Quantity::duration).orElse(DEFAULT_TIME_LIMIT),
            node.flatMap(n -> n.find("calibrate")).map(Experiment::calibrate).orElse(DEFAULT_CALIBRATE),
            integer(node, "held-out", 1, DEFAULT_HELD_OUT),
            node.flatMap(n -> n.find("budget")).map(Quantity::duration),
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

    private static Search search(Optional<YamlNode> node, long seed) {
        node.flatMap(n -> n.find("algorithm")).filter(n -> !n.text().equals("nsga2")).ifPresent(n -> {
            throw n.error(n.text() + " (expected: nsga2)");
        });
        Search search = new Search(
            integer(node, "population", 4, DEFAULT_POPULATION),
            integer(node, "generations", 1, DEFAULT_GENERATIONS),
            node.flatMap(n -> n.find("seed")).map(n -> n.whole(0, Long.MAX_VALUE)).orElse(seed));
        node.ifPresent(YamlNode::rejectUnknownKeys);
        return search;
    }

    private static Export export(Optional<YamlNode> node) {
        Export export = new Export(
            integer(node, "top", 1, 3),
            node.flatMap(n -> n.find("fold-batch-norm")).map(YamlNode::flag).orElse(true));
        node.ifPresent(YamlNode::rejectUnknownKeys);
        return export;
    }

    /** The same with another time for a device's whole table. */
    public Experiment withBudget(Duration budget) {
        Profile within = new Profile(profile.halfWidth, profile.rounds, profile.slice, profile.timeLimit, profile.calibrate,
            profile.heldOut, Optional.of(budget), profile.table);
        return new Experiment(name, space, imageSize, data, accuracyTable, supernetFrom, training, retraining, evaluation, targets,
            objectives, macs, params, within, search, export);
    }

    /** The lookup table that the file names for a target, if it does. */
    public Optional<Path> table(Target target) {
        return target.table().or(profile::table);
    }

    /**
     * The data as the loader wants it, for a space's image size.
     *
     * @throws InputException if the experiment has none
     */
    public DataSpec dataSpec(SearchSpace searchSpace) {
        DataSource images = data.orElseThrow(() -> new InputException("data: missing (expected: a source of training images)"));
        return new DataSpec(images.train(), images.validation(), images.test(), images.validationShare(),
            searchSpace.input().height(), training.seed());
    }

    /** The space with this experiment's image size and the data's number of classes. */
    public SearchSpace searchSpace(int classes) {
        return baseSpace().withClasses(classes);
    }

    /** The space with this experiment's image size and its own number of classes. */
    public SearchSpace baseSpace() {
        SearchSpace loaded = SpaceFile.load(space);
        return imageSize.isPresent() ? loaded.withImageSize(imageSize.get()) : loaded;
    }
}
