package dev.lutra.supernet;

import ai.djl.ndarray.NDArray;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.InputException;
import dev.lutra.weights.SafetensorsFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A supernet between two epochs: every learned tensor and its momentum in a safetensors file, what made it in the metadata.
 *
 * @param identity what the weights depend on, by key; a checkpoint of another identity is refused
 * @param curve one point for every epoch done
 */
record Checkpoint(Map<String, String> identity, List<EpochSummary> curve) {

    private static final String CURVE = "lutra.curve";
    private static final String MOMENTUM = ".momentum";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Writes the file whole; until it is, an earlier one stays in place. */
    void write(Path file, SupernetWeights weights) {
        Map<String, String> metadata = new LinkedHashMap<>(identity);
        try {
            metadata.put(CURVE, JSON.writeValueAsString(curve));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a list of numbers always writes", e);
        }
        List<SafetensorsFile.Entry> tensors = new ArrayList<>();
        weights.momenta().forEach((name, momentum) -> {
            tensors.add(entry(name, weights.learned(name)));
            tensors.add(entry(name + MOMENTUM, momentum));
        });
        SafetensorsFile.write(file, metadata, tensors);
    }

    private static SafetensorsFile.Entry entry(String name, NDArray array) {
        List<Integer> dims = Arrays.stream(array.getShape().getShape()).mapToObj(Math::toIntExact).toList();
        return new SafetensorsFile.Entry(name, dims, array::toFloatArray);
    }

    /**
     * Reads a checkpoint into {@code weights}; empty where there is none yet.
     *
     * @throws InputException if it is a checkpoint of something else, naming the first difference
     */
    static Optional<Checkpoint> read(Path file, Map<String, String> identity, SupernetWeights weights) {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        SafetensorsFile stored = SafetensorsFile.open(file);
        identity.forEach((key, value) -> {
            String found = stored.metadata().getOrDefault(key, "nothing");
            if (!found.equals(value)) {
                throw InputException.in(file, key + ": " + found + " (expected: " + value
                    + "; another run folder or deleting the checkpoint trains anew)");
            }
        });
        for (String name : stored.names()) {
            if (!name.endsWith(MOMENTUM)) {
                long[] dims = stored.dims(name).stream().mapToLong(Integer::longValue).toArray();
                weights.restore(name, dims, stored.read(name), stored.read(name + MOMENTUM));
            }
        }
        return Optional.of(new Checkpoint(identity, curve(file, stored.metadata().get(CURVE))));
    }

    private static List<EpochSummary> curve(Path file, String json) {
        try {
            return JSON.readValue(json, new TypeReference<>() {});
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new InputException(file + ": " + CURVE + ": not a training curve", e);
        }
    }
}
