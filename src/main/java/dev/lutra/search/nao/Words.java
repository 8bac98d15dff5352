package dev.lutra.search.nao;

import dev.lutra.space.Gene;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Architectures as sequences of words, one a gene. Options of the same name are the same word, whatever their gene: in a cell the
 * states that inputs may come from and the operations, in a chain the blocks on offer. Word 0 begins every sequence that is written.
 */
public final class Words {

    private final List<int[]> ofGenes = new ArrayList<>();
    private final Map<String, Integer> vocabulary = new LinkedHashMap<>();

    public Words(List<Gene> genes) {
        for (Gene gene : genes) {
            ofGenes.add(gene.options().stream()
                .mapToInt(option -> vocabulary.computeIfAbsent(option.name(), name -> 1 + vocabulary.size())).toArray());
        }
    }

    /** Words of a sequence. */
    int length() {
        return ofGenes.size();
    }

    /** Words that there are, the beginning among them. */
    int count() {
        return 1 + vocabulary.size();
    }

    /** The word of an option. */
    int word(int gene, int position) {
        return ofGenes.get(gene)[position];
    }

    /** The words of an architecture, by the positions of its options. */
    long[] read(int[] values) {
        long[] words = new long[values.length];
        for (int gene = 0; gene < words.length; gene++) {
            words[gene] = word(gene, values[gene]);
        }
        return words;
    }
}
