package dev.lutra.search;

import dev.lutra.InputException;
import dev.lutra.csv.Csv;
import dev.lutra.measure.sums.SlotSum;
import dev.lutra.measure.sums.Slots;
import dev.lutra.space.Architecture;
import dev.lutra.space.GeneSpace;
import dev.lutra.space.TableSpace;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ObjDoubleConsumer;

/**
 * Accuracies, and other measures, from a CSV file: columns {@code arch} (any text that the space reads) and {@code accuracy}, or
 * what the file's own column for it is called.
 * Further columns with the name of a measure ({@code macs}, {@code params}, {@code latency}, {@code latency:<device>}) take the
 * place of what would be computed; latencies are in milliseconds. Other columns of numbers may serve as objectives under
 * their own name, and columns that hold anything else are left alone.
 */
public final class AccuracyTable implements AccuracySource {

    private static final String ARCHITECTURE = TableSpace.COLUMN;

    private record Row(double accuracy, Measures others) {}

    private final Path file;
    private final Map<Architecture, Row> rows = new LinkedHashMap<>();
    private final SortedSet<String> others;

    AccuracyTable(AccuracyFile source, GeneSpace space) {
        file = source.path();
        Csv csv = Csv.read(file);
        Map<String, Integer> columns = columns(csv, source.column());
        int accuracyColumn = columns.remove(Measure.ACCURACY);
        others = Collections.unmodifiableSortedSet(new TreeSet<>(columns.keySet()));
        int architectureColumn = csv.column(ARCHITECTURE);
        for (Csv.Row row : csv.rows()) {
            Architecture architecture = architecture(csv, row, row.cells().get(architectureColumn), space);
            SortedMap<String, Double> values = new TreeMap<>();
            columns.forEach((measure, column) -> values.put(measure, number(csv, row, column)));
            if (rows.put(architecture, new Row(accuracy(csv, row, accuracyColumn, source.unit()), new Measures(values))) != null) {
                throw csv.error(row, architecture + " is there twice");
            }
        }
    }

    private static Map<String, Integer> columns(Csv csv, String accuracy) {
        for (String required : new String[]{ARCHITECTURE, accuracy}) {
            if (csv.column(required) < 0) {
                throw new InputException(csv.file() + ":1: no column '" + required
                    + "' (expected: arch," + accuracy + "[,macs,params,latency])");
            }
        }
        Map<String, Integer> columns = new LinkedHashMap<>();
        for (int i = 0; i < csv.header().size(); i++) {
            String measure = Measure.ofColumn(csv.header().get(i));
            if (i == csv.column(accuracy)) {
                columns.put(Measure.ACCURACY, i);
            } else if (!measure.equals(ARCHITECTURE) && !measure.equals(Measure.ACCURACY)
                && (isKnown(measure) || isNumeric(csv, i))) {
                columns.put(measure, i);
            }
        }
        return columns;
    }

    private static double accuracy(Csv csv, Csv.Row row, int column, AccuracyFile.Unit unit) {
        String cell = row.cells().get(column);
        Optional<BigDecimal> number = decimal(cell);
        if (unit == AccuracyFile.Unit.SHARE || number.isEmpty()) {
            return number(csv, row, column, Measure.ACCURACY);
        }
        double share = Measure.shifted(number.get(), -unit.digits());
        if (share < 0 || share > 1) {
            throw csv.error(row, csv.header().get(column) + ": " + cell.strip() + " (expected: percent, from 0 to 100)");
        }
        return share;
    }

    private static boolean isKnown(String measure) {
        return measure.equals(Measure.MACS) || measure.equals(Measure.PARAMS)
            || Measure.isLatency(measure);
    }

    private static boolean isNumeric(Csv csv, int column) {
        return csv.rows().stream().allMatch(row -> decimal(row.cells().get(column)).isPresent());
    }

    private static Optional<BigDecimal> decimal(String cell) {
        try {
            return Optional.of(new BigDecimal(cell.strip()));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    static double number(Csv csv, Csv.Row row, int column) {
        return number(csv, row, column, Measure.ofColumn(csv.header().get(column)));
    }

    private static double number(Csv csv, Csv.Row row, int column, String measure) {
        String cell = row.cells().get(column);
        String name = csv.header().get(column);
        double value = decimal(cell).map(number -> Measure.fromColumn(measure, number))
            .orElseThrow(() -> csv.error(row, name + ": '" + cell + "' (expected: a number)"));
        Measure.expectation(measure, value).ifPresent(expected -> {
            throw csv.error(row, name + ": " + cell.strip() + " (expected: " + expected + ")");
        });
        return value;
    }

    static Architecture architecture(Csv csv, Csv.Row row, String text, GeneSpace space) {
        try {
            return space.parse(text);
        } catch (InputException e) {
            throw new InputException(csv.file() + ":" + row.line() + ": " + e.getMessage(), e);
        }
    }

    public Path file() {
        return file;
    }

    /** Every architecture that it has, in the order of the file. */
    public List<Architecture> architectures() {
        return List.copyOf(rows.keySet());
    }

    /** Number of architectures. */
    public int size() {
        return rows.size();
    }

    @Override
    public void find(List<Architecture> architectures, ObjDoubleConsumer<Architecture> found) {
        architectures.forEach(architecture -> found.accept(architecture, accuracy(architecture)));
    }

    /**
     * @throws InputException if the table does not have the architecture
     */
    public double accuracy(Architecture architecture) {
        return row(architecture).accuracy();
    }

    private Row row(Architecture architecture) {
        Row row = rows.get(architecture);
        if (row == null) {
            throw InputException.in(file, "no row for " + architecture);
        }
        return row;
    }

    /** The measures of this table's columns alone. */
    public CheapMeasures measures() {
        return new CheapMeasures() {
            @Override
            public SortedSet<String> names() {
                return others;
            }

            @Override
            public Measures of(Architecture architecture) {
                return row(architecture).others();
            }
        };
    }

    /**
     * The computed measures with this table's in their place. A column {@code latency} stands for the latency on every device
     * that has no column of its own.
     */
    public CheapMeasures replacing(CheapMeasures computed) {
        SortedSet<String> names = new TreeSet<>(computed.names());
        names.addAll(others);
        return new CheapMeasures() {
            @Override
            public SortedSet<String> names() {
                return names;
            }

            @Override
            public SortedSet<String> namesWithAccuracy() {
                return computed.namesWithAccuracy();
            }

            @Override
            public Measures completed(Architecture architecture, Measures withAccuracy) {
                return computed.completed(architecture, withAccuracy);
            }

            @Override
            public Optional<Slots> slots() {
                return computed.slots();
            }

            @Override
            public Optional<SlotSum> slotSum(String measure) {
                boolean replaced = others.contains(measure) || Measure.isOnDevice(measure) && others.contains(Measure.LATENCY);
                return replaced ? Optional.empty() : computed.slotSum(measure);
            }

            @Override
            public Measures of(Architecture architecture) {
                Measures measures = computed.of(architecture);
                if (others.isEmpty()) {
                    return measures;
                }
                SortedMap<String, Double> own = row(architecture).others().values();
                SortedMap<String, Double> all = new TreeMap<>(measures.values());
                if (others.contains(Measure.LATENCY)) {
                    all.replaceAll((name, value) -> Measure.isOnDevice(name) ? own.get(Measure.LATENCY) : value);
                }
                all.putAll(own);
                return new Measures(all);
            }
        };
    }
}
