package dev.lutra.latency.published;

import dev.lutra.InputException;
import dev.lutra.csv.Csv;
import dev.lutra.yaml.YamlNode;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** The figures of a publisher's files by key, and which of them were asked for. */
final class Figures {

    private static final double LONGEST_MILLIS = 1e6;

    /**
     * Which columns of a CSV file hold what.
     *
     * @param key columns that together are the key, in the order that {@code name} takes their cells
     * @param name makes the key
     * @param mean in milliseconds
     * @param least what a mean may be at least
     * @param count empty for none
     * @param spread empty for none
     */
    record Columns(List<String> key, Function<List<String>, String> name, String mean, double least, Optional<String> count,
        Optional<Spread> spread) {}

    /** A column, or key of the original file, with the spread: its name, and whether it is a variance rather than a deviation. */
    record Spread(String column, String originalKey, boolean isVariance) {

        double deviation(double value) {
            return isVariance ? Math.sqrt(value) : value;
        }
    }

    private final Map<String, Figure> figures = new LinkedHashMap<>();
    private final Set<String> used = new HashSet<>();

    /** @return whether the key is new */
    boolean add(String key, Figure figure) {
        return figures.putIfAbsent(key, figure) == null;
    }

    /** The sum of some keys; empty if one of them is not there. */
    Optional<Figure> sum(List<String> keys) {
        if (!figures.keySet().containsAll(keys)) {
            return Optional.empty();
        }
        used.addAll(keys);
        return keys.stream().map(figures::get).reduce(Figure::plus);
    }

    Set<String> keys() {
        return figures.keySet();
    }

    int used() {
        return used.size();
    }

    /**
     * Reads a CSV file with a header.
     *
     * @throws InputException with file, line, column and expectation
     */
    void readCsv(Path file, Columns columns) {
        Csv csv = Csv.read(file);
        List<Integer> key = columns.key().stream().map(name -> column(csv, name)).toList();
        int mean = column(csv, columns.mean());
        Optional<Integer> count = columns.count().map(name -> column(csv, name));
        Optional<Integer> spread = columns.spread().map(found -> column(csv, found.column()));
        for (Csv.Row row : csv.rows()) {
            String name = columns.name().apply(key.stream().map(column -> row.cells().get(column)).toList());
            double deviation = spread.map(column -> columns.spread().get().deviation(number(csv, row, column, 0))).orElse(0.0);
            Figure figure = new Figure(number(csv, row, mean, columns.least()), deviation,
                count.map(column -> (long) number(csv, row, column, 1)).orElse(0L));
            if (!add(name, figure)) {
                throw csv.error(row, columns.key().get(0) + ": " + name + ": given twice (expected: every key once)");
            }
        }
    }

    private static int column(Csv csv, String name) {
        if (csv.column(name) < 0) {
            throw new InputException(csv.file() + ":1: no column '" + name + "' (found: "
                + String.join(", ", csv.header()) + ")");
        }
        return csv.column(name);
    }

    private static double number(Csv csv, Csv.Row row, int column, double least) {
        return csv.number(row, column, least, LONGEST_MILLIS, "a number of at least " + (long) least);
    }

    /**
     * Reads the original layout of ProxylessNAS and Once-for-all: key → {count, mean, var or std}.
     *
     * @throws InputException with file, line, key and expectation
     */
    void readYaml(Path file, Spread spread, Function<String, String> name) {
        YamlNode.read(file).entries().forEach((key, node) -> {
            double deviation = spread.deviation(node.get(spread.originalKey()).number(0, LONGEST_MILLIS));
            Figure figure = new Figure(node.get("mean").number(0, LONGEST_MILLIS), deviation, node.get("count").integer(1));
            if (!add(name.apply(key), figure)) {
                throw node.error("given twice (expected: every key once)");
            }
        });
    }

    /**
     * Reads the original layout of Single-Path NAS: {@code layer N} → option → milliseconds.
     *
     * @throws InputException with file, line, key and expectation
     */
    void readLayers(Path file) {
        YamlNode.read(file).entries().forEach((layer, options) -> {
            if (!layer.matches("layer \\d+")) {
                throw options.error(layer + " (expected: 'layer' and a number)");
            }
            String number = layer.substring("layer ".length());
            options.entries().forEach((option, node) -> {
                if (!add(SinglePathKeys.layer(number, option), new Figure(node.number(0, LONGEST_MILLIS), 0, 0))) {
                    throw node.error("given twice (expected: every key once, in all files together)");
                }
            });
        });
    }
}
