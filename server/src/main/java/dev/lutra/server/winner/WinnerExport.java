package dev.lutra.server.winner;

import dev.lutra.InputException;
import dev.lutra.data.ImageData;
import dev.lutra.identity.NamedValues;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Bits;
import dev.lutra.network.Network;
import dev.lutra.onnx.ExportedNetwork;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.onnx.deploy.DeployedModel;
import dev.lutra.onnx.deploy.Deployment;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.content.Sha256;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.search.Candidate;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvents;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.outcome.NetworkFolder;
import dev.lutra.server.retrain.LoneNetwork;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.evaluation.Subnet;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Writes winners as ONNX. */
public final class WinnerExport {

    private static final int PICKED_DIGITS = 8;
    private static final int FOUR_BITS = 4;
    /** Earlier versions kept winners with weights of their own here too. */
    private static final Pattern RANKED = Pattern.compile("(?:winner|retrained)-(\\d{1,9})(?:-.*)?\\.onnx");

    /** Files of an earlier front or training. */
    private static final String EARLIER = "earlier";
    /** In the metadata of files whose weights are the supernet's. */
    private static final String SUPERNET = "supernet";
    private static final String RETRAINED = "retrained";
    private static final String FOLDED = "export.fold-batch-norm";

    private final Experiment experiment;
    private final SearchSpace space;
    private final Path exports;
    private final Supplier<NamedValues> weights;
    private final String version;
    private final RunEvents events;
    private final DeployedFiles deployed;
    private NamedValues origin;

    /**
     * The files of a network with weights of its own.
     *
     * @param inPrecisions that of float32 first
     * @param integers that in 8-bit integers, where the experiment asks for one
     */
    public record Retrained(List<Path> inPrecisions, Optional<IntegerFile> integers) {

        /** All of them, that of float32 first. */
        public List<Path> files() {
            return Stream.concat(inPrecisions.stream(), integers.map(IntegerFile::file).stream()).toList();
        }
    }

    /**
     * A file in 8-bit integers.
     *
     * @param subnet the network as the file has it
     */
    public record IntegerFile(Path file, Subnet subnet) {}

    /**
     * @param weights what those of an exported winner follow from besides its architecture; asked for where there is a supernet
     * @param events is told of files that are written in other forms
     */
    public WinnerExport(Experiment experiment, SearchSpace space, Path exports, Supplier<NamedValues> weights, String version,
        RunEvents events) {
        this.experiment = experiment;
        this.space = space;
        this.exports = exports;
        this.weights = weights;
        this.version = version;
        this.events = events;
        deployed = new DeployedFiles(experiment.export().forms(), events);
    }

    /** What the files of a winner are called, but for their precision and ending. */
    public static String name(int rank) {
        return "winner-" + rank;
    }

    /** What the files of a network that was picked from the front are called. */
    public static String picked(Network network) {
        return "picked-" + network.fingerprint().substring(0, PICKED_DIGITS);
    }

    public static String fileName(String name) {
        return fileName(name, Precision.FLOAT32);
    }

    private static String fileName(String name, Precision precision) {
        return name + (precision == Precision.FLOAT32 ? "" : "-" + precision) + ".onnx";
    }

    Path file(String name, Precision precision) {
        return exports.resolve(fileName(name, precision));
    }

    /**
     * Makes sure that the file of a rank is there and holds that candidate.
     *
     * @throws InputException naming the file, and what to run again
     */
    public void require(int rank, Candidate candidate) {
        for (Precision precision : experiment.precisions()) {
            requireOf(file(name(rank), precision), candidate);
        }
        experiment.export().int8().ifPresent(calibration -> {
            Path file = inIntegers(name(rank));
            requireOf(file, candidate);
            QuantizedFiles.differenceFrom(calibration, OnnxFile.metadata(file)).ifPresent(difference -> {
                throw InputException.in(file, "of another calibration: " + difference + ": lutra export again");
            });
        });
    }

    private void requireOf(Path file, Candidate candidate) {
        if (!Files.exists(file)) {
            throw InputException.in(file, "no such file (expected: after lutra export)");
        }
        problem(file, candidate).ifPresent(problem -> {
            throw InputException.in(file, problem + ": lutra export again");
        });
    }

    /** Why a file is not this run's of a candidate; empty if it is. By the network too: in a space that was changed the same choices make another. */
    private Optional<String> problem(Path file, Candidate candidate) {
        Map<String, String> metadata;
        try {
            metadata = OnnxFile.metadata(file);
        } catch (InputException e) {
            return Optional.of("not a whole model (expected: " + candidate.architecture() + ")");
        }
        boolean isQuantized = metadata.containsKey(OnnxMetadata.QUANTIZED);
        if (!isQuantized && !candidate.architecture().toString().equals(metadata.get(OnnxMetadata.ARCHITECTURE))
            || !space.build(candidate.architecture()).fingerprint()
                .equals(metadata.get(isQuantized ? OnnxMetadata.QUANTIZED : OnnxMetadata.NETWORK))) {
            return Optional.of("holds another network than " + candidate.architecture() + " (expected: of this front)");
        }
        if (!metadata.getOrDefault(OnnxMetadata.WEIGHTS, "").equals(SUPERNET)) {
            return Optional.empty();
        }
        NamedValues origin = origin();
        Map<String, String> found = new TreeMap<>();
        origin.shown().keySet().stream().filter(name -> metadata.containsKey(OnnxMetadata.ORIGIN + name))
            .forEach(name -> found.put(name, metadata.get(OnnxMetadata.ORIGIN + name)));
        return origin.differenceFrom(found).map(difference -> "of other weights or settings: " + difference);
    }

    /** What a winner's file follows from besides its architecture and precision. */
    private synchronized NamedValues origin() {
        if (origin == null) { // all weights are read for it
            origin = NamedValues.builder().putAll(weights.get()).put(FOLDED, experiment.export().foldBatchNorm()).build();
        }
        return origin;
    }

    /** Moves files of another front or training out of the way, so that all that lies together is of one. */
    public void setAsideOthers(List<Candidate> ranked, Progress progress) {
        if (!Files.isDirectory(exports)) {
            return;
        }
        try (Stream<Path> files = Files.list(exports)) {
            for (Path file : files.sorted().toList()) {
                Matcher matcher = RANKED.matcher(file.getFileName().toString());
                if (matcher.matches()) {
                    int rank = Integer.parseInt(matcher.group(1));
                    if (rank > ranked.size() || problem(file, ranked.get(rank - 1)).isPresent()) {
                        Path aside = exports.resolve(EARLIER).resolve(file.getFileName());
                        Files.createDirectories(aside.getParent());
                        Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
                        progress.say("export: " + file + " is of an earlier front or training and now " + aside);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(exports + ": cannot be put in order: " + FileTrouble.reason(exports, e), e);
        }
    }

    /**
     * Writes a candidate with the supernet's weights: in float32, and as its targets compute.
     *
     * @param training what the weights follow from
     * @return whether a file is another than was there before, so that nothing that was said of it holds any more
     */
    public boolean export(String name, Candidate candidate, Map<String, String> training, SubnetEvaluator evaluator, ImageData data) {
        LoneNetwork network = new LoneNetwork(fileName(name), space, candidate.architecture());
        boolean isNew = false;
        for (Precision precision : experiment.precisions()) {
            Path file = file(name, precision);
            String before = Files.exists(file) ? Sha256.ofFile(file) : "";
            write(file, precision, SUPERNET, supernet(training), network, evaluator, data);
            isNew |= !before.equals(Sha256.ofFile(file));
        }
        Path file = file(name, Precision.FLOAT32);
        quantized(file, "", precision -> metadata(precision, SUPERNET, supernet(training), network, data), network, evaluator, data);
        deployed.write(file, "", space.build(candidate.architecture()),
            precision -> model(precision, SUPERNET, supernet(training), network, evaluator, data), data);
        return isNew;
    }

    /**
     * Writes an architecture with the supernet's weights, to be looked at and thrown away.
     *
     * @param form a name of {@code export.deploy}; empty for the network itself in float32
     */
    public void exportCandidate(Path file, Architecture architecture, Optional<String> form, Map<String, String> training,
        SubnetEvaluator evaluator, ImageData data) {
        LoneNetwork network = new LoneNetwork(file.getFileName().toString(), space, architecture);
        Optional<Deployment> wanted = form.map(deployed.forms()::get);
        ModelProto model = model(wanted.map(Deployment::precision).orElse(Precision.FLOAT32), SUPERNET, supernet(training), network, evaluator, data);
        OnnxFile.write(file, wanted.map(deployment -> DeployedModel.of(model, deployment, space.build(architecture))).orElse(model));
    }

    /**
     * Writes a network with weights of its own in the same precisions.
     *
     * @param weights what these follow from
     */
    public Retrained exportRetrained(NetworkFolder own, LoneNetwork network, NamedValues weights, SubnetEvaluator evaluator, ImageData data) {
        NamedValues origin = NamedValues.builder().putAll(weights).put(FOLDED, experiment.export().foldBatchNorm()).build();
        List<Path> files = new ArrayList<>();
        for (Precision precision : experiment.precisions()) {
            files.add(own.file(precision));
            write(own.file(precision), precision, RETRAINED, origin.shown(), network, evaluator, data);
        }
        String shown = own.root().getParent().getFileName() + "/" + own.root().getFileName() + "/";
        Path file = own.file(Precision.FLOAT32);
        Optional<IntegerFile> integers = quantized(file, shown, precision -> metadata(precision, RETRAINED, origin.shown(), network, data), network,
            evaluator, data);
        deployed.write(file, shown, network.space().build(network.architecture()),
            precision -> model(precision, RETRAINED, origin.shown(), network, evaluator, data), data);
        return new Retrained(files, integers);
    }

    /**
     * Makes sure that networks can be written as the experiment says.
     *
     * @throws InputException if they are to be in 8-bit integers, and the space has bits of its own; or a form is to have weights
     *     of 4 bits, and the space has none
     */
    public static void check(Experiment experiment, SearchSpace space) {
        experiment.timed(space);
        if (experiment.export().int8().isPresent()) {
            QuantizedFiles.requireReal(space);
        }
        boolean hasFourBits = space.genes().stream().filter(Gene::isBits).flatMap(gene -> gene.options().stream())
            .anyMatch(option -> Bits.of(option.name()).weights() <= FOUR_BITS);
        experiment.export().deployments().entrySet().stream().filter(form -> form.getValue().int4() && !hasFourBits).findFirst()
            .ifPresent(form -> {
                throw new InputException(
                    "export.deploy." + form.getKey() + ".int4: " + space.name() + " has no weights of 4 bits or fewer (expected: "
                        + "a space with such bits)");
            });
    }

    /**
     * Writes a network of real numbers in 8-bit integers, where the experiment asks for it, or tells of one with bits what its file answers.
     *
     * @param file that of float32
     * @param folderShown what stands before its name where it is told of
     * @return what was written
     */
    private Optional<IntegerFile> quantized(Path file, String folderShown, Function<Precision, Map<String, String>> metadata, LoneNetwork network,
        SubnetEvaluator evaluator, ImageData data) {
        QuantizedFiles files = new QuantizedFiles(experiment.evaluation(), events);
        Subnet subnet = evaluator.subnet(network.architecture());
        if (subnet.network().isQuantized()) {
            files.tell(file, folderShown + file.getFileName(), OnnxFile.read(file), subnet, evaluator, data);
        }
        return experiment.export().int8().map(calibration -> {
            Path integers = DeployedFiles.file(file, QuantizedFiles.SUFFIX);
            return new IntegerFile(integers, files.write(integers, folderShown + integers.getFileName(), network.space(), subnet, calibration,
                metadata.apply(Precision.FLOAT32), evaluator, data));
        });
    }

    /** The file of a name in 8-bit integers, as it was written; empty where the experiment asks for none. */
    Optional<IntegerFile> integers(String name, Candidate candidate, SubnetEvaluator evaluator) {
        return experiment.export().int8().map(calibration -> new IntegerFile(inIntegers(name),
            QuantizedFiles.inIntegers(space, candidate.architecture(), calibration, evaluator)));
    }

    private Path inIntegers(String name) {
        return DeployedFiles.file(file(name, Precision.FLOAT32), QuantizedFiles.SUFFIX);
    }

    private void write(Path file, Precision precision, String weights, Map<String, String> origin, LoneNetwork network,
        SubnetEvaluator evaluator, ImageData data) {
        OnnxFile.write(file, model(precision, weights, origin, network, evaluator, data));
    }

    private ModelProto model(Precision precision, String weights, Map<String, String> origin, LoneNetwork network,
        SubnetEvaluator evaluator, ImageData data) {
        OnnxOptions options = new OnnxOptions(experiment.export().foldBatchNorm(), OptionalInt.empty(), precision,
            metadata(precision, weights, origin, network, data));
        Subnet subnet = evaluator.subnet(network.architecture());
        return OnnxExporter.export(subnet.network(), subnet.weights(), options);
    }

    private Map<String, String> metadata(Precision precision, String weights, Map<String, String> origin, LoneNetwork network, ImageData data) {
        Map<String, String> metadata = new LinkedHashMap<>();
        origin.forEach((name, value) -> metadata.put(OnnxMetadata.ORIGIN + name, value));
        metadata.putAll(new ExportedNetwork(network.space(), network.architecture(), data.classes()).metadata());
        metadata.put(OnnxMetadata.DATA_PREPARATION, data.preparation());
        metadata.put(OnnxMetadata.DATA_MEAN, text(data.normalization().mean()));
        metadata.put(OnnxMetadata.DATA_DEVIATION, text(data.normalization().deviation()));
        if (data.showsSeveral()) {
            metadata.put(OnnxMetadata.THRESHOLD, NamedValues.text(experiment.evaluation().threshold()));
        }
        metadata.put(OnnxMetadata.WEIGHTS, weights);
        metadata.put(OnnxMetadata.PRECISION, precision.toString());
        metadata.put(OnnxMetadata.VERSION, version);
        return metadata;
    }

    private Map<String, String> supernet(Map<String, String> training) {
        Map<String, String> origin = new TreeMap<>(training);
        origin.putAll(experiment.evaluation().values().shown());
        origin.putAll(origin().shown());
        return origin;
    }

    private static String text(float[] values) {
        return Arrays.toString(values).replaceAll("[\\[\\] ]", "");
    }
}
