package dev.lutra.latency;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.latency.CalibrationPlan.Choice;
import dev.lutra.latency.correction.Calibrator;
import dev.lutra.latency.correction.InformativeNetworks;
import dev.lutra.network.Segment;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CalibrationPlanTest {

    @TempDir
    private Path folder;

    private final SearchSpace space = Tables.smallSpace();
    private final LookupTable table = Tables.of(space);
    private final LatencyModel model = new LatencyModel(table);

    private List<String> keys(Architecture architecture) {
        return space.build(architecture).segments().stream().map(Segment::key).toList();
    }

    private LongSummaryStatistics sums(List<Choice> choices, boolean heldOut) {
        return choices.stream().filter(choice -> choice.heldOut() == heldOut)
            .mapToLong(choice -> model.predict(space.build(choice.architecture())).sumNanos()).summaryStatistics();
    }

    @Test
    void followsFromItsSeed() {
        List<Choice> choices = CalibrationPlan.choose(space, model, 8, 4, 3);
        assertThat(choices).isEqualTo(CalibrationPlan.choose(space, model, 8, 4, 3)).doesNotHaveDuplicates().hasSize(12);
        assertThat(choices).isNotEqualTo(CalibrationPlan.choose(space, model, 8, 4, 4));
        assertThat(choices.stream().filter(Choice::heldOut)).hasSize(4);
        Set<Architecture> fitted = new HashSet<>();
        choices.stream().filter(choice -> !choice.heldOut()).forEach(choice -> fitted.add(choice.architecture()));
        assertThat(choices.stream().filter(Choice::heldOut).map(Choice::architecture)).noneMatch(fitted::contains);
    }

    @Test
    void theFittedSpanTheHeldOut() {
        List<Choice> choices = CalibrationPlan.choose(space, model, 12, 8, 5);
        LongSummaryStatistics fitted = sums(choices, false);
        LongSummaryStatistics heldOut = sums(choices, true);
        assertThat(fitted.getMin()).isLessThanOrEqualTo(heldOut.getMin());
        assertThat(fitted.getMax()).isGreaterThanOrEqualTo(heldOut.getMax());
        assertThat(heldOut.getMax()).isGreaterThan(heldOut.getMin() * 13 / 10);
    }

    @Test
    void smallPoolsGiveWhatTheyHave() {
        List<List<String>> pool = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            pool.add(keys(space.random(new Random(i))));
        }
        assertThat(InformativeNetworks.choose(table, pool, 15)).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    }

    /** Segments off by factors of their own: chosen networks teach more than random ones. */
    @Test
    void chosenNetworksTeachMoreThanRandomOnes() {
        double chosen = 0;
        double random = 0;
        for (int seed = 0; seed < 5; seed++) {
            Random draws = new Random(seed);
            Map<String, Double> factors = new HashMap<>();
            table.entries().forEach(entry -> factors.put(entry.getKey(), 0.6 + draws.nextDouble()));
            List<Architecture> pool = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                pool.add(space.random(draws));
            }
            List<Integer> informative = InformativeNetworks.choose(table, pool.stream().map(this::keys).toList(), 15);
            assertThat(informative).doesNotHaveDuplicates().hasSize(15);
            chosen += error(factors, informative.stream().map(pool::get).toList());
            random += error(factors, pool.subList(0, 15));
        }
        assertThat(chosen).isLessThan(0.85 * random);
    }

    private double error(Map<String, Double> factors, List<Architecture> fitted) {
        List<WholeNetwork> networks = new ArrayList<>();
        fitted.forEach(architecture -> networks.add(measured(factors, architecture, false)));
        Random test = new Random(99);
        for (int i = 0; i < 60; i++) {
            networks.add(measured(factors, space.random(test), true));
        }
        return Calibrator.fit(table, networks).getMeanRelativeError();
    }

    private WholeNetwork measured(Map<String, Double> factors, Architecture architecture, boolean heldOut) {
        double nanos = Tables.OVERHEAD_NANOS
            + keys(architecture).stream().mapToDouble(key -> factors.get(key) * table.ownNanos(key)).sum();
        return Tables.measured(space.build(architecture), Math.round(nanos), Math.round(nanos), heldOut);
    }

    /** Four networks, of which more are asked for than there are. */
    @Test
    void aSpaceOfOneLayerLeavesNetworksToFit() {
        for (int layers : new int[]{1, 2}) {
            SearchSpace small = small(layers, "k3", "k5", "k7", "x");
            LatencyModel segments = new LatencyModel(Tables.of(small));
            List<Choice> choices = CalibrationPlan.choose(small, segments, 48, 12, 1);
            assertThat(choices).extracting(Choice::architecture).doesNotHaveDuplicates();
            assertThat(choices.stream().filter(Choice::heldOut)).isNotEmpty();
            assertThat(choices.stream().filter(choice -> !choice.heldOut()).count()).isGreaterThanOrEqualTo(2);
            LookupTable entries = Tables.of(small);
            List<WholeNetwork> networks = choices.stream().map(choice -> Tables.measured(small.build(choice.architecture()),
                20_000 + 1000L * small.build(choice.architecture()).ops().size(), 0, choice.heldOut())).toList();
            assertThat(entries.withCalibration(Calibrator.fit(entries, networks)).calibration()).isPresent();
        }
        SearchSpace two = small(1, "k3", "k5");
        assertThat(CalibrationPlan.choose(two, new LatencyModel(Tables.of(two)), 48, 12, 1)).isEmpty();
    }

    private SearchSpace small(int layers, String... choices) {
        StringBuilder text = new StringBuilder("name: few\ntitle: few networks\nsource: this test\n"
            + "input: {channels: 3, size: 8}\nclasses: 4\nchoices:\n"
            + "  k3: {block: mb, kernel: 3, expand: 2}\n  k5: {block: mb, kernel: 5, expand: 2}\n"
            + "  k7: {block: mb, kernel: 7, expand: 2}\n  x: {block: mb, kernel: 3, expand: 6}\nlayers:\n"
            + "  - {name: stem, block: conv, kernel: 3, channels: 8}\n");
        text.append("  - {choices: [").append(String.join(", ", choices)).append("], channels: 8, repeat: ").append(layers)
            .append("}\n");
        text.append("  - {block: global-pool}\n  - {name: classifier, block: linear}\n");
        try {
            return SpaceFile.load(Files.writeString(folder.resolve("few.yaml"), text).toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void tooFew() {
        assertThatThrownBy(() -> CalibrationPlan.choose(space, model, 1, 0, 1)).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("calibration: 1 networks to fit and 0 held out (expected: at least 2 and 1)");
    }
}
