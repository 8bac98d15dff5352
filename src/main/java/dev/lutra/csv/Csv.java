package dev.lutra.csv;

import dev.lutra.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A file of comma-separated values with a header (RFC 4180).
 *
 * @param header names of the columns, all different
 */
public record Csv(Path file, List<String> header, List<Row> rows) {

    /**
     * A record of the file.
     *
     * @param line where it begins, from 1
     * @param cells as many as the header has
     */
    public record Row(int line, List<String> cells) {}

    /**
     * @throws InputException naming the file and the line: no such file, no header, a column twice, a row of another length, a
     *     quote that is not closed
     */
    public static Csv read(Path file) {
        List<Row> rows = new Reader(file, text(file)).rows();
        if (rows.isEmpty()) {
            throw InputException.in(file, "empty (expected: a header and rows)");
        }
        List<String> header = rows.remove(0).cells();
        if (new HashSet<>(header).size() < header.size()) {
            throw new InputException(file + ":1: a column twice (expected: different names)");
        }
        for (Row row : rows) {
            if (row.cells().size() != header.size()) {
                throw new InputException(file + ":" + row.line() + ": " + row.cells().size() + " cells (expected: "
                    + header.size() + ", as in the header)");
            }
        }
        return new Csv(file, header, rows);
    }

    private static String text(Path file) {
        try {
            String text = Files.readString(file);
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (NoSuchFileException e) {
            throw InputException.in(file, "no such file");
        } catch (IOException e) {
            throw new InputException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** Position of a column; −1 if there is none. */
    public int column(String name) {
        return header.indexOf(name);
    }

    /** An error in a row. */
    public InputException error(Row row, String problem) {
        return new InputException(file + ":" + row.line() + ": " + problem);
    }

    /** One record as text, quoted where it has to be, with the line end that RFC 4180 asks for. */
    public static String line(List<String> cells) {
        return cells.stream().map(Csv::quoted).collect(Collectors.joining(",")) + "\r\n";
    }

    private static String quoted(String cell) {
        boolean plain = cell.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? cell : "\"" + cell.replace("\"", "\"\"") + "\"";
    }

    /** Splits text into records. */
    private static final class Reader {
        private final Path file;
        private final String text;
        private int at;
        private int line = 1;

        Reader(Path file, String text) {
            this.file = file;
            this.text = text;
        }

        List<Row> rows() {
            List<Row> rows = new ArrayList<>();
            while (at < text.length()) {
                int start = line;
                List<String> cells = new ArrayList<>();
                do {
                    cells.add(cell());
                } while (skip(','));
                endOfRecord();
                if (cells.size() > 1 || !cells.get(0).isEmpty()) {
                    rows.add(new Row(start, cells));
                }
            }
            return rows;
        }

        private String cell() {
            if (!skip('"')) {
                int start = at;
                while (at < text.length() && ",\r\n".indexOf(text.charAt(at)) < 0) {
                    at++;
                }
                return text.substring(start, at);
            }
            StringBuilder cell = new StringBuilder();
            int start = line;
            do {
                int close = text.indexOf('"', at);
                if (close < 0) {
                    throw new InputException(file + ":" + start + ": a quote that is not closed");
                }
                cell.append(cell.isEmpty() ? "" : "\"").append(text, at, close);
                line += (int) text.substring(at, close).chars().filter(c -> c == '\n').count();
                at = close + 1;
            } while (skip('"'));
            return cell.toString();
        }

        private void endOfRecord() {
            skip('\r');
            if (!skip('\n') && at < text.length()) {
                throw new InputException(file + ":" + line
                    + ": text after a closing quote (expected: a comma or the line's end)");
            }
            line++;
        }

        private boolean skip(char c) {
            boolean there = at < text.length() && text.charAt(at) == c;
            at += there ? 1 : 0;
            return there;
        }
    }
}
