package dev.lutra.server.report;

import dev.lutra.network.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Draws an architecture as SVG: one row of boxes for every resolution, left to right in the order of execution, coloured
 * by choice, with a bar for the layer's share of the MACs.
 */
public final class ArchitectureDrawing {

    private static final int LEFT = 96;
    private static final int TOP = 84;
    private static final int BOX_WIDTH = 104;
    private static final int BOX_HEIGHT = 62;
    private static final int GAP = 12;
    private static final int ROW = BOX_HEIGHT + 26;
    private static final int PER_ROW = 8;
    private static final String FIXED = "#d9dee5";
    private ArchitectureDrawing() {}

    /** An SVG document. */
    public static String svg(String title, LayerTable table) {
        List<List<LayerTable.Row>> lines = lines(table.rows());
        Map<String, String> colours = Svg.colours(table.rows().stream().map(ArchitectureDrawing::kind).toList());
        int columns = lines.stream().mapToInt(List::size).max().orElse(1);
        int width = Math.max(LEFT + Math.max(columns, 6) * (BOX_WIDTH + GAP) + GAP,
            LEFT + Svg.legendWidth(colours));
        int height = TOP + lines.size() * ROW + 40;
        StringBuilder svg = Svg.begin(width, height);
        Svg.text(svg, 16, 30, 17, "600", "start", title);
        Svg.text(svg, 16, 52, 12, "400", "start", String.format(Locale.ROOT, "%,d MACs · %,d parameters · bar: share of MACs",
            table.total().macs(), table.total().params()));
        long largest = table.rows().stream().mapToLong(row -> row.cost().macs()).max().orElse(1);
        for (int line = 0; line < lines.size(); line++) {
            draw(svg, lines.get(line), TOP + line * ROW, colours, Math.max(1, largest), table.total().macs());
        }
        Svg.legend(svg, colours, LEFT, TOP + lines.size() * ROW + 6);
        return svg.append("</svg>\n").toString();
    }

    /** Layers of one output size stand in a row; long rows wrap. */
    private static List<List<LayerTable.Row>> lines(List<LayerTable.Row> rows) {
        List<List<LayerTable.Row>> lines = new ArrayList<>();
        int size = -1;
        for (LayerTable.Row row : rows) {
            List<LayerTable.Row> last = lines.isEmpty() ? null : lines.get(lines.size() - 1);
            if (last == null || row.out().height() != size || last.size() == PER_ROW) {
                last = new ArrayList<>();
                lines.add(last);
                size = row.out().height();
            }
            last.add(row);
        }
        return lines;
    }

    /** The choice without its channel scale. */
    private static String kind(LayerTable.Row row) {
        int colon = row.choice().indexOf(':');
        return colon < 0 ? row.choice() : row.choice().substring(0, colon);
    }

    private static void draw(StringBuilder svg, List<LayerTable.Row> line, int y, Map<String, String> colours, long largest,
        long total) {
        LayerTable.Row first = line.get(0);
        String size = first.out().layout() == Shape.Layout.IMAGE
            ? first.out().height() + " × " + first.out().width()
            : "vector";
        Svg.text(svg, LEFT - 14, y + BOX_HEIGHT / 2 + 4, 12, "400", "end", size);
        for (int i = 0; i < line.size(); i++) {
            LayerTable.Row row = line.get(i);
            int x = LEFT + i * (BOX_WIDTH + GAP);
            boolean left = row.segment().ops().isEmpty();
            svg.append("<g><title>").append(Svg.escape(tooltip(row, total))).append("</title>")
                .append(Svg.rect(x, y, BOX_WIDTH, BOX_HEIGHT, 7, left ? "#ffffff" : colours.getOrDefault(kind(row), FIXED),
                    left ? " stroke=\"#9aa3ad\" stroke-dasharray=\"4 3\"" : " stroke=\"#5b6570\" stroke-width=\"0.6\""));
            if (i > 0) {
                svg.append("<path d=\"M").append(x - GAP).append(' ').append(y + BOX_HEIGHT / 2).append("h").append(GAP)
                    .append("\" stroke=\"#5b6570\"/>");
            }
            Svg.text(svg, x + BOX_WIDTH / 2, y + 18, 11, "400", "middle", row.layer());
            Svg.text(svg, x + BOX_WIDTH / 2, y + 35, 13, "600", "middle", row.choice().isEmpty() ? "fixed" : row.choice());
            Svg.text(svg, x + BOX_WIDTH / 2, y + 50, 10, "400", "middle", row.in().channels() + " → " + row.out().channels());
            int bar = (int) Math.round((BOX_WIDTH - 12) * (double) row.cost().macs() / largest);
            svg.append(Svg.rect(x + 6, y + BOX_HEIGHT - 7, BOX_WIDTH - 12, 3, 1, "#ffffff", " opacity=\"0.7\""))
                .append(Svg.rect(x + 6, y + BOX_HEIGHT - 7, bar, 3, 1, "#27313b", "")).append("</g>\n");
        }
    }

    private static String tooltip(LayerTable.Row row, long total) {
        return String.format(Locale.ROOT, "%s %s: %s to %s, %,d MACs (%.1f %%), %,d parameters", row.layer(), row.choice(),
            row.in(), row.out(), row.cost().macs(), 100.0 * row.cost().macs() / Math.max(1, total), row.cost().params());
    }
}
