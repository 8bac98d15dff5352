package dev.lutra.supernet.transfer;

import dev.lutra.InputException;
import dev.lutra.network.Network;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Weight;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.training.Start;
import dev.lutra.weights.TensorArchive;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Weights that were trained before, of a network or a supernet with perhaps other classes, matched by their names. A tensor fits that has
 * the extents of ours, whole, or those of the one view that a network has of it. What does not fit keeps its first values.
 */
public final class Pretrained {

    private static final String AVERAGE = ".average";

    private final TensorArchive archive;
    private final Map<String, float[]> instead;
    private final Set<String> left;

    /**
     * What of a space is filled.
     *
     * @param matched tensors that are
     * @param unmatched tensors that keep their first values, each with the reason
     */
    public record Report(List<String> matched, List<String> unmatched) {

        public Report {
            matched = List.copyOf(matched);
            unmatched = List.copyOf(unmatched);
        }
    }

    /**
     * @param archive the weights, under our names
     * @param instead values of tensors that are not read from the archive
     * @param left names of tensors that keep their first values in any case
     */
    public Pretrained(TensorArchive archive, Map<String, float[]> instead, Set<String> left) {
        this.archive = archive;
        this.instead = Map.copyOf(instead);
        this.left = Set.copyOf(left);
    }

    /** Names of the tensors whose extents follow from the number of classes. */
    public static Set<String> head(SearchSpace space) {
        Map<String, List<Integer>> other = new LinkedHashMap<>();
        tensors(space.withClasses(space.classes() + 1).everyOption()).forEach(tensor -> other.put(tensor.name(), tensor.dims()));
        return tensors(space.everyOption()).stream().filter(tensor -> !tensor.dims().equals(other.get(tensor.name())))
            .map(SharedTensor::name).collect(Collectors.toSet());
    }

    /** Tensors of networks, running statistics left out. */
    public static List<SharedTensor> tensors(List<Network> networks) {
        return networks.stream().flatMap(network -> network.ops().stream()).flatMap(op -> op.weights().stream()).map(Weight::tensor)
            .filter(tensor -> tensor.role().isParameter()).distinct().toList();
    }

    /** The beginning of a training. */
    public Start start(String described) {
        return new Start(described, this::values);
    }

    /**
     * Compares names and extents.
     *
     * @param networks all that is to be trained
     * @param learnsBatchNorm whether scale and shift of batch norm are
     * @throws InputException if nothing fits
     */
    public Report report(List<Network> networks, boolean learnsBatchNorm) {
        Map<String, Optional<String>> problems = new LinkedHashMap<>();
        networks.stream().flatMap(network -> network.ops().stream()).flatMap(op -> op.weights().stream()).distinct()
            .filter(weight -> isLearned(weight.tensor().role(), learnsBatchNorm))
            .forEach(weight -> problems.merge(weight.tensor().name(), problem(weight), (one, other) -> one.isEmpty() ? one : other));
        List<String> matched = new ArrayList<>();
        List<String> unmatched = new ArrayList<>();
        problems.forEach((name, problem) -> problem.ifPresentOrElse(why -> unmatched.add(name + " (" + why + ")"), () -> matched.add(name)));
        if (matched.isEmpty()) {
            throw InputException.in(archive.file(), "none of its tensors fits, the first of ours being " + unmatched.get(0)
                + " (expected: weights under our names; lutra import-weights gives others these)");
        }
        return new Report(matched, unmatched);
    }

    private static boolean isLearned(Role role, boolean learnsBatchNorm) {
        return role.isParameter() && (learnsBatchNorm || role != Role.NORM_SCALE && role != Role.NORM_SHIFT);
    }

    /** Why a weight keeps its first values; empty if it does not. */
    private Optional<String> problem(Weight weight) {
        String name = weight.tensor().name();
        if (left.contains(name)) {
            return Optional.of("of the head");
        }
        if (instead.containsKey(name)) {
            return Optional.empty();
        }
        if (!archive.names().contains(name)) {
            return Optional.of("not there");
        }
        List<Integer> dims = archive.dims(name);
        return dims.equals(weight.tensor().dims()) || dims.equals(weight.dims())
            ? Optional.empty()
            : Optional.of(dims + " there, expected " + weight.tensor().dims());
    }

    private Optional<float[]> values(Weight weight) {
        String name = weight.tensor().name();
        if (problem(weight).isPresent()) {
            return Optional.empty();
        }
        if (instead.containsKey(name)) {
            float[] values = instead.get(name);
            return Optional.of(values.length == weight.tensor().elements() ? weight.cut(values.clone()) : values.clone());
        }
        float[] values = archive.read(archive.names().contains(name + AVERAGE) ? name + AVERAGE : name, weight.tensor().role());
        return Optional.of(archive.dims(name).equals(weight.tensor().dims()) ? weight.cut(values) : values);
    }
}
