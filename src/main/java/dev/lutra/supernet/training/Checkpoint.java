package dev.lutra.supernet.training;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.InputException;
import dev.lutra.data.ImageData;
import dev.lutra.identity.NamedValues;
import dev.lutra.network.Weight;
import dev.lutra.proto.content.Sha256;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.SupernetWeights.Extra;
import dev.lutra.supernet.superkernel.RowLatencies;
import dev.lutra.supernet.training.curve.CurveBuilder;
import dev.lutra.supernet.training.curve.CurvePoint;
import dev.lutra.weights.SafetensorsFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A supernet in training as it was at the end of an epoch, or where it was told to stop: a safetensors file with every tensor that was ever trained,
 * under its own name, its momentum under {@code <name>.momentum}, what its angle is counted from under {@code <name>.base} where
 * that is not its first value, what else its training keeps under {@code <name>.square}, {@code .steps} and {@code .average}, and what
 * they came from as metadata. Where there are averages, they are what is used. Tensors that no
 * step has used yet are not in the file: they follow from the seed.
 *
 * @param origin the named values that the training follows from, as {@link NamedValues#stored}; two trainings with equal
 *     origins give equal weights
 * @param epochs finished
 * @param steps taken
 * @param curve of the training so far
 * @param begun of the curve's next point, where it was stopped in the middle of an epoch
 * @param surviving names of the options, gene by gene, that no phase has dropped; empty if none was dropped
 * @param superkernel where the search for λ stands, if superkernels are trained
 * @param latencies by device, those that superkernels learn
 */
public record Checkpoint(SortedMap<String, String> origin, int epochs, long steps, List<CurvePoint> curve,
    Optional<CurveBuilder.Begun> begun, List<List<String>> surviving, Optional<String> superkernel, SortedMap<String, RowLatencies> latencies) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String BASE = ".base";
    private static final String FORMAT = "lutra-supernet-2";
    private static final String ORIGIN = "origin.";
    private static final String EPOCHS = "epochs_done";
    private static final String PLANNED_EPOCHS = "supernet.epochs";
    /** Names of mean and variance of batch norm as they were measured at the end. */
    private static final String MEASURED = "measured_tensors";
    private static final String SURVIVING = "surviving_options";
    private static final String SUPERKERNEL = "superkernel";
    private static final String CURVE_BEGUN = "curve_begun";
    private static final String LATENCIES = "superkernel_latencies";
    /** Images of their own that phases judged options by: nothing was trained on them. */
    private static final String JUDGED_BY = "data.validation";
    private static final int BLOCK_FLOATS = 1 << 16;

    public Checkpoint {
        origin = Collections.unmodifiableSortedMap(new TreeMap<>(origin));
        curve = List.copyOf(curve);
        surviving = List.copyOf(surviving);
        latencies = Collections.unmodifiableSortedMap(new TreeMap<>(latencies));
    }

    /**
     * Metadata of a file with a whole supernet that was trained elsewhere, to be read as a checkpoint.
     *
     * @param source what its weights were taken from
     * @param seed of the first values of tensors that are not in the file
     */
    public static Map<String, String> imported(SearchSpace space, String source, long seed) {
        NamedValues origin = NamedValues.builder()
            .put("space", space.fingerprint()).put("supernet.source", source).put("seed", seed).build();
        return beginning(origin, new TreeMap<>()).metadata();
    }

    /** Of a training that has not taken a step. */
    static Checkpoint beginning(NamedValues origin, SortedMap<String, RowLatencies> latencies) {
        return new Checkpoint(origin.stored(), 0, 0, List.of(), Optional.empty(), List.of(), Optional.empty(), latencies);
    }

    /** Whether its training has come to its end; weights that were imported have. */
    public boolean isFinished() {
        return Integer.parseInt(origin.getOrDefault(PLANNED_EPOCHS, "0")) <= epochs;
    }

    /** Writes the file; the one before stays until this one is whole. */
    void write(Path file, SupernetWeights weights) {
        List<SafetensorsFile.Entry> tensors = new ArrayList<>();
        weights.momenta().forEach((name, momentum) -> {
            tensors.add(tensor(name, weights.learned(name)));
            tensors.add(tensor(name + SupernetWeights.MOMENTUM, momentum));
        });
        weights.bases().forEach((name, base) -> tensors.add(tensor(name + BASE, base)));
        for (Extra kind : Extra.values()) {
            weights.extras(kind).forEach((name, values) -> tensors.add(tensor(name + SupernetWeights.suffix(kind), values)));
        }
        weights.measured().forEach((name, values) -> tensors.add(new SafetensorsFile.Entry(name, List.of(values.length), () -> values)));
        Map<String, String> metadata = metadata();
        if (!weights.measured().isEmpty()) {
            metadata.put(MEASURED, toJson(weights.measured().keySet()));
        }
        SafetensorsFile.write(file, metadata, tensors);
    }

    private Map<String, String> metadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", FORMAT);
        origin.forEach((name, value) -> metadata.put(ORIGIN + name, value));
        metadata.put(EPOCHS, Integer.toString(epochs));
        metadata.put("steps_done", Long.toString(steps));
        metadata.put("curve", toJson(curve));
        begun.ifPresent(sums -> metadata.put(CURVE_BEGUN, toJson(List.of(sums))));
        if (!surviving.isEmpty()) {
            metadata.put(SURVIVING, toJson(surviving));
        }
        superkernel.ifPresent(state -> metadata.put(SUPERKERNEL, state));
        if (!latencies.isEmpty()) {
            metadata.put(LATENCIES, toJson(latencies));
        }
        return metadata;
    }

    private static SafetensorsFile.Entry tensor(String name, NDArray array) {
        List<Integer> dims = Arrays.stream(array.getShape().getShape()).mapToObj(Math::toIntExact).toList();
        return new SafetensorsFile.Entry(name, dims, array::toFloatArray);
    }

    /**
     * Reads what a checkpoint says about itself.
     *
     * @throws InputException if the file is not a checkpoint of a supernet
     */
    public static Checkpoint read(Path file) {
        return of(file, SafetensorsFile.open(file));
    }

    private static Checkpoint of(Path file, SafetensorsFile stored) {
        Map<String, String> metadata = stored.metadata();
        String format = metadata.getOrDefault("format", "none");
        if (!format.equals(FORMAT)) {
            throw InputException.in(file, "format " + format + " (expected: " + FORMAT + (format.startsWith("lutra-supernet-")
                ? "): go on with the version of Lutra that wrote it, or move the file away and train anew, which repeats its "
                    + metadata.get(EPOCHS) + " epochs"
                : ")"));
        }
        SortedMap<String, String> origin = new TreeMap<>();
        metadata.forEach((name, value) -> {
            if (name.startsWith(ORIGIN)) {
                origin.put(name.substring(ORIGIN.length()), value);
            }
        });
        try {
            Long.parseLong(origin.getOrDefault("seed", "none"));
            Integer.parseInt(origin.getOrDefault(PLANNED_EPOCHS, "0"));
            return new Checkpoint(origin, Integer.parseInt(metadata.get(EPOCHS)), Long.parseLong(metadata.get("steps_done")),
                list(metadata, "curve", CurvePoint[].class),
                list(metadata, CURVE_BEGUN, CurveBuilder.Begun[].class).stream().findFirst(),
                list(metadata, SURVIVING, String[][].class).stream().map(List::of).toList(),
                Optional.ofNullable(metadata.get(SUPERKERNEL)),
                JSON.readValue(metadata.getOrDefault(LATENCIES, "{}"), new TypeReference<TreeMap<String, RowLatencies>>() {}));
        } catch (NumberFormatException | JsonProcessingException | NullPointerException e) { // null may stand anywhere in JSON
            throw new InputException(file + ": not whole: its seed, " + EPOCHS + ", steps_done, curve, " + SURVIVING + " or " + LATENCIES
                + " is not as it is written", e);
        }
    }

    private static <T> List<T> list(Map<String, String> metadata, String name, Class<T[]> type) throws JsonProcessingException {
        return List.of(JSON.readValue(metadata.getOrDefault(name, "[]"), type));
    }

    /** The options that no phase has dropped. */
    public Options surviving(SearchSpace space) {
        return Options.left(space, surviving);
    }

    /** This one, with these options left. */
    Checkpoint with(Options left) {
        return new Checkpoint(origin, epochs, steps, curve, begun, left.areAll() ? List.of() : left.names(), superkernel, latencies);
    }

    /**
     * The supernet of a checkpoint, for evaluation.
     *
     * @throws InputException if the file is not a checkpoint of this space
     */
    public static SupernetWeights load(Path file, SearchSpace space, Device device) {
        Checkpoint checkpoint = read(file);
        if (!space.fingerprint().equals(checkpoint.origin().get("space"))) {
            throw InputException.in(file, "trained on another space than " + space.name() + " with " + space.classes()
                + " classes and images of " + space.input());
        }
        SupernetWeights weights = new SupernetWeights(checkpoint.seed(), device);
        restore(file, space, weights);
        weights.useAverages();
        return weights;
    }

    /**
     * The supernet of another experiment, for evaluation.
     *
     * @throws InputException if the file is not a checkpoint of this space, or was trained on other images: what is held back
     *     here to validate may have been trained on there
     */
    public static SupernetWeights load(Path file, SearchSpace space, ImageData data, Devices devices) {
        SortedMap<String, String> images = new TreeMap<>(read(file).origin());
        images.keySet().removeIf(name -> !name.startsWith("data.") && !name.equals("image-size") || name.equals(JUDGED_BY));
        if (!images.isEmpty()) {
            data.train().origin().differenceFrom(images).ifPresent(difference -> {
                throw InputException.in(file, "trained on other images: " + difference
                    + "; what is held back here to validate may be among them");
            });
        }
        return load(file, space, devices.first());
    }

    private long seed() {
        return Long.parseLong(origin.get("seed"));
    }

    /**
     * Continues a training.
     *
     * @throws InputException if the file comes from another training, naming what differs and what training anew would repeat
     */
    static Checkpoint resume(Path file, NamedValues origin, SearchSpace space, SupernetWeights weights) {
        Checkpoint checkpoint = read(file);
        origin.differenceFrom(checkpoint.origin()).ifPresent(difference -> {
            throw InputException.in(file, "of another training: " + difference + "; change that back to keep it, or move the file "
                + "away to train anew, which repeats " + checkpoint.epochs() + " epochs (" + checkpoint.steps() + " steps)");
        });
        restore(file, space, weights);
        return checkpoint;
    }

    /**
     * Fingerprint of the weights of a checkpoint, of those that training has touched and of the seed that gives the others:
     * what a candidate's accuracy depends on, however the weights came about.
     *
     * @throws InputException if the file is not a checkpoint of a supernet
     */
    public static String weightsFingerprint(Path file) {
        SafetensorsFile stored = SafetensorsFile.open(file);
        NamedValues.Builder values = NamedValues.builder().put("seed", of(file, stored).seed());
        for (String name : stored.names()) {
            if (isValue(name)) {
                String average = name + SupernetWeights.suffix(Extra.AVERAGE);
                values.put("tensor." + name, stored.dims(name) + " " + hash(stored.read(stored.names().contains(average) ? average : name)));
            }
        }
        return values.build().fingerprint("weights", 1);
    }

    private static String hash(float[] values) {
        MessageDigest digest = Sha256.digest();
        ByteBuffer block = ByteBuffer.allocate(BLOCK_FLOATS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int from = 0; from < values.length; from += BLOCK_FLOATS) {
            block.clear();
            block.asFloatBuffer().put(values, from, Math.min(BLOCK_FLOATS, values.length - from));
            digest.update(block.limit(Math.min(BLOCK_FLOATS, values.length - from) * Float.BYTES));
        }
        return Sha256.end(digest);
    }

    private static boolean isValue(String name) {
        return !name.endsWith(SupernetWeights.MOMENTUM) && !name.endsWith(BASE)
            && Arrays.stream(Extra.values()).noneMatch(kind -> name.endsWith(SupernetWeights.suffix(kind)));
    }

    private static void restore(Path file, SearchSpace space, SupernetWeights weights) {
        SafetensorsFile stored = SafetensorsFile.open(file);
        requireShapes(file, stored, space);
        Set<String> measured = measured(file, stored);
        measured.forEach(name -> weights.measured(Map.of(name, stored.read(name))));
        for (String name : stored.names()) {
            if (isValue(name) && !measured.contains(name)) {
                weights.restore(name, stored.dims(name), stored.read(name));
            }
            if (stored.names().contains(name + BASE)) {
                weights.restoreBase(name, stored.dims(name), stored.read(name + BASE));
            }
            if (stored.names().contains(name + SupernetWeights.MOMENTUM)) {
                weights.restoreMomentum(name, stored.dims(name), stored.read(name + SupernetWeights.MOMENTUM));
            }
            for (Extra kind : Extra.values()) {
                String extra = name + SupernetWeights.suffix(kind);
                if (stored.names().contains(extra)) {
                    weights.restoreExtra(kind, name, stored.dims(extra), stored.read(extra));
                }
            }
        }
    }

    private static Set<String> measured(Path file, SafetensorsFile stored) {
        try {
            return Set.copyOf(list(stored.metadata(), MEASURED, String[].class));
        } catch (JsonProcessingException | NullPointerException e) { // null may stand anywhere in JSON
            throw new InputException(file + ": not whole: " + MEASURED + " is not as it is written", e);
        }
    }

    private static void requireShapes(Path file, SafetensorsFile stored, SearchSpace space) {
        space.everyOption().stream().flatMap(network -> network.ops().stream()).flatMap(op -> op.weights().stream()).map(Weight::tensor)
            .forEach(
                tensor -> Stream.of("", SupernetWeights.MOMENTUM, BASE, SupernetWeights.suffix(Extra.SQUARE), SupernetWeights.suffix(Extra.AVERAGE))
                    .map(suffix -> tensor.name() + suffix)
                    .filter(stored.names()::contains)
                    .filter(name -> !stored.dims(name).equals(tensor.dims())).findFirst().ifPresent(name -> {
                        throw InputException.in(file, name + ": " + stored.dims(name) + " (expected: " + tensor.dims() + ", as in " + space.name()
                            + ")");
                    }));
    }

    private static String toJson(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
