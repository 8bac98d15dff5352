package dev.lutra.supernet.superkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.cost.CountingRule;
import dev.lutra.cost.Extremes;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Tables;
import dev.lutra.latency.correction.Calibrator;
import dev.lutra.network.Network;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.superkernel.RelaxedLatency.Form;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Latency as a function of decisions: the tables' figures, the published ones, and slopes. */
class RelaxedLatencyTest {

    /** The network as timm has it. */
    private static final String PUBLISHED = "k3e3,k3e3,k3e3,skip, k5e6,k3e3,k3e3,k3e3, k5e6,k3e3,k3e3,k3e3, k5e6,k5e3,k5e3,k5e3, "
        + "k5e6,k5e6,k5e6,k5e6";
    private static final double FIXED_NANOS = 19.5999e6;

    private static List<double[]> decisions(List<NestedRow> rows, Random random, boolean hard) {
        return rows.stream().map(row -> random.doubles(row.decisions().size()).map(d -> hard ? Math.rint(d) : d).toArray()).toList();
    }

    /** To the last digit of a table of whole nanoseconds. */
    @ParameterizedTest
    @MethodSource("dev.lutra.supernet.superkernel.SuperkernelTest#spaces")
    void atHardDecisionsItIsTheTables(SearchSpace space) {
        LatencyModel model = new LatencyModel(Tables.of(space));
        List<NestedRow> rows = NestedRow.of(space);
        RelaxedLatency latency = new RelaxedLatency(rows, RowLatencies.of(space, model), Form.SUM);
        Random random = new Random(9);
        for (int i = 0; i < 200; i++) {
            List<double[]> decisions = decisions(rows, random, true);
            Architecture architecture = NestedRow.architecture(space, rows, decisions);
            assertThat(latency.nanos(decisions)).isEqualTo(model.predict(space.build(architecture)).nanos());
        }
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void slopesAreThoseOfFiniteDifferences(Form form) {
        for (SearchSpace space : List.of(NestedSpaces.excited(), NestedSpaces.partial(), SpaceFile.load("single-path-nas"))) {
            List<NestedRow> rows = NestedRow.of(space);
            Map<String, RowLatencies> latencies = Map.of("a", RowLatencies.of(space, NestedSpaces.slow(space)),
                "b", RowLatencies.of(space, NestedSpaces.slow(space, nanos -> 1 + nanos * nanos % 977)));
            for (RunTimeLoss.Combination combination : RunTimeLoss.Combination.values()) {
                RunTimeLoss loss = new RunTimeLoss(rows, Map.of("a", 1.0, "b", 0.7), latencies, form, combination);
                Random random = new Random(3);
                for (int i = 0; i < 5; i++) {
                    List<double[]> decisions = decisions(rows, random, false);
                    List<double[]> slopes = loss.at(decisions).slopes();
                    for (int row = 0; row < rows.size(); row++) {
                        for (int decision = 0; decision < slopes.get(row).length; decision++) {
                            double up = logarithm(loss, combination, moved(decisions, row, decision, 0.01));
                            double down = logarithm(loss, combination, moved(decisions, row, decision, -0.01));
                            assertThat(slopes.get(row)[decision]).isCloseTo((up - down) / 0.02, within(2e-4));
                        }
                    }
                }
            }
        }
    }

    private static double logarithm(RunTimeLoss loss, RunTimeLoss.Combination combination, List<double[]> decisions) {
        Map<String, Double> nanos = loss.at(decisions).nanos();
        return Math.log(combination == RunTimeLoss.Combination.SUM
            ? nanos.get("a") + 0.7 * nanos.get("b")
            : Math.max(nanos.get("a"), 0.7 * nanos.get("b")));
    }

    private static List<double[]> moved(List<double[]> decisions, int row, int decision, double by) {
        List<double[]> moved = new ArrayList<>(decisions.stream().map(double[]::clone).toList());
        moved.get(row)[decision] += by;
        return moved;
    }

    /** By the released figures of every layer (reference: 80.4411 ms the sum, 80.5926 ms the model that the released code has). */
    @Test
    void thePublishedNetworkHasThePublishedLatencies() throws IOException {
        SearchSpace space = SpaceFile.load("single-path-nas");
        List<NestedRow> rows = NestedRow.of(space);
        List<List<Double>> nanos = new ArrayList<>();
        rows.forEach(row -> nanos.add(new ArrayList<>(Collections.nCopies(row.options().size(), 0.0))));
        for (String line : figures()) {
            String[] cells = line.split(",");
            int layer = Integer.parseInt(cells[0]);
            int option = Integer.parseInt(cells[1]);
            if (layer >= 1 && layer <= rows.size() && option < 4) {
                nanos.get(layer - 1).set(option, 1e6 * Double.parseDouble(cells[2]));
            }
        }
        RowLatencies latencies = new RowLatencies(0, 0, FIXED_NANOS, nanos);
        List<double[]> published = of(rows, space.parse(PUBLISHED.replace(" ", "")));
        assertThat(new RelaxedLatency(rows, latencies, Form.SUM).nanos(published) / 1e6).isCloseTo(80.4411, within(5e-5));
        assertThat(new RelaxedLatency(rows, latencies, Form.FACTORISED).nanos(published) / 1e6).isCloseTo(80.5926, within(5e-5));
    }

    private static List<String> figures() throws IOException {
        try (InputStream figures = RelaxedLatencyTest.class.getResourceAsStream("/dev/lutra/latency/pixel1-singlepath.csv")) {
            return new String(figures.readAllBytes(), StandardCharsets.UTF_8).lines().skip(1).toList();
        }
    }

    /** The table in lut/ has one figure for layers that are equal to a device, the mean of theirs. */
    @Test
    void theTableOfThePixelIsATarget() {
        SearchSpace space = SpaceFile.load("single-path-nas");
        List<NestedRow> rows = NestedRow.of(space);
        LatencyModel model = new LatencyModel(LookupTable.load(Path.of("../lut/pixel1-singlepath.json")));
        List<double[]> published = of(rows, space.parse(PUBLISHED.replace(" ", "")));
        assertThat(new RelaxedLatency(rows, RowLatencies.of(space, model), Form.SUM).nanos(published) / 1e6).isCloseTo(80.4411, within(0.005));
        assertThat(new RelaxedLatency(rows, RowLatencies.of(space, model), Form.FACTORISED).nanos(published) / 1e6).isCloseTo(80.5926, within(0.05));
        Stream.of("k3e3 65.6914", "k3e6 110.6524", "k5e3 76.3622", "k5e6 131.4578").map(text -> text.split(" ")).forEach(sum -> {
            Architecture everywhere = space.parse(String.join(",", Collections.nCopies(20, sum[0])));
            assertThat(new RelaxedLatency(rows, RowLatencies.of(space, model), Form.SUM).nanos(of(rows, everywhere)) / 1e6)
                .isCloseTo(Double.parseDouble(sum[1]), within(2e-5));
        });
    }

    /** What a correction learns is no whole number of nanoseconds, and the order of sums is another. */
    @Test
    void ofACalibratedTableItIsTheTablesWithinRounding() {
        SearchSpace space = NestedSpaces.excited();
        LookupTable entries = Tables.of(space);
        List<WholeNetwork> measured = new ArrayList<>();
        Random random = new Random(2);
        for (int i = 0; i < 24; i++) {
            Network network = space.build(space.random(random));
            long nanos = new LatencyModel(entries).predict(network).nanos();
            measured.add(Tables.measured(network, Math.round(nanos * (1.13 + 0.02 * random.nextGaussian())), 2 * nanos, i % 4 == 0));
        }
        LatencyModel model = new LatencyModel(
            LookupTable.of(entries.content().toBuilder().setCalibration(Calibrator.fit(entries, measured)).build()));
        assertThat(model.fixedNanos()).isNotEqualTo(Tables.OVERHEAD_NANOS);
        List<NestedRow> rows = NestedRow.of(space);
        RelaxedLatency latency = new RelaxedLatency(rows, RowLatencies.of(space, model), Form.SUM);
        for (int i = 0; i < 100; i++) {
            List<double[]> decisions = decisions(rows, random, true);
            assertThat(latency.nanos(decisions)).isCloseTo(
                model.predict(space.build(NestedRow.architecture(space, rows, decisions))).nanos(), within(1.0));
        }
    }

    /** What a session call costs is taken off entries, so that some are 0. */
    @ParameterizedTest
    @EnumSource(Form.class)
    void entriesBelowWhatACallCostsAddNothing(Form form) {
        SearchSpace space = NestedSpaces.excited();
        dev.lutra.proto.LookupTable.Builder cheap = Tables.of(space).content().toBuilder();
        cheap.getCallOverheadBuilder().setP50Nanos(1L << 40);
        RowLatencies latencies = RowLatencies.of(space, new LatencyModel(LookupTable.of(cheap.build())));
        assertThat(latencies.parts()).allSatisfy(row -> assertThat(row).containsOnly(0.0));
        List<NestedRow> rows = NestedRow.of(space);
        RunTimeLoss.Latencies at = new RunTimeLoss(rows, Map.of("a", 1.0), Map.of("a", latencies), form, RunTimeLoss.Combination.SUM)
            .at(decisions(rows, new Random(4), false));
        assertThat(at.nanos()).containsEntry("a", (double) (1L << 40));
        assertThat(at.slopes()).allSatisfy(row -> assertThat(row).containsOnly(0.0));
    }

    @ParameterizedTest
    @MethodSource("dev.lutra.supernet.superkernel.SuperkernelTest#spaces")
    void noNetworkIsFasterOrSlowerThanItsEnds(SearchSpace space) {
        LatencyModel model = new LatencyModel(Tables.of(space));
        RelaxedLatency latency = new RelaxedLatency(NestedRow.of(space), RowLatencies.of(space, model), Form.SUM);
        Extremes ends = Extremes.of(Options.all(space), CountingRule.MACS); // by these tables, whose entries grow with the MACs
        assertThat(latency.least()).isEqualTo(model.predict(space.build(ends.cheapest().architecture())).nanos());
        assertThat(latency.most()).isEqualTo(model.predict(space.build(ends.largest().architecture())).nanos());
    }

    /** The decisions that stand for an architecture. */
    private static List<double[]> of(List<NestedRow> rows, Architecture architecture) {
        return rows.stream().map(row -> {
            Optional<NestedRow.Part> part = row.options().get(architecture.value(row.gene()));
            return row.decisions().stream().mapToDouble(decision -> switch (decision.kind()) {
                case KERNEL -> part.isPresent() && part.get().kernel() >= decision.level() ? 1 : 0;
                case EXPANSION -> part.isPresent() && part.get().expansion() >= decision.level() ? 1 : 0;
                case PRESENCE -> part.isPresent() ? 1 : 0;
                case EXCITATION -> part.isPresent() && part.get().excited() ? 1 : 0;
            }).toArray();
        }).toList();
    }
}
