package dev.lutra.server.cli.run;

import dev.lutra.server.cli.output.Figures;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.TextTable;
import dev.lutra.server.experiment.Experiment.FirstWeights;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.outcome.RetrainedNetwork.OnDevice;
import dev.lutra.server.outcome.RetrainedNetwork;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.supernet.evaluation.Hits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "retrain", mixinStandardHelpOptions = true, description = "Trains networks, each by itself, writes them as ONNX and has the devices verify the files: the winners, or those that are named.")
public final class RetrainCommand extends AnsweringCommand {

    @Option(names = "--arch", paramLabel = "A", description = "An architecture of the experiment's space; may be given several times.")
    private List<String> architectures = new ArrayList<>();

    @Option(names = "--from", paramLabel = "FILE", description = "The network of an ONNX file of Lutra's, an MMRazor subnet YAML or a ProxylessNAS/OFA net.config; may be given several times.")
    private List<Path> files = new ArrayList<>();

    @Option(names = "--weights", paramLabel = "W", description = "What weights begin as: 'scratch', 'supernet', or a safetensors file (default: the experiment's retrain.weights).")
    private Optional<String> weights = Optional.empty();

    @Mixin
    private Int8Option int8;

    @Option(names = "--no-verify", description = "Ask no device about the files.")
    private boolean unverified;

    @Override
    Experiment changed(Experiment experiment) {
        return int8.applyTo(weights.map(text -> experiment.withFirstWeights(FirstWeights.of(text, Path.of("")))).orElse(experiment));
    }

    /** @return 1 if a device refused a file, else 0 */
    @Override
    int answer(ExperimentRun run, boolean json) {
        List<RetrainedNetwork> networks = run.retrain(new RetrainRequest(architectures, files, !unverified));
        if (json) {
            System.out.println(Json.line(Map.of("networks", networks.stream().map(RetrainCommand::document).toList())));
        } else {
            print(networks);
        }
        return networks.stream().flatMap(network -> network.devices().stream()).allMatch(OnDevice::isVerified) ? 0 : 1;
    }

    private static void print(List<RetrainedNetwork> networks) {
        boolean several = networks.stream().anyMatch(network -> network.after().isOfSeveral());
        ToDoubleFunction<Hits> second = several ? Hits::macroF1 : Hits::top5;
        String first = several ? " mAP" : " top-1";
        String beside = several ? "macro-F1" : "top-5";
        TextTable table = new TextTable("network", "MACs", "params", "before" + first, beside, "after" + first, beside, "measured", "state",
            "folder");
        for (RetrainedNetwork network : networks) {
            table.row(network.name(), Figures.count(network.macs()), Figures.count(network.params()), before(network, Hits::accuracy),
                before(network, second), Figures.percent(network.after().accuracy()), Figures.percent(second.applyAsDouble(network.after())),
                devices(network, device -> Figures.millis(device.p50Nanos()) + " ms" + device.integers().map(file -> ", in int8 "
                    + Figures.millis(file.p50Nanos()) + " ms").orElse("") + " on " + device.device()),
                network.devices().isEmpty() ? "no device asked" : devices(network, RetrainCommand::state), network.file().getParent());
        }
        System.out.print(table);
    }

    private static String before(RetrainedNetwork network, ToDoubleFunction<Hits> share) {
        return network.before().map(hits -> Figures.percent(share.applyAsDouble(hits))).orElse("-");
    }

    private static String devices(RetrainedNetwork network, Function<OnDevice, String> told) {
        return network.devices().isEmpty() ? "-" : network.devices().stream().map(told).collect(Collectors.joining(", "));
    }

    private static String state(OnDevice device) {
        return !device.numericsAgree() || !device.isVerified() && device.withinLimit()
            ? "numbers differ"
            : device.withinLimit() ? "verified" : "over the limit";
    }

    private static Map<String, Object> document(RetrainedNetwork network) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("network", network.name());
        document.put("architecture", network.architecture());
        document.put("file", network.file().toString());
        document.put("files", network.files().stream().map(Path::toString).toList());
        document.put("macs", network.macs());
        document.put("params", network.params());
        network.before().ifPresent(hits -> document.put("before", shares(hits)));
        document.put("after", shares(network.after()));
        Map<String, Object> devices = new LinkedHashMap<>();
        for (OnDevice device : network.devices()) {
            Map<String, Object> told = new LinkedHashMap<>(Map.of("p50_ms", device.p50Nanos() / 1e6, "output_difference", device.difference(),
                "within_limit", device.withinLimit(), "verified", device.isVerified()));
            device.integers().ifPresent(file -> {
                told.put("int8_p50_ms", file.p50Nanos() / 1e6);
                told.put("int8_output_difference", file.difference());
            });
            devices.put(device.device(), told);
        }
        document.put("devices", devices);
        return document;
    }

    private static Map<String, Object> shares(Hits hits) {
        return hits.isOfSeveral()
            ? Map.of("mean_average_precision", hits.meanAveragePrecision(), "macro_f1", hits.macroF1(), "micro_f1", hits.microF1(), "images",
                hits.images())
            : Map.of("top1", hits.top1(), "top5", hits.top5(), "images", hits.images());
    }
}
