package dev.lutra.server.cli.space;

import dev.lutra.cost.CountingRule;
import dev.lutra.cost.Extremes;
import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.Lines;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.report.LayerTable;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A space as a whole: its rows, what may stand there, how many networks that makes, and the smallest and largest of them. */
final class SpaceDescription {

    private static final int NAMED_OPTIONS = 6;

    private final SearchSpace space;
    private final CountingRule rule;
    private final Extremes extremes;
    private final List<LayerTable.Row> rows;

    SpaceDescription(SearchSpace space, CountingRule rule) {
        this.space = space;
        this.rule = rule;
        extremes = Extremes.of(space, rule);
        // shapes at a row's ends are the same whatever stands there
        rows = LayerTable.of(space, extremes.largest().architecture(), rule).rows();
    }

    /** What is known of a space without building its networks. */
    static Map<String, Object> head(SearchSpace space) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("name", space.name());
        document.put("title", space.title());
        document.put("source", space.source());
        document.put("input", List.of(space.input().channels(), space.input().height(), space.input().width()));
        document.put("classes", space.classes());
        document.put("size", space.size());
        document.put("genes", space.genes().stream().map(gene -> Map.of("name", gene.name(), "options", options(gene))).toList());
        return document;
    }

    private static List<String> options(Gene gene) {
        return gene.options().stream().map(Gene.Option::name).toList();
    }

    Map<String, Object> document() {
        Map<String, Object> document = head(space);
        List<Map<String, Object>> listed = new ArrayList<>();
        for (LayerTable.Row row : rows) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("row", row.layer());
            entry.put("in", row.in().toString());
            entry.put("out", row.out().toString());
            entry.put("genes", genes(row).stream().map(Gene::name).toList());
            listed.add(entry);
        }
        document.put("rows", listed);
        document.put("counting", rule.ruleName());
        document.put("cheapest", document(extremes.cheapest()));
        document.put("largest", document(extremes.largest()));
        return document;
    }

    private static Map<String, Object> document(Extremes.Extreme extreme) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("arch", extreme.architecture().toString());
        document.put("macs", extreme.cost().macs());
        document.put("params", extreme.cost().params());
        return document;
    }

    private List<Gene> genes(LayerTable.Row row) {
        return space.genes().stream().filter(gene -> gene.layer().equals(row.layer())).toList();
    }

    void print() {
        Lines.print(space.name() + ": " + space.title());
        Lines.print("source  " + space.source());
        Lines.print("input   " + space.input() + ", " + space.classes() + " classes");
        TextTable text = new TextTable("row", "in", "out", "options");
        rows.forEach(row -> text.row(row.layer(), row.in(), row.out(), described(row)));
        System.out.print(text);
        // cells share their genes, which belong to no row
        space.genes().stream().filter(gene -> rows.stream().noneMatch(row -> row.layer().equals(gene.layer())))
            .forEach(gene -> Lines.print(gene.name() + "  " + described(gene)));
        Lines.print(Figures.count(space.genes().size()) + " genes, " + String.format(Locale.ROOT, "%,d", space.size()) + " networks");
        Lines.print("cheapest  " + described(extremes.cheapest()));
        Lines.print("largest   " + described(extremes.largest()));
    }

    private String described(LayerTable.Row row) {
        List<Gene> genes = genes(row);
        return genes.isEmpty() ? "fixed" : genes.stream().map(SpaceDescription::described).collect(Collectors.joining(" x "));
    }

    private static String described(Gene gene) {
        List<String> options = options(gene);
        return options.size() <= NAMED_OPTIONS
            ? String.join(", ", options)
            : options.size() + ": " + String.join(", ", options.subList(0, NAMED_OPTIONS - 1)) + ", …, " + options.get(options.size() - 1);
    }

    private String described(Extremes.Extreme extreme) {
        return Figures.count(extreme.cost().macs()) + " MACs (" + rule.ruleName() + "), " + Figures.count(extreme.cost().params())
            + " parameters: " + extreme.architecture();
    }
}
