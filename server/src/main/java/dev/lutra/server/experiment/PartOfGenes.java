package dev.lutra.server.experiment;

import dev.lutra.InputException;
import dev.lutra.space.Gene;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.Options;
import java.util.List;
import java.util.TreeSet;

/**
 * Some genes of a space that are searched while the others stay as an architecture has them.
 *
 * @param fixed the architecture, as the space reads it
 * @param genes what is searched: decisions ({@code scale}), layers ({@code layer3}) or single genes ({@code layer3.choice})
 */
public record PartOfGenes(String fixed, List<String> genes) {

    public PartOfGenes {
        genes = List.copyOf(genes);
    }

    /**
     * The options that are searched.
     *
     * @throws InputException if the architecture is not of the space, or a text names no gene of it
     */
    public Options of(GeneSpace space) {
        for (String text : genes) {
            if (space.genes().stream().noneMatch(gene -> isMeant(gene, text))) {
                TreeSet<String> decisions = new TreeSet<>(space.genes().stream().map(Gene::decision).toList());
                throw new InputException("search.genes: " + text + " (expected: one of " + String.join(", ", decisions)
                    + ", or a layer or gene of " + space.name() + ", such as " + space.genes().get(0).name() + ")");
            }
        }
        try {
            return Options.around(space, space.parse(fixed), gene -> genes.stream().anyMatch(text -> isMeant(gene, text)));
        } catch (InputException e) {
            throw new InputException("search.fixed: " + e.getMessage(), e);
        }
    }

    private static boolean isMeant(Gene gene, String text) {
        return gene.name().equals(text) || gene.layer().equals(text) || gene.decision().equals(text);
    }
}
