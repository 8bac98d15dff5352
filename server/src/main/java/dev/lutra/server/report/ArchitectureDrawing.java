package dev.lutra.server.report;

import dev.lutra.network.Shape;
import java.awt.Color;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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
    // eight hues that people with any colour vision can tell apart (Okabe and Ito), lightened for black text
    private static final List<String> HUES = List.of(
        "#8fc7ee", "#f5c26b", "#7fd1b4", "#f2a27a", "#d9a6c8", "#f4ea8c", "#9db4e0", "#c9c9c9");
    private static final float GOLDEN = 0.618034f; // of a turn

    private ArchitectureDrawing() {}

    /** An SVG document. */
    public static String svg(String title, LayerTable table) {
        List<List<LayerTable.Row>> lines = lines(table.rows());
        Map<String, String> colours = colours(table.rows());
        int columns = lines.stream().mapToInt(List::size).max().orElse(1);
        int width = Math.max(LEFT + Math.max(columns, 6) * (BOX_WIDTH + GAP) + GAP,
            LEFT + colours.keySet().stream().mapToInt(ArchitectureDrawing::legendWidth).sum());
        int height = TOP + lines.size() * ROW + 40;
        StringBuilder svg = new StringBuilder();
        svg.append("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ").append(width).append(' ').append(height)
            .append("\" width=\"").append(width).append("\" height=\"").append(height)
            .append("\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"12\">\n")
            .append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        text(svg, 16, 30, 17, "600", "start", title);
        text(svg, 16, 52, 12, "400", "start", String.format(Locale.ROOT, "%,d MACs · %,d parameters · bar: share of MACs",
            table.total().macs(), table.total().params()));
        long largest = table.rows().stream().mapToLong(row -> row.cost().macs()).max().orElse(1);
        for (int line = 0; line < lines.size(); line++) {
            draw(svg, lines.get(line), TOP + line * ROW, colours, Math.max(1, largest), table.total().macs());
        }
        legend(svg, colours, TOP + lines.size() * ROW + 6);
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

    private static Map<String, String> colours(List<LayerTable.Row> rows) {
        Map<String, String> colours = new LinkedHashMap<>();
        rows.stream().map(ArchitectureDrawing::kind).filter(kind -> !kind.isEmpty()).sorted().distinct()
            .forEach(kind -> colours.put(kind, colour(colours.size())));
        return colours;
    }

    /** Where there are more choices than such hues, the others are at least different ones: the golden angle apart, and fainter. */
    private static String colour(int place) {
        return place < HUES.size()
            ? HUES.get(place)
            : String.format(Locale.ROOT, "#%06x", Color.HSBtoRGB(place * GOLDEN, 0.25f, 0.95f) & 0xffffff);
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
        text(svg, LEFT - 14, y + BOX_HEIGHT / 2 + 4, 12, "400", "end", size);
        for (int i = 0; i < line.size(); i++) {
            LayerTable.Row row = line.get(i);
            int x = LEFT + i * (BOX_WIDTH + GAP);
            boolean left = row.segment().ops().isEmpty();
            svg.append("<g><title>").append(escape(tooltip(row, total))).append("</title>")
                .append(rect(x, y, BOX_WIDTH, BOX_HEIGHT, 7, left ? "#ffffff" : colours.getOrDefault(kind(row), FIXED),
                    left ? " stroke=\"#9aa3ad\" stroke-dasharray=\"4 3\"" : " stroke=\"#5b6570\" stroke-width=\"0.6\""));
            if (i > 0) {
                svg.append("<path d=\"M").append(x - GAP).append(' ').append(y + BOX_HEIGHT / 2).append("h").append(GAP)
                    .append("\" stroke=\"#5b6570\"/>");
            }
            text(svg, x + BOX_WIDTH / 2, y + 18, 11, "400", "middle", row.layer());
            text(svg, x + BOX_WIDTH / 2, y + 35, 13, "600", "middle", row.choice().isEmpty() ? "fixed" : row.choice());
            text(svg, x + BOX_WIDTH / 2, y + 50, 10, "400", "middle", row.in().channels() + " → " + row.out().channels());
            int bar = (int) Math.round((BOX_WIDTH - 12) * (double) row.cost().macs() / largest);
            svg.append(rect(x + 6, y + BOX_HEIGHT - 7, BOX_WIDTH - 12, 3, 1, "#ffffff", " opacity=\"0.7\""))
                .append(rect(x + 6, y + BOX_HEIGHT - 7, bar, 3, 1, "#27313b", "")).append("</g>\n");
        }
    }

    private static String tooltip(LayerTable.Row row, long total) {
        return String.format(Locale.ROOT, "%s %s: %s to %s, %,d MACs (%.1f %%), %,d parameters", row.layer(), row.choice(),
            row.in(), row.out(), row.cost().macs(), 100.0 * row.cost().macs() / Math.max(1, total), row.cost().params());
    }

    private static void legend(StringBuilder svg, Map<String, String> colours, int y) {
        int x = LEFT;
        for (Map.Entry<String, String> entry : colours.entrySet()) {
            svg.append(rect(x, y, 13, 13, 3, entry.getValue(), " stroke=\"#5b6570\" stroke-width=\"0.6\""));
            text(svg, x + 19, y + 11, 12, "400", "start", entry.getKey());
            x += legendWidth(entry.getKey());
        }
    }

    private static int legendWidth(String kind) {
        return 34 + 8 * kind.length();
    }

    private static String rect(int x, int y, int width, int height, int radius, String fill, String more) {
        return "<rect x=\"" + x + "\" y=\"" + y + "\" width=\"" + width + "\" height=\"" + height + "\" rx=\"" + radius
            + "\" fill=\"" + fill + "\"" + more + "/>";
    }

    private static void text(StringBuilder svg, int x, int y, int size, String weight, String anchor, String content) {
        svg.append("<text x=\"").append(x).append("\" y=\"").append(y).append("\" font-size=\"").append(size)
            .append("\" font-weight=\"").append(weight).append("\" text-anchor=\"").append(anchor)
            .append("\" fill=\"#1c242c\">").append(escape(content)).append("</text>\n");
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
