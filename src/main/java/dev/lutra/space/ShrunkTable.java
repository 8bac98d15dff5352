package dev.lutra.space;

import dev.lutra.yaml.YamlNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Writes a stage table anew, with some of its options. */
final class ShrunkTable {

    private final YamlNode file;
    private final Options options;
    private final Map<String, Integer> genes = new HashMap<>();
    private int searchable;

    private ShrunkTable(YamlNode file, Options options) {
        this.file = file;
        this.options = options;
        List<Gene> all = options.space().genes();
        IntStream.range(0, all.size()).forEach(gene -> genes.put(all.get(gene).name(), gene));
    }

    /** The file's text with a name of its own, the layers a row each, and everything else as it is. */
    static String write(YamlNode file, Options options) {
        return new ShrunkTable(file, options).text();
    }

    private String text() {
        Map<String, Object> written = new LinkedHashMap<>(mapping(file));
        written.put("name", options.space().name() + "-shrunk");
        written.put("title", file.get("title").text() + ", shrunk");
        List<Object> rows = new ArrayList<>();
        file.get("layers").items().forEach(row -> rows.addAll(rows(row)));
        written.put("layers", rows);
        return YamlNode.text(written);
    }

    private static Map<String, Object> mapping(YamlNode node) {
        Map<String, Object> values = new LinkedHashMap<>();
        node.entries().forEach((key, value) -> values.put(key, value.plain()));
        return values;
    }

    private List<Map<String, Object>> rows(YamlNode row) {
        Map<String, Object> whole = mapping(row);
        if (row.find("choices").isEmpty()) {
            return List.of(whole);
        }
        whole.remove("repeat");
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int i = 0; i < row.find("repeat").map(node -> node.integer(1)).orElse(1); i++) {
            Map<String, Object> layer = new LinkedHashMap<>(whole);
            if (i > 0) {
                layer.remove("stride");
            }
            String name = "layer" + ++searchable;
            layer.put("choices", chosen(genes.get(name + ".choice")).stream().map(Gene.Option::name).toList());
            if (genes.containsKey(name + Gene.SCALE)) {
                Map<Integer, BigDecimal> scales = new LinkedHashMap<>();
                chosen(genes.get(name + Gene.SCALE)).forEach(scale -> scales.put(scale.index(), new BigDecimal(scale.name())));
                layer.put("scales", scales);
            }
            if (genes.containsKey(name + Gene.BITS)) {
                layer.put("bits", chosen(genes.get(name + Gene.BITS)).stream().map(Gene.Option::name).toList());
            }
            rows.add(layer);
        }
        return rows;
    }

    private List<Gene.Option> chosen(int gene) {
        return IntStream.of(options.of(gene)).mapToObj(options.space().genes().get(gene).options()::get).toList();
    }
}
