package dev.lutra.csv;

import de.siegmar.fastcsv.reader.AbstractBaseCsvCallbackHandler;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import de.siegmar.fastcsv.writer.QuoteStrategy;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * A file of comma-separated values with a header (RFC 4180), in UTF-8.
 *
 * @param header names of the columns, all different
 */
public record Csv(Path file, List<String> header, List<Row> rows) {

    private static final int MOST_BYTES = 1 << 28;
    private static final int MOST_CELLS = 10_000;
    private static final int LONGEST_CELL = 1 << 20;
    /** At the beginning of a file it is a mark of the encoding, unless a quote comes before it. */
    private static final QuoteStrategy WHAT_WOULD_BE_A_MARK = new QuoteStrategy() {
        @Override
        public boolean quoteValue(int line, int field, String value) {
            return value.startsWith("\uFEFF");
        }
    };
    /** A record behind the last one. A quote that is not closed swallows it, which the parser would let pass. */
    private static final String END = "\0";

    /**
     * A record of the file.
     *
     * @param line where it begins, from 1
     * @param cells as many as the header has
     */
    public record Row(int line, List<String> cells) {}

    /**
     * @throws InputException naming the file and the line: no such file, no header, a column twice, a row of another length, a
     *     quote that is not closed, a row that is too long
     */
    public static Csv read(Path file) {
        return read(file, ',');
    }

    /**
     * The same with another separator than a comma.
     *
     * @throws InputException as {@link #read(Path)}
     */
    public static Csv read(Path file, char separator) {
        List<Row> rows = parse(file, InputFile.text(file, MOST_BYTES), separator);
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

    private static List<Row> parse(Path file, String text, char separator) {
        List<Row> rows = new ArrayList<>();
        RowBuilder builder = new RowBuilder(file);
        Reader reader = new StringReader(text + "\n" + END);
        try (CsvReader<Row> records = CsvReader.builder().fieldSeparator(separator).skipEmptyLines(true).allowExtraFields(true)
            .allowMissingFields(true)
            .maxBufferSize(LONGEST_CELL).build(builder, reader)) {
            records.forEach(rows::add);
        } catch (CsvParseException e) {
            if (e.getCause() instanceof InputException tooManyCells) {
                throw tooManyCells;
            }
            boolean tooLong = e.getCause() != null && String.valueOf(e.getCause().getMessage()).contains("buffer size");
            throw new InputException(file + ":" + builder.line + ": " + (tooLong
                ? "a cell of more than " + LONGEST_CELL + " characters (is a quote not closed?)"
                : "text after a closing quote (expected: a separator or the line's end)"), e);
        } catch (IOException e) {
            throw new UncheckedIOException("text in memory can always be read", e);
        }
        Row last = rows.remove(rows.size() - 1);
        if (!last.cells().equals(List.of(END))) {
            throw new InputException(file + ":" + last.line() + ": a quote that is not closed");
        }
        return rows;
    }

    /** Position of a column; −1 if there is none. */
    public int column(String name) {
        return header.indexOf(name);
    }

    /** An error in a row. */
    public InputException error(Row row, String problem) {
        return new InputException(file + ":" + row.line() + ": " + problem);
    }

    /**
     * A cell that holds a number within bounds, both included.
     *
     * @param expectation of the cell, for the message
     * @throws InputException if it does not
     */
    public double number(Row row, int column, double least, double most, String expectation) {
        String cell = row.cells().get(column).strip();
        try {
            double value = Double.parseDouble(cell);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // reported below like a number out of range
        }
        throw error(row, header.get(column) + ": '" + cell + "' (expected: " + expectation + ")");
    }

    /** One record as text, quoted where it has to be, with the line end that RFC 4180 asks for. */
    public static String line(List<String> cells) {
        if (cells.equals(List.of(""))) {
            return "\"\"\r\n"; // an empty line would be passed over
        }
        StringWriter text = new StringWriter();
        try (CsvWriter writer = CsvWriter.builder().lineDelimiter(LineDelimiter.CRLF).quoteStrategy(WHAT_WOULD_BE_A_MARK).build(text)) {
            writer.writeRecord(cells);
        } catch (IOException e) {
            throw new UncheckedIOException("memory can always be written", e);
        }
        return text.toString();
    }

    /** Collects the cells of one record at a time; knows the line even of a record that cannot be read. */
    private static final class RowBuilder extends AbstractBaseCsvCallbackHandler<Row> {

        private final Path file;
        private int line;
        private List<String> cells;

        RowBuilder(Path file) {
            this.file = file;
        }

        @Override
        protected void handleBegin(long startingLine) {
            line = Math.toIntExact(startingLine);
            cells = new ArrayList<>();
        }

        @Override
        protected void handleField(int index, char[] buffer, int offset, int length, boolean quoted) {
            if (index >= MOST_CELLS) {
                throw new InputException(file + ":" + line + ": more than " + MOST_CELLS + " cells (expected: one row a line)");
            }
            cells.add(new String(buffer, offset, length));
        }

        @Override
        protected Row buildRecord() {
            return new Row(line, List.copyOf(cells));
        }
    }
}
