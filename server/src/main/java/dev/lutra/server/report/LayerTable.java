package dev.lutra.server.report;

import dev.lutra.cost.Cost;
import dev.lutra.cost.CountingRule;
import dev.lutra.network.Bits;
import dev.lutra.network.Network;
import dev.lutra.network.Segment;
import dev.lutra.network.Shape;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.List;

/**
 * An architecture layer by layer, for a terminal, a page or a drawing.
 *
 * @param rows one a segment, in order
 * @param total of all rows
 */
public record LayerTable(List<Row> rows, Cost total) {

    /**
     * One segment.
     *
     * @param layer its name
     * @param choice what its genes chose, empty for a fixed part
     * @param in shape of one image before it
     * @param out and after it
     * @param cost under the table's counting rule
     * @param segment what a lookup table would be asked for
     */
    public record Row(String layer, String choice, Shape in, Shape out, Cost cost, Segment segment) {}

    public static LayerTable of(SearchSpace space, Architecture architecture, CountingRule rule) {
        Network network = space.build(architecture);
        List<Row> rows = new ArrayList<>();
        Shape shape = network.input().shape();
        for (Segment segment : network.segments()) {
            Shape in = shape;
            if (!segment.ops().isEmpty()) {
                shape = segment.outputs().get(segment.outputs().size() - 1).shape();
            }
            rows.add(new Row(segment.name(), choice(space, architecture, segment), in, shape, rule.count(segment.ops()), segment));
        }
        return new LayerTable(List.copyOf(rows), rule.count(network.ops()));
    }

    private static String choice(SearchSpace space, Architecture architecture, Segment segment) {
        StringBuilder text = new StringBuilder();
        List<Gene> genes = space.genes();
        for (int i = 0; i < genes.size(); i++) {
            boolean inert = segment.ops().isEmpty() && !text.isEmpty();
            if (genes.get(i).name().startsWith(segment.name() + ".") && !inert) {
                append(text, genes.get(i), genes.get(i).options().get(architecture.value(i)).name());
            }
        }
        return text.toString();
    }

    /** As architectures are written, where float32 is left out. */
    private static void append(StringBuilder text, Gene gene, String option) {
        if (!gene.isBits()) {
            text.append(text.isEmpty() ? "" : ":").append(option);
        } else if (!option.equals(Bits.FLOAT.toString())) {
            text.append('@').append(option);
        }
    }
}
