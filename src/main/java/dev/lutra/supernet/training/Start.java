package dev.lutra.supernet.training;

import dev.lutra.identity.NamedValues;
import dev.lutra.network.Network;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import dev.lutra.supernet.SupernetWeights;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * What weights are before the first step.
 *
 * @param described what they follow from besides the seed, in one word and perhaps a fingerprint
 * @param source of the values of what an op sees; none for what keeps the first values that are drawn by the seed
 */
public record Start(String described, Function<Weight, Optional<float[]>> source) {

    /** From scratch. */
    public static final Start SCRATCH = new Start("scratch", weight -> Optional.empty());

    /** From values that are all there. */
    public static Start of(String described, WeightSource whole) {
        return new Start(described, weight -> Optional.of(whole.read(weight)));
    }

    /**
     * Reads the values of a network and keeps none.
     *
     * @throws dev.lutra.InputException if the source is a file that does not have them
     */
    public void require(Network network) {
        learned(network).forEach(source::apply);
    }

    private static Stream<Weight> learned(Network network) {
        return network.ops().stream().flatMap(op -> op.weights().stream()).filter(weight -> weight.tensor().role().isParameter());
    }

    /** Gives networks their values. Tensors that have them count as learned, and are in the first checkpoint. */
    void give(List<Network> networks, SupernetWeights weights) {
        Map<SharedTensor, float[]> tensors = new LinkedHashMap<>();
        networks.stream().flatMap(Start::learned).distinct().forEach(weight -> source.apply(weight).ifPresent(values -> weight.paste(values,
            tensors.computeIfAbsent(weight.tensor(), tensor -> weights.first(tensor).clone()))));
        tensors.forEach(weights::set);
    }

    void describe(String key, NamedValues.Builder values) {
        values.putLater(key, described, SCRATCH.described);
    }
}
