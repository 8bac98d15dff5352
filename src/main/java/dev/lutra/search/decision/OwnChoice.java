package dev.lutra.search.decision;

import dev.lutra.search.Candidate;
import dev.lutra.search.Front;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective;
import dev.lutra.space.Architecture;
import dev.lutra.space.GeneSpace;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a device would have for itself, where one network is to serve several: of the front's networks that are as accurate at least, the
 * fastest there.
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

    /** Of each device, for a network of the front. */
    public static List<OwnChoice> of(Front front, Candidate shared, List<String> devices, GeneSpace space) {
        return devices.stream().map(device -> {
            Comparator<Candidate> fastest = Objective.min(Measure.latency(device)).byLoss()
                .thenComparing(Comparator.comparingDouble(Candidate::accuracy).reversed());
            Candidate own = front.candidates().stream().filter(candidate -> candidate.accuracy() >= shared.accuracy()).min(fastest)
                .orElse(shared);
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
