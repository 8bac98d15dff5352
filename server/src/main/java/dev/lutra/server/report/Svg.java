package dev.lutra.server.report;

import java.awt.Color;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What drawings of architectures are made of: boxes and texts as SVG, and a colour for every choice. */
final class Svg {

    // eight hues that people with any colour vision can tell apart (Okabe and Ito), lightened for black text
    private static final List<String> HUES = List.of(
        "#8fc7ee", "#f5c26b", "#7fd1b4", "#f2a27a", "#d9a6c8", "#f4ea8c", "#9db4e0", "#c9c9c9");
    private static final float GOLDEN = 0.618034f; // of a turn

    private Svg() {}

    /** The beginning of a document with a white ground. */
    static StringBuilder begin(int width, int height) {
        return new StringBuilder("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ").append(width).append(' ').append(height)
            .append("\" width=\"").append(width).append("\" height=\"").append(height)
            .append("\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"12\">\n")
            .append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
    }

    /** A colour for every choice that has a name. */
    static Map<String, String> colours(Collection<String> choices) {
        Map<String, String> colours = new LinkedHashMap<>();
        choices.stream().filter(choice -> !choice.isEmpty()).sorted().distinct()
            .forEach(choice -> colours.put(choice, colour(colours.size())));
        return colours;
    }

    /** Where there are more choices than such hues, the others are at least different ones: the golden angle apart, and fainter. */
    private static String colour(int place) {
        return place < HUES.size()
            ? HUES.get(place)
            : String.format(Locale.ROOT, "#%06x", Color.HSBtoRGB(place * GOLDEN, 0.25f, 0.95f) & 0xffffff);
    }

    /** What every colour stands for, in a line. */
    static void legend(StringBuilder svg, Map<String, String> colours, int left, int y) {
        int x = left;
        for (Map.Entry<String, String> entry : colours.entrySet()) {
            svg.append(rect(x, y, 13, 13, 3, entry.getValue(), " stroke=\"#5b6570\" stroke-width=\"0.6\""));
            text(svg, x + 19, y + 11, 12, "400", "start", entry.getKey());
            x += legendWidth(entry.getKey());
        }
    }

    static int legendWidth(Map<String, String> colours) {
        return colours.keySet().stream().mapToInt(Svg::legendWidth).sum();
    }

    private static int legendWidth(String kind) {
        return 34 + 8 * kind.length();
    }

    static String rect(int x, int y, int width, int height, int radius, String fill, String more) {
        return "<rect x=\"" + x + "\" y=\"" + y + "\" width=\"" + width + "\" height=\"" + height + "\" rx=\"" + radius
            + "\" fill=\"" + fill + "\"" + more + "/>";
    }

    static void text(StringBuilder svg, int x, int y, int size, String weight, String anchor, String content) {
        svg.append("<text x=\"").append(x).append("\" y=\"").append(y).append("\" font-size=\"").append(size)
            .append("\" font-weight=\"").append(weight).append("\" text-anchor=\"").append(anchor)
            .append("\" fill=\"#1c242c\">").append(escape(content)).append("</text>\n");
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
