package dev.lutra.server.view;

import dev.lutra.server.event.RunEvent.NetworkRetrained;
import dev.lutra.server.event.RunEvent.NetworkTested;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A network with weights of its own, or with shared ones that were tested. Accuracies are top-1 and top-5 in one text, or a dash.
 *
 * @param weights the file, or the supernet
 * @param before on validation images with the supernet's weights
 * @param after on validation images with its own
 * @param tested on test images
 * @param devices what was measured where
 */
public record OwnWeights(String weights, String architecture, String before, String after, String tested, String devices) {

    static List<OwnWeights> of(RunFacts facts) {
        Map<String, String> tested = new LinkedHashMap<>();
        facts.tested().forEach(network -> tested.put(network.file() == null ? network.architecture() : network.file(),
            both(network.accuracy(), network.top5())));
        List<OwnWeights> rows = new ArrayList<>();
        facts.tested().stream().filter(network -> network.file() == null).map(NetworkTested::architecture).distinct()
            .forEach(network -> rows.add(new OwnWeights("supernet", Written.wrapping(network), Written.NOTHING, Written.NOTHING,
                tested.get(network), Written.NOTHING)));
        for (NetworkRetrained network : facts.history().all(NetworkRetrained.class)) {
            String architecture = Written.wrapping(network.architecture());
            rows.add(new OwnWeights(network.file(), architecture, both(network.before(), network.beforeTop5()),
                both(network.accuracy(), network.top5()), tested.getOrDefault(network.file(), Written.NOTHING), devices(network)));
            network.files().keySet().stream().filter(file -> !file.equals(network.file()) && tested.containsKey(file))
                .forEach(file -> rows.add(new OwnWeights(file, architecture, Written.NOTHING, Written.NOTHING, tested.get(file),
                    Written.NOTHING)));
        }
        return rows;
    }

    private static String devices(NetworkRetrained network) {
        return network.devices().isEmpty()
            ? Written.NOTHING
            : network.devices().stream()
                .map(device -> Written.millis(device.p50())
                    + (device.p50InIntegers() == null ? "" : ", in int8 " + Written.millis(device.p50InIntegers())) + " on " + device.device()
                    + (device.confirmed() ? "" : ", refused"))
                .collect(Collectors.joining(", "));
    }

    private static String both(Double top1, Double top5) {
        return top1 == null ? Written.NOTHING : Written.percent(top1) + (top5 == null ? "" : " / " + Written.percent(top5));
    }
}
