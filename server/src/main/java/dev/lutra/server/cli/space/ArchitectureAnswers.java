package dev.lutra.server.cli.space;

import dev.lutra.cost.Cost;
import dev.lutra.cost.CountingRule;
import dev.lutra.cost.MicroNet;
import dev.lutra.cost.ModelSize;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.Prediction;
import dev.lutra.measure.sums.CostTable;
import dev.lutra.network.Network;
import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.Lines;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.report.LayerTable;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What is said of architectures. */
final class ArchitectureAnswers {

    private final SearchSpace space;
    private final CountingRule rule;
    private final Optional<LatencyModel> latency;
    /** Tabulated when the first of many is asked for. */
    private Optional<CostTable> sums;

    /**
     * @param latency predicts their latencies; empty: nothing is said of them
     */
    ArchitectureAnswers(SearchSpace space, CountingRule rule, Optional<LatencyModel> latency) {
        this.space = space;
        this.rule = rule;
        this.latency = latency;
    }

    /** In total. */
    private record Total(Cost cost, Optional<Long> nanos) {}

    /** From the space's tabulated sums, unless it has none or a table lacks a segment, which interpreting the network then names. */
    private Total total(Architecture architecture) {
        if (sums == null) {
            sums = CostTable.of(space, rule, latency.stream().toList());
        }
        if (sums.isPresent()) {
            double[] sum = new double[sums.get().columns()];
            sums.get().sum(architecture.values(), sum);
            if (latency.isEmpty() || !Double.isNaN(CostTable.addedNanos(sum, 0))) {
                return new Total(CostTable.cost(sum), latency.map(model -> model.nanos(CostTable.addedNanos(sum, 0))));
            }
        }
        Network network = space.build(architecture);
        return new Total(rule.count(network.ops()), latency.map(model -> model.predict(network).nanos()));
    }

    SearchSpace space() {
        return space;
    }

    /** One architecture in total. */
    Map<String, Object> summary(Architecture architecture) {
        Total total = total(architecture);
        return summary(architecture, total.cost(), total.nanos());
    }

    private Map<String, Object> summary(Architecture architecture, Cost cost, Optional<Long> nanos) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("space", space.name());
        document.put("arch", architecture.toString());
        document.put("macs", rule == CountingRule.BITOPS ? Cost.of(space.build(architecture)).macs() : cost.macs());
        document.put("params", cost.params());
        if (rule == CountingRule.BITOPS) {
            document.put("bitops", cost.macs());
        }
        nanos.ifPresent(predicted -> document.put("latency_ms", predicted / 1e6));
        return document;
    }

    /** One architecture, layer by layer. */
    Map<String, Object> document(Architecture chosen, LayerTable layers) {
        Optional<Prediction> prediction = latency.map(model -> model.predict(space.build(chosen)));
        Map<String, Object> document = summary(chosen, layers.total(), prediction.map(Prediction::nanos));
        document.put("counting", rule.ruleName());
        document.putAll(further(space.build(chosen)));
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

    /** What only some are asked about: bits where there are any, and what the MicroNet challenge makes of the network. */
    private Map<String, Object> further(Network network) {
        Map<String, Object> document = new LinkedHashMap<>();
        if (hasBits() || rule == CountingRule.BITOPS) {
            ModelSize size = ModelSize.of(network);
            document.put("bitops", CountingRule.BITOPS.count(network).macs());
            document.put("model_bits", size.bits());
            document.put("model_bytes", size.bytes());
        }
        if (rule == CountingRule.MICRONET) {
            MicroNet counted = MicroNet.of(network);
            document.put("multiplications", counted.total().multiplications());
            document.put("additions", counted.total().additions());
            Map<String, Double> scores = new LinkedHashMap<>();
            for (MicroNet.Precision precision : MicroNet.Precision.values()) {
                scores.put(precision.name().toLowerCase(Locale.ROOT), counted.score(precision));
            }
            document.put("score", scores);
        }
        return document;
    }

    private boolean hasBits() {
        return space.genes().stream().anyMatch(Gene::isBits);
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
        Lines.print(space.name() + "  " + chosen);
        System.out.print(text);
        Lines.print("total  " + Figures.count(layers.total().macs()) + (rule == CountingRule.BITOPS ? " (" : " MACs (") + rule.ruleName() + "), "
            + Figures.count(layers.total().params()) + " parameters");
        printFurther(space.build(chosen));
        prediction.ifPresent(predicted -> Lines.print("latency  " + Figures.millis(predicted.nanos()) + " ms predicted"));
    }

    private void printFurther(Network network) {
        if (hasBits()) {
            ModelSize size = ModelSize.of(network);
            Lines.print("bits   " + Figures.count(CountingRule.BITOPS.count(network).macs()) + " BitOps, " + Figures.count(size.bits())
                + " bits of parameters, " + Figures.count(size.bytes()) + " bytes as stored");
        }
        if (rule == CountingRule.MICRONET) {
            MicroNet counted = MicroNet.of(network);
            Lines.print("apart  " + Figures.count(counted.total().multiplications()) + " multiplications, "
                + Figures.count(counted.total().additions()) + " additions");
            Lines.print("score  " + Arrays.stream(MicroNet.Precision.values()).map(precision -> String.format(Locale.ROOT, "%.4f in %s",
                counted.score(precision), precision.name().toLowerCase(Locale.ROOT))).collect(Collectors.joining(", ")));
        }
    }

    void print(List<Architecture> architectures) {
        List<String> header = new ArrayList<>(List.of("MACs", "params"));
        latency.ifPresent(model -> header.add("latency ms"));
        header.add("architecture");
        TextTable text = new TextTable(header.toArray(String[]::new));
        for (Architecture architecture : architectures) {
            Total total = total(architecture);
            List<Object> cells = new ArrayList<>(List.of(Figures.count(total.cost().macs()), Figures.count(total.cost().params())));
            total.nanos().ifPresent(nanos -> cells.add(Figures.millis(nanos)));
            cells.add(architecture);
            text.row(cells.toArray());
        }
        System.out.print(text);
    }
}
