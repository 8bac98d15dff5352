package dev.lutra.search.decision;

import dev.lutra.search.Candidate;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import dev.lutra.space.Architecture;
import dev.lutra.space.GeneSpace;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a device would have for itself, where one network is to serve several: of all networks that are as accurate at least, the fastest
 * there, whether or not it is on the front that they share.
 *
 * @param shared the network for all
 * @param own the device's
 * @param paidNanos what the shared network takes longer there by prediction
 * @param differing genes in which the two differ
 */
public record OwnChoice(String device, Candidate shared, Candidate own, double paidNanos, List<String> differing) {

    public OwnChoice {
        differing = List.copyOf(differing);
    }

    /**
     * Of each device.
     *
     * @param offered all networks that are to choose from
     * @param shared the one that is to serve all devices
     */
    public static List<OwnChoice> of(List<Candidate> offered, Candidate shared, List<String> devices, GeneSpace space) {
        return devices.stream().map(device -> {
            Comparator<Candidate> fastest = Objective.min(Measure.latency(device)).byLoss()
                .thenComparing(Comparator.comparingDouble(Candidate::accuracy).reversed());
            Candidate own = Stream.concat(Stream.of(shared), offered.stream()).filter(candidate -> candidate.accuracy() >= shared.accuracy())
                .min(fastest).orElseThrow();
            return new OwnChoice(device, shared, own,
                shared.measures().get(Measure.latency(device)) - own.measures().get(Measure.latency(device)),
                differing(shared.architecture(), own.architecture(), space));
        }).toList();
    }

    private static List<String> differing(Architecture one, Architecture other, GeneSpace space) {
        return IntStream.range(0, space.genes().size()).filter(gene -> one.value(gene) != other.value(gene))
            .mapToObj(gene -> space.genes().get(gene).name() + " " + space.genes().get(gene).options().get(one.value(gene)).name() + " → "
                + space.genes().get(gene).options().get(other.value(gene)).name())
            .toList();
    }
}
