package dev.lutra.server.experiment;

import dev.lutra.ImageSize;
import dev.lutra.InputException;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.identity.NamedValues;
import dev.lutra.lowering.Precision;
import dev.lutra.measure.MeasureKind;
import dev.lutra.onnx.deploy.Deployment;
import dev.lutra.onnx.deploy.DetectorHead;
import dev.lutra.onnx.deploy.DetectorSpace;
import dev.lutra.onnx.deploy.HeadFile;
import dev.lutra.proto.content.Sha256;
import dev.lutra.search.AccuracyFile;
import dev.lutra.search.Algorithm;
import dev.lutra.search.Constraint.Side;
import dev.lutra.search.Constraint;
import dev.lutra.search.Encoding;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.space.TableSpace;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.evaluation.Calibration;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.superkernel.SuperkernelSampling;
import dev.lutra.supernet.training.TrainingSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What an experiment file asks for; {@code docs/reference/experiment.md} describes the keys.
 *
 * @param name of the experiment and its run folder
 * @param space how the file names it, or the accuracy table that is the space too
 * @param hasNetworks whether the space has networks, and is not just a table
 * @param imageSize of the images; empty: the space's own
 * @param data where images come from; only an experiment with an accuracy table may have none
 * @param accuracyTable known accuracies that take the place of a supernet's, if any
 * @param predictor a model of the user's whose accuracies take the place of a supernet's, if any
 * @param command a program of the user's that finds the accuracies of exported candidates, if any
 * @param supernetFrom a run's folder or a file with a trained supernet to take over, in place of training one, if any
 * @param pretrained weights that the supernet's training begins with, if any
 * @param blockTeacher a run's folder or a file with the weights of the teacher that stages learn from, if it is not trained here
 * @param training how the supernet is trained
 * @param probes how often a few fixed paths are judged while it is trained
 * @param retraining how winners are trained by themselves
 * @param evaluation how a candidate's accuracy is found
 * @param targets the devices, each with its latency limits; without any, latency is no matter
 * @param measures what every candidate is told of, by the name of its kind
 * @param objectives what the search weighs
 * @param constraints what every candidate keeps, the targets' latency limits among them
 * @param profile how segments are timed
 * @param search how the space is searched
 * @param export which winners leave, and how
 * @param verify how long predictions are repaired that devices do not confirm
 * @param rank what the supernet's order of networks is held against, if anything
 * @param text the file itself
 * @param device where training and evaluation compute
 * @param spark a cluster that takes part in it, if any
 */
public record Experiment(String name, String space, boolean hasNetworks, Optional<ImageSize> imageSize, Optional<DataSource> data,
    Optional<AccuracyFile> accuracyTable, Optional<Predictor> predictor, Optional<Command> command, Optional<Path> supernetFrom,
    Optional<FirstWeights.Pretrained> pretrained, Optional<Path> blockTeacher,
    TrainingSettings training, int probes,
    Retraining retraining,
    EvaluationSettings evaluation, List<Target> targets, Map<String, MeasureKind> measures, List<Objective> objectives,
    List<Constraint> constraints, Profile profile, Search search, Export export, Verify verify, Optional<Rank> rank, Text text,
    Devices.Wanted device, Optional<Spark> spark) {

    /** Name of the target that is this machine: its agent is started by the run itself. */
    public static final String LOCAL = "local";

    private static final int RGB = 3;

    /**
     * An experiment file as it was read.
     *
     * @param file where it is, absolute: paths in it are relative to its folder
     * @param content all of it
     */
    public record Text(Path file, String content) {}

    /**
     * A cluster of Apache Spark.
     *
     * @param master as Spark names it: {@code spark://host:7077}, {@code local[2]}, {@code yarn}
     * @param settings of Spark's, by their names there
     */
    public record Spark(String master, SortedMap<String, String> settings) {

        public Spark {
            settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
        }

        /** One that is as Spark's own files and properties say. */
        public static Spark of(String master) {
            return new Spark(master, new TreeMap<>());
        }
    }

    /**
     * Images by role; the split's image size comes from the space.
     *
     * @param care about images and classes that are not as they should be
     * @param cache where decoded images are kept; empty: with those of all runs
     */
    public record DataSource(Source train, Optional<Source> validation, Optional<Source> test, double validationShare, DataSpec.Care care,
        Optional<Path> cache) {

        /** Whether an image may show any number of classes. */
        public boolean showsSeveral() {
            return train instanceof Source.FileList list && list.separator().isPresent();
        }
    }

    /**
     * @param device name of the device in the fleet
     * @param batch images of one call, which latencies are of
     * @param p50 upper bound on the median latency of a whole network, if any
     * @param p99 upper bound on the latency that one call in a hundred exceeds, if any
     * @param provider execution provider
     * @param options of the provider
     * @param threads intra-op threads
     * @param precision what networks compute in there
     * @param table lookup table of this device to use or extend; empty: the profile's
     */
    public record Target(String device, int batch, Optional<Duration> p50, Optional<Duration> p99, String provider,
        Map<String, String> options, int threads, Precision precision, Optional<Path> table) {

        public Target {
            options = Collections.unmodifiableMap(new TreeMap<>(options));
        }

        /** @throws InputException if one is the machine that the run is on, though a server with a fleet measures */
        public static void requireElsewhere(List<Target> targets) {
            if (targets.stream().anyMatch(target -> target.device().equals(LOCAL))) {
                throw new InputException("targets: device " + LOCAL + " (expected: a device of the fleet, since a server is named)");
            }
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
            return ExperimentFile.profile(Optional.empty(), Path.of(""));
        }
    }

    /**
     * @param algorithm with its settings
     * @param seed of every draw
     * @param part of the genes, where not all are searched
     */
    public record Search(Algorithm algorithm, long seed, Optional<PartOfGenes> part) {}

    /**
     * @param top number of winners
     * @param foldBatchNorm whether batch norm is folded into the convolutions
     * @param deployments what else each file is written as, by the name that these files have behind the network's
     * @param int8 how networks of real numbers are quantized, if they are to be written in 8-bit integers too
     * @param head an ONNX file that every network is timed, bounded and verified with behind its features, if there is one
     */
    public record Export(int top, boolean foldBatchNorm, SortedMap<String, Deployment> deployments, Optional<Calibration> int8,
        Optional<HeadFile> head) {

        /** All forms that files are written in, that with the head among them. */
        public SortedMap<String, Deployment> forms() {
            SortedMap<String, Deployment> forms = new TreeMap<>(deployments);
            head.ifPresent(file -> forms.put(DetectorHead.NAME, file.read().form()));
            return forms;
        }
    }

    /**
     * @param budget after which no further network is measured than the winners that are asked for; empty: as long as it takes
     * @param repairs most that are done; 0 for none
     */
    public record Verify(Optional<Duration> budget, int repairs) {}

    /** Networks whose accuracies by themselves are known, or will be. */
    public sealed interface Truth {

        /** How many of them, at most. */
        int networks();

        /**
         * By a file of accuracies, of any subset of the space.
         *
         * @param networks most that are taken from it
         */
        record Tabulated(AccuracyFile file, int networks) implements Truth {}

        /**
         * By training networks as the experiment retrains winners.
         *
         * @param networks how many
         */
        record Trained(int networks) implements Truth {}
    }

    /**
     * How a network is trained by itself.
     *
     * @param training with a curriculum of no meaning
     * @param weights that it begins with
     * @param distillation from a teacher, if there is one
     * @param space that architectures of the experiment's space are built in, if it is another one with the same genes
     */
    public record Retraining(TrainingSettings training, FirstWeights weights, Optional<Distillation> distillation, Optional<String> space) {}

    /**
     * What a network learns from a teacher.
     *
     * @param onnx the teacher; empty for the largest path of the supernet
     * @param share of its answers in the loss
     * @param temperature that all answers are divided by
     */
    public record Distillation(Optional<Path> onnx, double share, double temperature) {}

    /** The weights that a network begins with when it is trained by itself. */
    public sealed interface FirstWeights {

        /** Drawn by the seed. */
        record Scratch() implements FirstWeights {}

        /** Those that the supernet has for it. */
        record Supernet() implements FirstWeights {}

        /** Those of a safetensors file, under our names. */
        record InFile(Path path) implements FirstWeights {}

        /**
         * Those of a training for perhaps other classes, as far as they fit.
         *
         * @param path a run's folder, that of a network trained by itself, a safetensors file under our names, or an ONNX file of ours
         * @param replacesHead whether what tells classes apart begins from scratch
         */
        record Pretrained(Path path, boolean replacesHead) implements FirstWeights {}

        /**
         * What a text means: {@code scratch}, {@code supernet}, or else a file.
         *
         * @param folder that a relative path begins at
         */
        static FirstWeights of(String text, Path folder) {
            return switch (text) {
                case "scratch" -> new Scratch();
                case "supernet" -> new Supernet();
                default -> new InFile(folder.resolve(text));
            };
        }
    }

    /**
     * @param truth what the supernet's order is held against
     * @param top how many of its favourites are looked at for the best network
     * @param correct from how many networks it is learned to foretell accuracies by themselves, which the search then goes by
     */
    public record Rank(Truth truth, int top, OptionalInt correct) {}

    /**
     * @param model that predicts accuracies, as ONNX
     * @param encoding of an architecture, as the model takes it
     * @param unit that it answers in
     */
    public record Predictor(Path model, Encoding encoding, AccuracyFile.Unit unit) {}

    /**
     * A program that is given an exported file as its last argument and prints its accuracy in its last line.
     *
     * @param words the program and its arguments
     * @param atOnce how many may run at a time
     * @param timeLimit after which one is ended
     * @param unit that it answers in
     * @param form of {@code export.deploy} that its files have; empty for the network itself
     */
    public record Command(List<String> words, int atOnce, Duration timeLimit, AccuracyFile.Unit unit, Optional<String> form) {

        public Command {
            words = List.copyOf(words);
        }

        /**
         * Puts what its answers follow from: its words, and the content of the files among them.
         *
         * @param directory that it runs in
         */
        public void describe(Path directory, NamedValues.Builder values) {
            values.put("accuracy.command", String.join(" ", words)).put("accuracy.unit", unit.name().toLowerCase(Locale.ROOT));
            for (String word : words) {
                Path file = directory.resolve(word);
                if (Files.isRegularFile(file)) {
                    values.put("accuracy.command." + word, Sha256.ofFile(file));
                }
            }
        }
    }

    /** Whether an image may show any number of classes. */
    public boolean showsSeveral() {
        return data.map(DataSource::showsSeveral).orElse(false);
    }

    /** Whether accuracies are those of shared weights, rather than known or predicted by others. */
    public boolean hasSupernet() {
        return accuracyTable.isEmpty() && predictor.isEmpty();
    }

    /** How superkernels are trained and decoded in the place of a search, if they are. */
    public Optional<SuperkernelSampling> superkernel() {
        return hasSupernet() ? SuperkernelSampling.in(training.curriculum()) : Optional.empty();
    }

    /** The highest value that a measure may have; empty where nothing bounds it. What bounds the worst latency bounds that of every target. */
    public OptionalDouble limit(String measure) {
        boolean isOfTarget = targets.stream().anyMatch(target -> Measure.latency(target.device()).equals(measure));
        return constraints.stream().filter(constraint -> constraint.side() == Side.AT_MOST)
            .filter(constraint -> constraint.measure().equals(measure) || isOfTarget && constraint.measure().equals(Measure.WORST_LATENCY))
            .mapToDouble(Constraint::bound).min();
    }

    /** Whether a measure is weighed or bounded. */
    public boolean asks(String measure) {
        return objectives.stream().anyMatch(objective -> objective.measure().equals(measure))
            || constraints.stream().anyMatch(constraint -> constraint.measure().equals(measure));
    }

    /** The same with another time for a device's whole table. */
    public Experiment withBudget(Duration budget) {
        return withProfile(new Profile(profile.halfWidth, profile.rounds, profile.slice, profile.timeLimit, profile.calibrate,
            profile.heldOut, Optional.of(budget), profile.table));
    }

    /** The same with segments timed otherwise. */
    public Experiment withProfile(Profile other) {
        return new Experiment(name, space, hasNetworks, imageSize, data, accuracyTable, predictor, command, supernetFrom, pretrained, blockTeacher,
            training,
            probes,
            retraining,
            evaluation, targets, measures, objectives, constraints, other, search, export, verify, rank, text, device, spark);
    }

    /** The same on a cluster, with the settings that the file has for one. */
    public Experiment on(String master) {
        return new Experiment(name, space, hasNetworks, imageSize, data, accuracyTable, predictor, command, supernetFrom, pretrained, blockTeacher,
            training, probes, retraining, evaluation, targets, measures, objectives, constraints, profile, search, export, verify, rank, text, device,
            Optional.of(new Spark(master, spark.map(Spark::settings).orElseGet(TreeMap::new))));
    }

    /** The same with its space in another file. */
    public Experiment withSpace(String other) {
        return new Experiment(name, other, hasNetworks, imageSize, data, accuracyTable, predictor, command, supernetFrom, pretrained, blockTeacher,
            training, probes, retraining, evaluation, targets, measures, objectives, constraints, profile, search, export, verify, rank, text, device,
            spark);
    }

    /** The same, its networks also written in 8-bit integers. */
    public Experiment withInt8(Calibration calibration) {
        return new Experiment(name, space, hasNetworks, imageSize, data, accuracyTable, predictor, command, supernetFrom, pretrained, blockTeacher,
            training, probes,
            retraining, evaluation, targets, measures, objectives, constraints, profile, search,
            new Export(export.top, export.foldBatchNorm, export.deployments, Optional.of(calibration), export.head), verify, rank, text, device,
            spark);
    }

    /** The same with further bounds. */
    public Experiment bounded(List<Constraint> bounds) {
        List<Constraint> all = Stream.concat(constraints.stream(), bounds.stream()).toList();
        return new Experiment(name, space, hasNetworks, imageSize, data, accuracyTable, predictor, command, supernetFrom, pretrained, blockTeacher,
            training,
            probes,
            retraining,
            evaluation, targets, measures, objectives, all, profile, search, export, verify, rank, text, device, spark);
    }

    /** The same with other weights for networks to begin with when they are trained by themselves; a file is used as the experiment says. */
    public Experiment withFirstWeights(FirstWeights others) {
        FirstWeights weights = others instanceof FirstWeights.InFile file && retraining.weights() instanceof FirstWeights.Pretrained pretrained
            ? new FirstWeights.Pretrained(file.path(), pretrained.replacesHead())
            : others;
        return new Experiment(name, space, hasNetworks, imageSize, data, accuracyTable, predictor, command, supernetFrom, pretrained, blockTeacher,
            training,
            probes,
            new Retraining(retraining.training(), weights, retraining.distillation(), retraining.space()), evaluation, targets, measures, objectives,
            constraints, profile, search, export, verify,
            rank, text, device, spark);
    }

    /** The space whose networks devices time: that of a head of the user's behind features, where the experiment names one. */
    public SearchSpace timed(SearchSpace searchSpace) {
        if (export.head.isEmpty()) {
            return searchSpace;
        }
        DetectorHead head = export.head.get().read();
        targets.stream().filter(target -> head.batch().orElse(target.batch()) != target.batch()).findFirst().ifPresent(target -> {
            throw InputException.in(head.file(), "takes " + head.batch().getAsInt() + " images a call (expected: " + target.batch() + ", as target "
                + target.device() + " does, or any number)");
        });
        return DetectorSpace.of(searchSpace, head);
    }

    /** What the targets compute in, and float32. */
    public Set<Precision> precisions() {
        Set<Precision> precisions = EnumSet.of(Precision.FLOAT32);
        targets.forEach(target -> precisions.add(target.precision()));
        return precisions;
    }

    /** The lookup table that the file names for a target, if it does. */
    public Optional<Path> table(Target target) {
        return target.table().or(profile::table);
    }

    /**
     * The data as the loader wants it, for a space's image size.
     *
     * @throws InputException if the experiment has none, or the space takes other images than these are
     */
    public DataSpec dataSpec(SearchSpace searchSpace) {
        DataSource images = data.orElseThrow(() -> new InputException("data: missing (expected: a source of training images)"));
        if (searchSpace.input().channels() != RGB) {
            throw new InputException("space: " + searchSpace.name() + " takes images of " + searchSpace.input().channels()
                + " channels (expected: " + RGB + "; images are read as red, green and blue, gray ones too)");
        }
        return new DataSpec(images.train(), images.validation(), images.test(), images.validationShare(),
            searchSpace.imageSize(), training.seed(), images.care());
    }

    /** The space with this experiment's image size and the data's number of classes. */
    public SearchSpace searchSpace(int classes) {
        return baseSpace().withClasses(classes);
    }

    /**
     * The space as its networks are trained, with as many classes as the data has.
     *
     * @throws InputException if there is no such space, or the data cannot be read
     */
    public SearchSpace trainedSpace() {
        SearchSpace base = baseSpace();
        SearchSpace whole = data.isPresent() ? base.withClasses(ImageData.classes(dataSpec(base)).size()) : base;
        return hasSupernet() ? training.curriculum().trained(whole) : whole;
    }

    /**
     * What architectures are made of, whether they stand for networks or for rows of a table.
     *
     * @throws InputException if there is no such space or table
     */
    public GeneSpace genes() {
        return hasNetworks ? baseSpace() : TableSpace.load(Path.of(space));
    }

    /**
     * The space with this experiment's image size and its own number of classes.
     *
     * @throws InputException if there is no such space, or it has no networks
     */
    public SearchSpace baseSpace() {
        if (!hasNetworks) {
            throw new InputException("space.table: its architectures have no networks, which this needs (expected: lutra search, or a "
                + "space file with accuracy.table)");
        }
        SearchSpace loaded = SpaceFile.load(space);
        return imageSize.isPresent() ? loaded.withImageSize(imageSize.get()) : loaded;
    }
}
