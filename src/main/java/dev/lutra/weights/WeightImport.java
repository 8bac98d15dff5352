package dev.lutra.weights;

import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.network.Op;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Published weights for one architecture, running statistics included, or for a whole supernet, which has none. A tensor of theirs
 * may have the extents that the architecture uses or, from a supernet, those of the whole shared tensor. Extents may differ by ones (a 1×1 convolution
 * for a linear weight), which leaves the order of the values alone; nothing else is reshaped or transposed.
 */
public final class WeightImport {

    /** Metadata: name of the space. */
    public static final String SPACE = "lutra.space";
    /** Metadata: text form of the architecture. */
    public static final String ARCHITECTURE = "lutra.architecture";
    /** Metadata: name of the file the weights come from. */
    public static final String SOURCE = "lutra.source";

    /** What fills a tensor of ours. */
    private record Filling(String theirs, List<Integer> dims) {}

    private final Map<String, String> metadata;
    private final TensorArchive archive;
    private final Map<String, Weight> weights;
    private final Map<String, Filling> fillings = new LinkedHashMap<>();
    private final ImportReport report;

    /**
     * Compares names and extents; no values are read yet.
     *
     * @param archive their weights
     * @param mapping their names
     */
    public WeightImport(SearchSpace space, Architecture architecture, TensorArchive archive, WeightMapping mapping) {
        this(ofNetwork(space.build(architecture)), List.of(), Map.of(SPACE, space.name(), ARCHITECTURE, architecture.toString(),
            SOURCE, archive.file().getFileName().toString()), archive, mapping);
    }

    private WeightImport(Map<String, Weight> weights, List<String> unneeded, Map<String, String> metadata, TensorArchive archive,
        WeightMapping mapping) {
        this.weights = weights;
        this.metadata = Map.copyOf(metadata);
        this.archive = archive;
        this.report = compare(unneeded, mapping);
    }

    /**
     * Weights for a whole supernet: every shared tensor that its training learns, whole. Running statistics belong to single
     * networks and are measured when one is evaluated.
     *
     * @param metadata of the file to write
     */
    public static WeightImport ofSupernet(SearchSpace space, TensorArchive archive, WeightMapping mapping, Map<String, String> metadata) {
        Map<String, Weight> weights = new LinkedHashMap<>();
        Set<String> unneeded = new LinkedHashSet<>();
        for (Network network : space.everyOption()) {
            for (Op op : network.ops()) {
                for (Weight weight : op.weights()) {
                    SharedTensor tensor = weight.tensor();
                    if (isLearned(tensor.role(), space)) {
                        weights.put(tensor.name(), Weight.whole(tensor));
                    } else {
                        unneeded.add(tensor.name());
                    }
                }
            }
        }
        return new WeightImport(weights, List.copyOf(unneeded), metadata, archive, mapping);
    }

    private static boolean isLearned(Role role, SearchSpace space) {
        boolean ofBatchNorm = role == Role.NORM_SCALE || role == Role.NORM_SHIFT;
        return role.isParameter() && (space.learnsBatchNorm() || !ofBatchNorm);
    }

    private static Map<String, Weight> ofNetwork(Network network) {
        Map<String, Weight> weights = new LinkedHashMap<>();
        for (Op op : network.ops()) {
            // two different views of one tensor can only be filled from all of it
            op.weights().forEach(weight -> weights.merge(weight.tensor().name(), weight,
                (one, other) -> one.equals(other) ? one : Weight.whole(one.tensor())));
        }
        return weights;
    }

    private ImportReport compare(List<String> unneeded, WeightMapping mapping) {
        Map<String, String> users = new LinkedHashMap<>();
        List<String> unmatched = new ArrayList<>();
        List<String> mismatched = new ArrayList<>();
        weights.forEach((ours, weight) -> {
            Optional<String> theirs = mapping.theirs(ours);
            if (theirs.isEmpty()) {
                unmatched.add(ours + " (not in the mapping)");
                return;
            }
            String pair = ours + ": " + theirs.get();
            if (!archive.names().contains(theirs.get())) {
                unmatched.add(pair + " (not in the file)");
                return;
            }
            String user = users.putIfAbsent(theirs.get(), ours);
            List<Integer> dims = archive.dims(theirs.get());
            Optional<List<Integer>> extents = extents(weight, dims);
            if (user != null) {
                mismatched.add(pair + " (fills " + user + " already)");
            } else if (extents.isEmpty()) {
                mismatched.add(pair + " has " + dims + " (expected: " + weight.dims() + ")");
            } else {
                fillings.put(ours, new Filling(theirs.get(), extents.get()));
            }
        });
        unneeded.forEach(ours -> mapping.theirs(ours).ifPresent(theirs -> users.putIfAbsent(theirs, ours)));
        List<String> unused = archive.names().stream()
            .filter(theirs -> !users.containsKey(theirs) && !mapping.ignores(theirs)).toList();
        return new ImportReport(List.copyOf(fillings.keySet()), unmatched, unused, mismatched);
    }

    private static Optional<List<Integer>> extents(Weight weight, List<Integer> theirs) {
        for (List<Integer> ours : List.of(weight.dims(), weight.tensor().dims())) {
            if (withoutOnes(ours).equals(withoutOnes(theirs))) {
                return Optional.of(ours);
            }
        }
        return Optional.empty();
    }

    private static List<Integer> withoutOnes(List<Integer> dims) {
        return dims.stream().filter(dim -> dim != 1).toList();
    }

    public ImportReport report() {
        return report;
    }

    /**
     * Writes the weights under our names as safetensors, whole or not at all.
     *
     * @throws InputException unless the file fills every tensor, naming how many it does not and the first
     */
    public void write(Path out) {
        requireNone(report.unmatched(), "without a counterpart");
        write(out, weight -> {
            throw new IllegalStateException(weight.tensor().name() + " is not filled");
        });
    }

    /**
     * Writes the weights under our names as safetensors, whole or not at all.
     *
     * @param first gives the values of tensors that have no counterpart
     * @throws InputException if a counterpart cannot fill its tensor, naming how many cannot and the first
     */
    public void write(Path out, WeightSource first) {
        requireNone(report.mismatched(), "that their counterpart cannot fill");
        List<SafetensorsFile.Entry> entries = new ArrayList<>();
        weights.forEach((ours, weight) -> entries.add(entry(ours, weight, first)));
        SafetensorsFile.write(out, metadata, entries);
    }

    private SafetensorsFile.Entry entry(String ours, Weight weight, WeightSource first) {
        Filling filling = fillings.get(ours);
        Supplier<float[]> values = filling == null
            ? () -> first.read(weight)
            : () -> archive.read(filling.theirs(), weight.tensor().role());
        return new SafetensorsFile.Entry(ours, filling == null ? weight.dims() : filling.dims(), values);
    }

    private void requireNone(List<String> faults, String what) {
        if (!faults.isEmpty()) {
            throw InputException.in(archive.file(), faults.size() + " of " + weights.size() + " tensors " + what + ", the first "
                + faults.get(0));
        }
    }
}
