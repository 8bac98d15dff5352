package dev.lutra.latency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lutra.latency.correction.Calibrator;
import dev.lutra.latency.correction.InformativeNetworks;
import dev.lutra.latency.table.EstimatedTable;
import dev.lutra.network.Segment;
import dev.lutra.proto.Calibration;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.ranking.RankCorrelation;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.SingularValueDecomposition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whole-network latencies that others measured: 5,000 FBNet architectures (HELP, Lee et al. 2021) on devices of which there is
 * no table, so that all that is known of segments is counted. 1,000 networks, drawn at random, are predicted from N of the
 * other 4,000.
 */
class PublicLatenciesTest {

    private static final Path DATA = Path.of("../../shared/data/tabular/fbnet_5000.csv").toAbsolutePath().normalize();
    private static final int TEST = 1000;
    private static final int OPTIONS = 9;

    private static List<String> header;
    private static final List<String[]> rows = new ArrayList<>();
    private static final List<List<String>> segments = new ArrayList<>();
    private static LookupTable estimated;

    @BeforeAll
    static void read() throws IOException {
        assumeTrue(Files.exists(DATA), "no " + DATA + ": the comparison with public latencies is left out");
        List<String> lines = Files.readAllLines(DATA);
        header = List.of(lines.get(0).split(","));
        lines.subList(1, lines.size()).forEach(line -> rows.add(line.split(",")));
        Collections.shuffle(rows, new Random(1)); // the first thousand are the test set
        SearchSpace space = SpaceFile.load("fbnet");
        estimated = EstimatedTable.of(space, Device.newBuilder().setName("public").build(),
            Runtime.newBuilder().setName("unknown").build(), "float32", 1);
        List<Map<String, String>> keys = IntStream.range(0, OPTIONS).mapToObj(option -> keys(space, option)).toList();
        for (String[] row : rows) {
            segments.add(segments(row[0], keys));
        }
    }

    /** Keys by segment of the network that takes one option everywhere; a segment depends on its own layer's option only. */
    private static Map<String, String> keys(SearchSpace space, int option) {
        int[] values = space.genes().stream().mapToInt(gene -> option).toArray();
        Map<String, String> keys = new HashMap<>();
        for (Segment segment : space.build(space.architecture(values)).segments()) {
            keys.put(segment.name(), segment.ops().isEmpty() ? "" : segment.key());
        }
        return keys;
    }

    private static List<String> segments(String digits, List<Map<String, String>> keys) {
        List<String> segments = new ArrayList<>(List.of(keys.get(0).get("stem")));
        for (int layer = 0; layer < digits.length(); layer++) {
            String key = keys.get(digits.charAt(layer) - '0').get("layer" + (layer + 1));
            if (!key.isEmpty()) {
                segments.add(key);
            }
        }
        segments.add(keys.get(0).get("head"));
        return segments;
    }

    private static double measured(int row, String device) {
        return Double.parseDouble(rows.get(row)[header.indexOf(device)]);
    }

    private static double[] measuredOnTestSet(String device) {
        return IntStream.range(0, TEST).mapToDouble(row -> measured(row, device)).toArray();
    }

    private static WholeNetwork network(int row, String device, boolean heldOut) {
        return WholeNetwork.newBuilder().setArchitecture(rows.get(row)[0]).addAllSegments(segments.get(row)).setHeldOut(heldOut)
            .setLatency(Distribution.newBuilder().setP50Nanos(Math.round(1e6 * measured(row, device)))).build();
    }

    private static Calibration calibrate(String device, List<Integer> fitted) {
        List<WholeNetwork> networks = new ArrayList<>();
        fitted.forEach(row -> networks.add(network(row, device, false)));
        IntStream.range(0, TEST).forEach(row -> networks.add(network(row, device, true)));
        return Calibrator.fit(estimated, networks);
    }

    private static List<Integer> random(int count) {
        return IntStream.range(TEST, TEST + count).boxed().toList();
    }

    private static List<Integer> informative(int count) {
        return InformativeNetworks.choose(estimated, segments.subList(TEST, TEST + 2000), count).stream()
            .map(position -> TEST + position).toList();
    }

    /** What the yardstick does: least squares, of least norm, on an indicator of every option of every layer. */
    private static double[] leastSquares(String device, List<Integer> fitted) {
        double[][] design = fitted.stream().map(PublicLatenciesTest::indicators).toArray(double[][]::new);
        double[] latencies = fitted.stream().mapToDouble(row -> measured(row, device)).toArray();
        var weights = new SingularValueDecomposition(new Array2DRowRealMatrix(design, false)).getSolver()
            .solve(new ArrayRealVector(latencies));
        return IntStream.range(0, TEST).mapToDouble(row -> weights.dotProduct(new ArrayRealVector(indicators(row)))).toArray();
    }

    private static double[] indicators(int row) {
        String digits = rows.get(row)[0];
        double[] indicators = new double[1 + digits.length() * OPTIONS];
        indicators[0] = 1;
        for (int layer = 0; layer < digits.length(); layer++) {
            indicators[1 + layer * OPTIONS + digits.charAt(layer) - '0'] = 1;
        }
        return indicators;
    }

    /** 2080 Ti: the curve of least squares that this has to beat; the others: least squares with 300 networks. */
    @ParameterizedTest
    @CsvSource({"2080ti_1, 100, 0.51", "2080ti_1, 200, 0.80", "1080ti_64, 100, 0.87", "gold_6226, 100, 0.83"})
    void fewNetworksOrderManyMore(String device, int count, double yardstick) {
        List<Integer> fitted = random(count);
        Calibration calibration = calibrate(device, fitted);
        double[] plain = leastSquares(device, fitted);
        double plainTau = RankCorrelation.kendall(plain, measuredOnTestSet(device));
        assertThat(calibration.getHeldOut()).isEqualTo(TEST);
        assertThat(calibration.getKendallTau()).isGreaterThan(yardstick).isGreaterThan(plainTau + 0.05)
            .isGreaterThan(calibration.getUncalibratedKendallTau());
        assertThat(calibration.getIntervalCoverage()).isBetween(0.9, 0.99);
    }

    /** Prints the table of docs/background/prediction.md. */
    @Test
    @Tag("slow")
    void everyBudgetBeatsLeastSquares() {
        for (String device : List.of("2080ti_1", "1080ti_1", "1080ti_64", "gold_6226",
            "titan_rtx_1", "titanx_32", "silver_4114")) {
            for (int count : List.of(25, 50, 100, 200, 300)) {
                Calibration calibration = calibrate(device, random(count));
                Calibration chosen = calibrate(device, informative(count));
                double plain = RankCorrelation.kendall(leastSquares(device, random(count)), measuredOnTestSet(device));
                assertThat(calibration.getKendallTau()).as(device + " " + count).isGreaterThan(plain);
                System.out.printf(Locale.ROOT,
                    "| %s | %d | %.2f | %.2f | %.3f | %.2f %% | %.1f %% | %.3f | %.2f %% | %.1f %% |%n", device,
                    count, calibration.getUncalibratedKendallTau(), plain, calibration.getKendallTau(),
                    100 * calibration.getMeanRelativeError(), 100 * calibration.getIntervalCoverage(), chosen.getKendallTau(),
                    100 * chosen.getMeanRelativeError(), 100 * chosen.getIntervalCoverage());
            }
        }
    }
}
