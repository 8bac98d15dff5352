package dev.lutra.latency.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.latency.table.DevicesOfAKind.Figure;
import dev.lutra.latency.table.DevicesOfAKind.Standing;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Simulated devices: what is true of each is known, and each figure has the doubt that it states. */
class DevicesOfAKindTest {

    private static final int MODELS = 40;
    /** Standard error of a figure, and the half width that it states of it. */
    private static final double ERROR = 0.01;
    private static final double HALF_WIDTH = 1.96 * ERROR;

    /** @param factor of a device and model: how much slower it is than its kind */
    private static List<Figure> measured(int devices, long seed, ToDoubleBiFunction<Integer, Integer> factor) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Figure> figures = new ArrayList<>();
        for (int model = 0; model < MODELS; model++) {
            for (int device = 0; device < devices; device++) {
                double nanos = 1e6 * (1 + model) * factor.applyAsDouble(device, model) * Math.exp(ERROR * gaussian(random));
                figures.add(new Figure("box" + device, "model" + model, nanos, HALF_WIDTH));
            }
        }
        return figures;
    }

    private static double gaussian(SplittableRandom random) {
        return Math.sqrt(-2 * Math.log(1 - random.nextDouble())) * Math.cos(2 * Math.PI * random.nextDouble());
    }

    private static Map<String, Standing> standings(List<Figure> figures) {
        return DevicesOfAKind.compare(figures).stream().collect(Collectors.toMap(Standing::device, standing -> standing));
    }

    private static List<String> apart(List<Figure> figures) {
        return DevicesOfAKind.compare(figures).stream().filter(standing -> standing.apart() > 0).map(Standing::device).toList();
    }

    /** Of equal devices one kind in twenty has any that is told; that is the promise, and 400 kinds are enough to see it broken. */
    @Test
    void equalDevicesAreAlikeButForOneKindInTwenty() {
        for (int devices : List.of(2, 3, 5)) {
            long told = IntStream.range(0, 400).filter(seed -> !apart(measured(devices, seed, (device, model) -> 1.0)).isEmpty()).count();
            assertThat(told).as("of 400 kinds of %d", devices).isLessThanOrEqualTo(34); // 20 expected, three standard errors more
        }
    }

    @Test
    void theOneThatIsSlowerStandsApartAlone() {
        for (long seed = 0; seed < 20; seed++) {
            Map<String, Standing> standings = standings(measured(3, seed, (device, model) -> device == 1 ? 1.3 : 1.0));
            assertThat(standings.get("box1").apart()).isEqualTo(MODELS);
            assertThat(standings.get("box1").compared()).isEqualTo(MODELS);
            assertThat(standings.get("box1").ratio()).isCloseTo(1.3, within(0.02));
            assertThat(standings.get("box1").other()).isEmpty();
            assertThat(standings.get("box0").apart() + standings.get("box2").apart()).isLessThanOrEqualTo(1);
        }
    }

    /** However far off they are: what is beside a mean would be drawn along. */
    @Test
    void aMinorityDoesNotMoveTheOthers() {
        List<Figure> figures = measured(5, 7, (device, model) -> device == 0 ? 0.001 : device == 3 ? 50.0 : 1.0);
        assertThat(apart(figures)).containsExactly("box0", "box3");
    }

    /** A device that lies about some models only. */
    @Test
    void someModelsAreEnough() {
        Standing standing = standings(measured(4, 3, (device, model) -> device == 2 && model < 5 ? 0.8 : 1.0)).get("box2");
        assertThat(standing.apart()).isEqualTo(5);
        assertThat(standing.ratio()).isCloseTo(0.8, within(0.03));
    }

    @Test
    void ofTwoNobodyCanTellWhichIsWrong() {
        Map<String, Standing> standings = standings(measured(2, 1, (device, model) -> device == 0 ? 1.0 : 1.5));
        assertThat(standings.get("box0").other()).contains("box1");
        assertThat(standings.get("box1").other()).contains("box0");
        assertThat(standings.get("box1").ratio()).isCloseTo(1.5, within(0.03));
        assertThat(standings.get("box0").apart()).isEqualTo(MODELS);
    }

    /** As wide as both intervals together, a difference is none. */
    @Test
    void doubtIsThatOfBoth() {
        List<Figure> alike = List.of(new Figure("a", "m", 100, 0.2), new Figure("b", "m", 120, 0.1));
        assertThat(DevicesOfAKind.compare(alike)).extracting(Standing::apart).containsExactly(0, 0);
        List<Figure> apart = List.of(new Figure("a", "m", 100, 0.02), new Figure("b", "m", 120, 0.01));
        assertThat(DevicesOfAKind.compare(apart)).extracting(Standing::device, Standing::compared, Standing::apart, Standing::other)
            .containsExactly(tuple("a", 1, 1, Optional.of("b")), tuple("b", 1, 1, Optional.of("a")));
    }

    @Test
    void withoutAnotherThereIsNothingToSay() {
        assertThat(DevicesOfAKind.compare(List.of(new Figure("a", "m", 100, 0.2), new Figure("b", "other", 120, 0.1)))).isEmpty();
        assertThat(DevicesOfAKind.compare(List.of())).isEmpty();
    }
}
