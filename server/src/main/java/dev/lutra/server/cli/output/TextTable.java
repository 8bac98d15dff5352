package dev.lutra.server.cli.output;

import dev.lutra.Names;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A table for a terminal: columns as wide as their widest cell; cells that are numbers stand to the right. What others named is
 * shown as {@link Names#shown} has it.
 */
public final class TextTable {

    private static final Pattern NUMBER = Pattern.compile("[-+<>]?[0-9][0-9.,]*( ?(%|ms|us|M|K|G))?");

    private final List<List<String>> rows = new ArrayList<>();

    public TextTable(String... header) {
        row((Object[]) header);
    }

    public TextTable row(Object... cells) {
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(Names.shown(String.valueOf(cell)));
        }
        rows.add(row);
        return this;
    }

    @Override
    public String toString() {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        boolean[] numeric = new boolean[columns];
        for (int c = 0; c < columns; c++) {
            numeric[c] = rows.size() > 1;
            for (int r = 0; r < rows.size(); r++) {
                String cell = rows.get(r).get(c);
                widths[c] = Math.max(widths[c], cell.length());
                numeric[c] &= r == 0 || cell.isEmpty() || NUMBER.matcher(cell).matches();
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int c = 0; c < columns; c++) {
                String padding = " ".repeat(widths[c] - row.get(c).length());
                line.append(c == 0 ? "" : "  ").append(numeric[c] ? padding + row.get(c) : row.get(c) + padding);
            }
            text.append(line.toString().stripTrailing()).append(System.lineSeparator());
        }
        return text.toString();
    }
}
