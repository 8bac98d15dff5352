package dev.lutra.server.report;

import java.util.List;
import java.util.Map;

/** Draws how superkernels decided while they were trained, as SVG: a row a layer, the steps from left to right, coloured by choice. */
public final class DecisionsDrawing {

    private static final int LEFT = 96;
    private static final int TOP = 12;
    private static final int WIDTH = 640;
    private static final int ROW = 16;

    /**
     * What was decided at a step.
     *
     * @param choices by layer
     */
    public record Column(long step, List<String> choices) {
        public Column {
            choices = List.copyOf(choices);
        }
    }

    private DecisionsDrawing() {}

    /**
     * An SVG document.
     *
     * @param layers their names
     * @param columns by step, at least one
     */
    public static String svg(List<String> layers, List<Column> columns) {
        Map<String, String> colours = Svg.colours(columns.stream().flatMap(column -> column.choices().stream()).toList());
        int height = TOP + layers.size() * ROW;
        StringBuilder svg = Svg.begin(LEFT + Math.max(WIDTH, Svg.legendWidth(colours)) + TOP, height + 56);
        for (int layer = 0; layer < layers.size(); layer++) {
            int y = TOP + layer * ROW;
            Svg.text(svg, LEFT - 8, y + 11, 11, "400", "end", layers.get(layer));
            for (int first = 0; first < columns.size();) {
                String choice = columns.get(first).choices().get(layer);
                int end = first + 1;
                while (end < columns.size() && columns.get(end).choices().get(layer).equals(choice)) {
                    end++;
                }
                int x = LEFT + WIDTH * first / columns.size();
                svg.append("<g><title>").append(Svg.escape(layers.get(layer) + " " + choice + " from step " + columns.get(first).step()))
                    .append("</title>")
                    .append(Svg.rect(x, y, LEFT + WIDTH * end / columns.size() - x, ROW - 2, 0, colours.get(choice), "")).append("</g>\n");
                first = end;
            }
        }
        Svg.text(svg, LEFT, height + 14, 11, "400", "start", "step " + columns.get(0).step());
        Svg.text(svg, LEFT + WIDTH, height + 14, 11, "400", "end", "step " + columns.get(columns.size() - 1).step());
        Svg.legend(svg, colours, LEFT, height + 26);
        return svg.append("</svg>\n").toString();
    }
}
