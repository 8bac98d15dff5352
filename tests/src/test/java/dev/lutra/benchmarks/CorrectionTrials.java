package dev.lutra.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.ranking.RankCorrelation;
import dev.lutra.ranking.RankedNetwork;
import dev.lutra.search.AccuracyFile;
import dev.lutra.search.AccuracyTable;
import dev.lutra.search.correction.Correction;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * How {@code rank.correct} orders networks that it has not learned from: Kendall's tau, median and worst over random halves into networks
 * that are known and others, with the supernet's accuracy of each as an input and without. Run by {@code tests/benchmarks/correction.sh}.
 */
public final class CorrectionTrials {

    private static final int[] KNOWN = {20, 50, 100};
    private static final int FEWEST_JUDGED = 20;

    private CorrectionTrials() {}

    /** @param args space, table with the columns {@code arch} and {@code mean} in percent, number of seeds; and a supernet's {@code metrics.jsonl} */
    public static void main(String[] args) throws IOException {
        SearchSpace space = SpaceFile.load(args[0]);
        AccuracyTable table = new AccuracyFile(Path.of(args[1]), "mean", AccuracyFile.Unit.PERCENT).load(space);
        int seeds = Integer.parseInt(args[2]);
        System.out.println("| networks | known | inputs | tau, median | worst |\n|---|---|---|---|---|");
        List<RankedNetwork> all = table.architectures().stream().map(each -> network(each, 0, table)).toList();
        tell(space, all, seeds, "genes, costs");
        if (args.length > 3) {
            Map<Architecture, Double> seen = seen(Path.of(args[3]), space);
            List<RankedNetwork> judged = table.architectures().stream().filter(seen::containsKey)
                .map(each -> network(each, seen.get(each), table)).toList();
            tell(space, judged.stream().map(each -> network(each.architecture(), 0, table)).toList(), seeds, "genes, costs");
            tell(space, judged, seeds, "genes, costs, the supernet's accuracy");
            System.out.printf(Locale.ROOT, "%nThe supernet's own accuracies order these %d by tau %.3f.%n", judged.size(),
                tau(judged, judged.stream().mapToDouble(RankedNetwork::supernet).toArray()));
        }
    }

    private static RankedNetwork network(Architecture architecture, double supernet, AccuracyTable table) {
        return new RankedNetwork(architecture, supernet, table.accuracy(architecture), Map.of());
    }

    /** What a supernet has come to in the ranking that was told last. */
    private static Map<Architecture, Double> seen(Path metrics, SearchSpace space) throws IOException {
        Map<Architecture, Double> seen = new HashMap<>();
        for (String line : Files.readAllLines(metrics)) {
            JsonNode event = new ObjectMapper().readTree(line);
            if (event.path("event").asText().equals("networks-ranked")) {
                event.get("networks").forEach(network -> seen.put(space.parse(network.get("architecture").asText()),
                    network.get("supernet").asDouble()));
            }
        }
        return seen;
    }

    private static void tell(SearchSpace space, List<RankedNetwork> networks, int seeds, String inputs) {
        for (int known : KNOWN) {
            if (networks.size() - known >= FEWEST_JUDGED) {
                double[] taus = new double[seeds];
                for (int seed = 0; seed < seeds; seed++) {
                    List<RankedNetwork> shuffled = new ArrayList<>(networks);
                    Collections.shuffle(shuffled, new Random(seed));
                    Correction correction = Correction.of(space, shuffled.subList(0, known));
                    List<RankedNetwork> judged = shuffled.subList(known, shuffled.size());
                    taus[seed] = tau(judged, judged.stream()
                        .mapToDouble(network -> correction.accuracy(network.architecture(), network.supernet())).toArray());
                }
                Arrays.sort(taus);
                System.out.printf(Locale.ROOT, "| %d | %d | %s | %.3f | %.3f |%n", networks.size(), known, inputs,
                    (taus[seeds / 2] + taus[(seeds - 1) / 2]) / 2, taus[0]);
            }
        }
    }

    private static double tau(List<RankedNetwork> networks, double[] foretold) {
        return RankCorrelation.kendall(foretold, networks.stream().mapToDouble(RankedNetwork::alone).toArray());
    }
}
