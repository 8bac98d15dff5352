package dev.lutra.search.decision;

import dev.lutra.search.Front;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.GeneSpace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which options the networks of a front have taken: what its device, and its images, want of a layer.
 *
 * @param gene its name
 * @param shares by option, of all networks; they add up to 1
 */
public record GeneShares(String gene, Map<String, Double> shares) {

    /** Of every gene, in the space's order. */
    public static List<GeneShares> of(Front front, GeneSpace space) {
        List<GeneShares> all = new ArrayList<>();
        for (int number = 0; number < space.genes().size(); number++) {
            Gene gene = space.genes().get(number);
            Map<String, Double> shares = new LinkedHashMap<>();
            gene.options().forEach(option -> shares.put(option.name(), 0.0));
            for (Architecture architecture : front.architectures()) {
                shares.merge(gene.options().get(architecture.value(number)).name(), 1.0 / front.candidates().size(), Double::sum);
            }
            all.add(new GeneShares(gene.name(), shares));
        }
        return all;
    }
}
