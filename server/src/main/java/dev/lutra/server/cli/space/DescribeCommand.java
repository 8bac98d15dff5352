package dev.lutra.server.cli.space;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.cost.CountingRule;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Prediction;
import dev.lutra.onnx.ExportedNetwork;
import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.report.ArchitectureDrawing;
import dev.lutra.server.report.LayerTable;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.space.interchange.ArchitectureFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "describe", mixinStandardHelpOptions = true, description = "Layers, shapes, MACs and parameters of one architecture.")
public final class DescribeCommand implements Runnable {

    @Parameters(index = "0", arity = "0..1", paramLabel = "SPACE", description = "Built-in name or a space file.")
    private String space;

    @Option(names = "--arch", paramLabel = "A", description = "choice[:scale], one a layer, comma-separated; 'random'; or '-': one a line from standard input, a JSON line each.")
    private String architecture;

    @Option(names = "--from", paramLabel = "FILE", description = "Read space and architecture from an ONNX file of Lutra's, an MMRazor subnet YAML or a ProxylessNAS/OFA net.config.")
    private Path from;

    @Mixin
    private ClassesOption classes;

    @Option(names = "--counting", paramLabel = "C", defaultValue = "macs", description = "Counting rule: macs (default), mxnet, mmcv, thop, micronet, ….")
    private String counting;

    @Option(names = "--lut", paramLabel = "F", description = "Lookup table: adds each layer's share of the latency.")
    private Path table;

    @Option(names = "--svg", paramLabel = "FILE", description = "Also draw the architecture.")
    private Path svg;

    @Option(names = "--to", paramLabel = "FILE", description = "Also write the architecture for others: MMRazor subnet (.yaml) or ProxylessNAS/OFA net.config (.config, .json).")
    private Path to;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Of '--arch random'.")
    private long seed;

    @Mixin
    private JsonOption json;

    @Override
    public void run() {
        CountingRule rule = CountingRule.named(counting);
        Described described = described();
        SearchSpace searchSpace = classes.applyTo(described.space());
        if ("-".equals(architecture)) {
            answerEveryLine(searchSpace, rule);
            return;
        }
        String text = described.architecture();
        Architecture chosen = text.equals("random") ? searchSpace.random(new Random(seed)) : searchSpace.parse(text);
        LayerTable layers = LayerTable.of(searchSpace, chosen, rule);
        if (svg != null) {
            AtomicFile.write(svg, ArchitectureDrawing.svg(searchSpace.name() + ": " + rule.ruleName(), layers));
        }
        if (to != null) {
            writeForOthers(new ArchitectureFile(searchSpace, chosen));
        }
        if (json.isWanted()) {
            System.out.println(Json.line(document(searchSpace, chosen, layers)));
        } else {
            print(searchSpace, chosen, layers);
        }
    }

    /** What is described: a space and the text of an architecture in it. */
    private record Described(SearchSpace space, String architecture) {}

    private Described described() {
        if (from == null && space != null && architecture != null) {
            return new Described(SpaceFile.load(space), architecture);
        }
        if (from == null || space != null || architecture != null) {
            throw new InputException("describe: expected SPACE with --arch A, or --from FILE alone");
        }
        if (from.toString().endsWith(".onnx")) {
            ExportedNetwork exported = ExportedNetwork.read(from);
            return new Described(exported.space(), exported.architecture().toString());
        }
        ArchitectureFile contents = ArchitectureFile.read(from);
        return new Described(contents.space(), contents.architecture().toString());
    }

    private void writeForOthers(ArchitectureFile file) {
        String name = to.getFileName().toString();
        if (name.endsWith(".yaml") || name.endsWith(".yml")) {
            file.writeSubnet(to);
        } else if (name.endsWith(".config") || name.endsWith(".json")) {
            file.writeNetConfig(to);
        } else {
            throw new InputException("--to: " + to + " (expected: a name that ends in .yaml, .config or .json)");
        }
    }

    private static void answerEveryLine(SearchSpace space, CountingRule rule) {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        int number = 0;
        try {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    Architecture chosen = parse(space, line, number);
                    System.out.println(Json.line(summary(space, chosen, rule.count(space.build(chosen).ops()))));
                }
            }
        } catch (IOException e) {
            throw new InputException("standard input: line " + (number + 1) + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static Architecture parse(SearchSpace space, String line, int number) {
        try {
            return space.parse(line);
        } catch (InputException e) {
            throw new InputException("standard input: line " + number + ": " + e.getMessage(), e);
        }
    }

    private static Map<String, Object> summary(SearchSpace space, Architecture architecture, Cost cost) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("space", space.name());
        document.put("arch", architecture.toString());
        document.put("macs", cost.macs());
        document.put("params", cost.params());
        return document;
    }

    private Map<String, Object> document(SearchSpace searchSpace, Architecture chosen, LayerTable layers) {
        Map<String, Object> document = summary(searchSpace, chosen, layers.total());
        document.put("counting", counting);
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
            rows.add(entry);
        }
        document.put("layers", rows);
        return document;
    }

    private void print(SearchSpace searchSpace, Architecture chosen, LayerTable layers) {
        Optional<LatencyModel> latency = Optional.ofNullable(table).map(LookupTable::load).map(LatencyModel::new);
        List<String> header = new ArrayList<>(List.of("layer", "choice", "in", "out", "MACs", "params"));
        latency.ifPresent(model -> header.add("latency"));
        TextTable text = new TextTable(header.toArray(String[]::new));
        Optional<Prediction> prediction = latency.map(model -> model.predict(searchSpace.build(chosen)));
        Map<String, Long> nanos = new HashMap<>();
        prediction.ifPresent(p -> p.parts().forEach(part -> nanos.put(part.segment(), part.nanos())));
        long sum = Math.max(1, nanos.values().stream().mapToLong(Long::longValue).sum());
        for (LayerTable.Row row : layers.rows()) {
            List<Object> cells = new ArrayList<>(List.of(row.layer(), row.choice(), row.in(), row.out(),
                count(row.cost().macs()), count(row.cost().params())));
            prediction.ifPresent(p -> cells.add(
                String.format(Locale.ROOT, "%.1f %%", 100.0 * nanos.getOrDefault(row.layer(), 0L) / sum)));
            text.row(cells.toArray());
        }
        System.out.println(searchSpace.name() + "  " + chosen);
        System.out.print(text);
        System.out.println("total  " + count(layers.total().macs()) + " MACs (" + counting + "), "
            + count(layers.total().params()) + " parameters");
        prediction.ifPresent(p -> System.out.println("latency  " + Figures.millis(p.nanos()) + " ms predicted"));
    }

    private static String count(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }
}
