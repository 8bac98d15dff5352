package dev.lutra.server.cli.space;

import dev.lutra.cost.Cost;
import dev.lutra.cost.CountingRule;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.Prediction;
import dev.lutra.network.Network;
import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.report.LayerTable;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What is said of architectures.
 *
 * @param latency predicts their latencies; empty: nothing is said of them
 */
record ArchitectureAnswers(SearchSpace space, CountingRule rule, Optional<LatencyModel> latency) {

    /** One architecture in total. */
    Map<String, Object> summary(Architecture architecture) {
        Network network = space.build(architecture);
        return summary(architecture, rule.count(network.ops()), latency.map(model -> model.predict(network)));
    }

    private Map<String, Object> summary(Architecture architecture, Cost cost, Optional<Prediction> prediction) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("space", space.name());
        document.put("arch", architecture.toString());
        document.put("macs", cost.macs());
        document.put("params", cost.params());
        prediction.ifPresent(predicted -> document.put("latency_ms", predicted.nanos() / 1e6));
        return document;
    }

    /** One architecture, layer by layer. */
    Map<String, Object> document(Architecture chosen, LayerTable layers) {
        Optional<Prediction> prediction = latency.map(model -> model.predict(space.build(chosen)));
        Map<String, Object> document = summary(chosen, layers.total(), prediction);
        document.put("counting", rule.ruleName());
        Map<String, Long> nanos = nanos(prediction);
        List<Map<String, Object>> rows = new ArrayList<>();
        for (LayerTable.Row row : layers.rows()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("layer", row.layer());
            entry.put("choice", row.choice());
            entry.put("in", row.in().toString());
            entry.put("out", row.out().toString());
            entry.put("macs", row.cost().macs());
            entry.put("params", row.cost().params());
            entry.put("key", row.segment().key());
            prediction.ifPresent(predicted -> entry.put("latency_ms", nanos.getOrDefault(row.layer(), 0L) / 1e6));
            rows.add(entry);
        }
        document.put("layers", rows);
        return document;
    }

    private static Map<String, Long> nanos(Optional<Prediction> prediction) {
        Map<String, Long> nanos = new HashMap<>();
        prediction.ifPresent(predicted -> predicted.parts().forEach(part -> nanos.put(part.segment(), part.nanos())));
        return nanos;
    }

    void print(Architecture chosen, LayerTable layers) {
        List<String> header = new ArrayList<>(List.of("layer", "choice", "in", "out", "MACs", "params"));
        latency.ifPresent(model -> header.add("latency"));
        TextTable text = new TextTable(header.toArray(String[]::new));
        Optional<Prediction> prediction = latency.map(model -> model.predict(space.build(chosen)));
        Map<String, Long> nanos = nanos(prediction);
        long sum = Math.max(1, nanos.values().stream().mapToLong(Long::longValue).sum());
        for (LayerTable.Row row : layers.rows()) {
            List<Object> cells = new ArrayList<>(List.of(row.layer(), row.choice(), row.in(), row.out(),
                Figures.count(row.cost().macs()), Figures.count(row.cost().params())));
            prediction.ifPresent(predicted -> cells.add(
                String.format(Locale.ROOT, "%.1f %%", 100.0 * nanos.getOrDefault(row.layer(), 0L) / sum)));
            text.row(cells.toArray());
        }
        System.out.println(space.name() + "  " + chosen);
        System.out.print(text);
        System.out.println("total  " + Figures.count(layers.total().macs()) + " MACs (" + rule.ruleName() + "), "
            + Figures.count(layers.total().params()) + " parameters");
        prediction.ifPresent(predicted -> System.out.println("latency  " + Figures.millis(predicted.nanos()) + " ms predicted"));
    }

    void print(List<Architecture> architectures) {
        List<String> header = new ArrayList<>(List.of("MACs", "params"));
        latency.ifPresent(model -> header.add("latency ms"));
        header.add("architecture");
        TextTable text = new TextTable(header.toArray(String[]::new));
        for (Architecture architecture : architectures) {
            Network network = space.build(architecture);
            Cost cost = rule.count(network.ops());
            List<Object> cells = new ArrayList<>(List.of(Figures.count(cost.macs()), Figures.count(cost.params())));
            latency.ifPresent(model -> cells.add(Figures.millis(model.predict(network).nanos())));
            cells.add(architecture);
            text.row(cells.toArray());
        }
        System.out.print(text);
    }
}
