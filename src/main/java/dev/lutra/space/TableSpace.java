package dev.lutra.space;

import dev.lutra.InputException;
import dev.lutra.csv.Csv;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The architectures that a table has a row for, as tabular benchmarks publish them: a space without networks. The table's column
 * {@code arch} has a digit for every gene, or entries between commas; the options of a gene are the labels that its rows have
 * there, numbers in their order. The rows may be any part of what the genes span.
 */
public final class TableSpace implements GeneSpace {

    /** The column of the architectures. */
    public static final String COLUMN = "arch";

    private static final Pattern DIGITS = Pattern.compile("[0-9]+");
    private static final Pattern COMMA = Pattern.compile("\\s*,\\s*");
    private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,9}");

    private final Path file;
    private final boolean digits;
    private final List<Gene> genes;
    private final List<Architecture> rows;
    private final Set<Architecture> members;

    private TableSpace(Csv csv) {
        file = csv.file();
        int column = csv.column(COLUMN);
        if (column < 0) {
            throw new InputException(file + ":1: no column '" + COLUMN + "' (expected: one, of the architectures)");
        }
        if (csv.rows().isEmpty()) {
            throw InputException.in(file, "no rows (expected: one an architecture)");
        }
        digits = csv.rows().stream().noneMatch(row -> row.cells().get(column).contains(","));
        int length = split(csv.rows().get(0).cells().get(column)).length;
        List<String[]> entries = csv.rows().stream().map(row -> entries(csv, row, row.cells().get(column), length)).toList();
        genes = genes(entries);
        rows = entries.stream().map(this::architecture).toList();
        members = new HashSet<>(rows);
    }

    /**
     * The space of a CSV file.
     *
     * @throws InputException naming the file and the line, if its architectures are not of one length
     */
    public static TableSpace load(Path file) {
        return new TableSpace(Csv.read(file));
    }

    private String[] entries(Csv csv, Csv.Row row, String cell, int length) {
        String[] entries = split(cell);
        boolean isWritten = digits ? DIGITS.matcher(cell.strip()).matches() : Arrays.stream(entries).noneMatch(String::isEmpty);
        if (!isWritten || entries.length != length) {
            throw csv.error(row, COLUMN + ": '" + cell + "' (expected: "
                + (digits ? length + " digits, one a gene" : length + " entries, one a gene, comma-separated") + ")");
        }
        return entries;
    }

    private String[] split(String cell) {
        return digits ? cell.strip().chars().mapToObj(Character::toString).toArray(String[]::new) : COMMA.split(cell.strip(), -1);
    }

    private static List<Gene> genes(List<String[]> entries) {
        List<Gene> genes = new ArrayList<>();
        for (int gene = 0; gene < entries.get(0).length; gene++) {
            int position = gene;
            Set<String> labels = new LinkedHashSet<>();
            entries.forEach(row -> labels.add(row[position]));
            boolean areNumbers = labels.stream().allMatch(label -> NUMBER.matcher(label).matches());
            Comparator<String> order = areNumbers
                ? Comparator.<String>comparingInt(Integer::parseInt).thenComparing(Comparator.naturalOrder())
                : Comparator.naturalOrder();
            List<String> sorted = labels.stream().sorted(order).toList();
            genes.add(new Gene("gene" + (gene + 1), IntStream.range(0, sorted.size())
                .mapToObj(i -> new Gene.Option(sorted.get(i), areNumbers ? Integer.parseInt(sorted.get(i)) : i)).toList()));
        }
        return List.copyOf(genes);
    }

    private Architecture architecture(String[] entries) {
        int[] values = new int[entries.length];
        for (int gene = 0; gene < values.length; gene++) {
            values[gene] = genes.get(gene).position(entries[gene]);
        }
        return architecture(values);
    }

    @Override
    public Architecture architecture(int[] values) {
        Gene.requireValues(name(), genes, values);
        StringBuilder text = new StringBuilder();
        for (int gene = 0; gene < values.length; gene++) {
            text.append(digits || gene == 0 ? "" : ",").append(genes.get(gene).options().get(values[gene]).name());
        }
        return new Architecture(name(), values.clone(), text.toString());
    }

    @Override
    public Architecture parse(String text) {
        String[] entries = split(text);
        int[] values = new int[genes.size()];
        boolean isWritten = entries.length == values.length;
        for (int gene = 0; isWritten && gene < values.length; gene++) {
            values[gene] = genes.get(gene).position(entries[gene]);
            isWritten = values[gene] >= 0;
        }
        Architecture architecture = isWritten ? architecture(values) : null;
        if (architecture == null || !contains(architecture)) {
            throw InputException.in(file, "no row for " + text.strip());
        }
        return architecture;
    }

    @Override
    public boolean contains(Architecture architecture) {
        return members.contains(architecture);
    }

    /** Every architecture, in the order of the file. */
    public List<Architecture> rows() {
        return rows;
    }

    /** The file's name without its ending. */
    @Override
    public String name() {
        return file.getFileName().toString().replaceFirst("\\.csv$", "");
    }

    @Override
    public String title() {
        return members.size() + " architectures of a table";
    }

    @Override
    public String source() {
        return file.toString();
    }

    @Override
    public List<Gene> genes() {
        return genes;
    }

    @Override
    public BigInteger size() {
        return BigInteger.valueOf(members.size());
    }

    /** Of the genes alone: what the rows say is part of what accuracies are found again by. */
    @Override
    public String fingerprint() {
        return geneValues().build().fingerprint("table space", 1);
    }
}
