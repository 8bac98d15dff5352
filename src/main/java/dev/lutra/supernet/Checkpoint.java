package dev.lutra.supernet;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.InputException;
import dev.lutra.space.SearchSpace;
import dev.lutra.weights.SafetensorsFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A supernet in training as it was at the end of an epoch: a safetensors file with every tensor that was ever trained,
 * under its own name, its momentum under {@code <name>.momentum}, and what they came from as metadata. Tensors that no
 * step has used yet are not in the file: they follow from the seed.
 *
 * @param origin what the training follows from; two trainings with equal origins give equal weights
 * @param epochs finished
 * @param steps taken
 * @param curve of the training so far
 */
public record Checkpoint(Map<String, String> origin, int epochs, long steps, List<CurvePoint> curve) {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MOMENTUM = ".momentum";
    private static final String FORMAT = "lutra-supernet-1";
    private static final String SPACE_KEY = "space_sha256";
    private static final String SEED_KEY = "seed";

    public Checkpoint {
        origin = Collections.unmodifiableMap(new LinkedHashMap<>(origin)); // in the order of the file
        curve = List.copyOf(curve);
    }

    /** What a training follows from. */
    static Map<String, String> origin(SearchSpace space, String dataHash, TrainingSettings settings) {
        Map<String, String> origin = new LinkedHashMap<>();
        origin.put("format", FORMAT);
        origin.put("space", space.name());
        origin.put(SPACE_KEY, hash(space));
        origin.put("data_sha256", dataHash);
        origin.put(SEED_KEY, Long.toString(settings.seed()));
        origin.put("epochs", Integer.toString(settings.epochs()));
        origin.put("batch", Integer.toString(settings.batch()));
        origin.put("sampling", settings.sampling().toString());
        origin.put("first_path", Double.toString(settings.firstPath()));
        origin.put("lr", Double.toString(settings.learningRate()));
        origin.put("warm_up", Double.toString(settings.warmUp()));
        origin.put("schedule", settings.schedule().toString());
        origin.put("momentum", Double.toString(settings.momentum()));
        origin.put("weight_decay", Double.toString(settings.weightDecay()));
        origin.put("label_smoothing", Double.toString(settings.labelSmoothing()));
        return origin;
    }

    /** Over every op of networks that together hold every option of every gene. */
    private static String hash(SearchSpace space) {
        int options = space.genes().stream().mapToInt(gene -> gene.size()).max().orElse(1);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < options; i++) {
            int option = i;
            int[] values = space.genes().stream().mapToInt(gene -> Math.min(option, gene.size() - 1)).toArray();
            text.append(space.build(space.architecture(values)).ops());
        }
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    /** Writes the file; the one before stays until this one is whole. */
    void write(Path file, SupernetWeights weights) {
        Map<String, String> metadata = new LinkedHashMap<>(origin);
        metadata.put("epochs_done", Integer.toString(epochs));
        metadata.put("steps_done", Long.toString(steps));
        metadata.put("curve", toJson(curve));
        List<SafetensorsFile.Entry> tensors = new ArrayList<>();
        weights.momenta().forEach((name, momentum) -> {
            tensors.add(tensor(name, weights.learned(name)));
            tensors.add(tensor(name + MOMENTUM, momentum));
        });
        SafetensorsFile.write(file, metadata, tensors);
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
        Map<String, String> origin = new LinkedHashMap<>(stored.metadata());
        String format = origin.getOrDefault("format", "none");
        if (!format.equals(FORMAT)) {
            throw InputException.in(file, "format " + format + " (expected: " + FORMAT + ")");
        }
        int epochs = Integer.parseInt(origin.remove("epochs_done"));
        long steps = Long.parseLong(origin.remove("steps_done"));
        return new Checkpoint(origin, epochs, steps, fromJson(origin.remove("curve")));
    }

    /**
     * The supernet of a checkpoint, for evaluation.
     *
     * @throws InputException if the file is not a checkpoint of this space
     */
    public static SupernetWeights load(Path file, SearchSpace space, Device device) {
        Checkpoint checkpoint = read(file);
        if (!checkpoint.origin().get(SPACE_KEY).equals(hash(space))) {
            throw InputException.in(file, "trained on another space than " + space.name() + " with " + space.classes()
                + " classes and images of " + space.input() + " (its own: " + checkpoint.origin().get("space") + ")");
        }
        SupernetWeights weights = new SupernetWeights(Long.parseLong(checkpoint.origin().get(SEED_KEY)), device);
        restore(file, weights);
        return weights;
    }

    /**
     * Continues a training.
     *
     * @throws InputException if the file comes from another training, naming what differs
     */
    static Checkpoint resume(Path file, Map<String, String> origin, SupernetWeights weights) {
        Checkpoint checkpoint = read(file);
        origin.forEach((key, expected) -> {
            String found = checkpoint.origin().getOrDefault(key, "none");
            if (!found.equals(expected)) {
                throw InputException.in(file, "of another training: " + key + " " + found + " (expected: " + expected
                    + "; delete the file to start anew)");
            }
        });
        restore(file, weights);
        return checkpoint;
    }

    private static void restore(Path file, SupernetWeights weights) {
        SafetensorsFile stored = SafetensorsFile.open(file);
        for (String name : stored.names()) {
            if (stored.names().contains(name + MOMENTUM)) {
                weights.restore(name, stored.dims(name), stored.read(name), stored.read(name + MOMENTUM));
            }
        }
    }

    private static String toJson(List<CurvePoint> curve) {
        try {
            return JSON.writeValueAsString(curve);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<CurvePoint> fromJson(String curve) {
        try {
            return JSON.readValue(curve, new TypeReference<List<CurvePoint>>() {});
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
