package dev.lutra.supernet.training;

import dev.lutra.identity.NamedValues;
import dev.lutra.network.Network;
import dev.lutra.network.SharedTensor;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import dev.lutra.supernet.SupernetWeights;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the weights of one network are before its first step.
 *
 * @param described what they follow from besides the seed, in one word and perhaps a fingerprint
 * @param source of the values; empty for first values drawn by the seed
 */
public record Start(String described, Optional<WeightSource> source) {

    /** From scratch. */
    public static final Start SCRATCH = new Start("scratch", Optional.empty());

    /**
     * Reads the values of a network and keeps none.
     *
     * @throws dev.lutra.InputException if the source is a file that does not have them
     */
    public void require(Network network) {
        source.ifPresent(from -> learned(network).forEach(from::read));
    }

    private static Stream<Weight> learned(Network network) {
        return network.ops().stream().flatMap(op -> op.weights().stream()).filter(weight -> weight.tensor().role().isParameter());
    }

    /** Gives a network its values. Tensors that have them count as learned, and are in the first checkpoint. */
    void give(Network network, SupernetWeights weights) {
        source.ifPresent(from -> {
            Map<SharedTensor, float[]> tensors = new LinkedHashMap<>();
            learned(network).forEach(weight -> weight.paste(from.read(weight),
                tensors.computeIfAbsent(weight.tensor(), tensor -> weights.first(tensor).clone())));
            tensors.forEach(weights::set);
        });
    }

    void describe(String key, NamedValues.Builder values) {
        values.putLater(key, described, SCRATCH.described);
    }
}
