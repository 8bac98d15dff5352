package dev.lutra.server.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.server.report.Plots.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlotsTest {

    private static final String BLUE = "rgb(0,114,178)";
    private static final Pattern LINE = Pattern
        .compile("<line style=\"[^\"]*stroke:" + Pattern.quote(BLUE) + "[^\"]*\" x1=\"(.*?)\" x2=\"(.*?)\" y1=\"(.*?)\" y2=\"(.*?)\"");
    /** A mark under a label of the x axis. */
    private static final Pattern TICK = Pattern
        .compile("<line style=\"[^\"]*rgb\\(227,231,235\\)[^\"]*\" x1=\"([^\"]*)\" x2=\"\\1\" y1=\"3\\d\\d(\\.\\d+)?\" y2=\"3\\d\\d");
    /** In any order; the third is dominated but for some further objective. */
    private static final List<Point> FRONT = List.of(new Point(4, 70), new Point(1, 50), new Point(3, 55), new Point(2, 60));

    /** A line of the front as the page has it: y grows downwards. */
    private record Line(double x1, double x2, double y1, double y2) {

        boolean isLevel() {
            return y1 == y2;
        }
    }

    private static List<Line> steps(String svg) {
        List<Line> lines = new ArrayList<>();
        for (Matcher found = LINE.matcher(svg); found.find();) {
            lines.add(new Line(Double.parseDouble(found.group(1)), Double.parseDouble(found.group(2)), Double.parseDouble(found.group(3)),
                Double.parseDouble(found.group(4))));
        }
        return lines;
    }

    private static String plot(boolean moreIsBetter) {
        return Plots.front("latency (ms)", moreIsBetter, FRONT, FRONT, List.of(), Double.NaN);
    }

    /** Whole numbers at equal distances, as steps and evaluations are: labels have room beside each other. */
    @ParameterizedTest
    @ValueSource(ints = {9, 25, 72, 500, 4000})
    void labelsOfWholeNumbersAreNotCrowded(int count) {
        List<Point> points = IntStream.rangeClosed(1, count).mapToObj(i -> new Point(i, i)).toList();
        String svg = Plots.curves("step", "loss", List.of(new Plots.Curve("loss", points)));
        double[] ticks = TICK.matcher(svg).results().mapToDouble(found -> Double.parseDouble(found.group(1))).distinct().sorted().toArray();
        assertThat(ticks).hasSizeBetween(3, 16);
        assertThat(IntStream.range(1, ticks.length).mapToDouble(i -> ticks[i] - ticks[i - 1]).min().orElseThrow()).isGreaterThan(45);
    }

    /** Until the next network there is none as good: no straight line promises one. */
    @Test
    void theFrontIsStepped() {
        List<Line> steps = steps(plot(false));
        assertThat(steps).as("two steps, each to the right and then up").hasSize(4);
        for (int i = 0; i < steps.size(); i += 2) {
            assertThat(steps.get(i).isLevel()).isTrue();
            assertThat(steps.get(i).x2()).isGreaterThan(steps.get(i).x1());
            assertThat(steps.get(i + 1).x1()).isEqualTo(steps.get(i + 1).x2()).isEqualTo(steps.get(i).x2());
            assertThat(steps.get(i + 1).y2()).isLessThan(steps.get(i + 1).y1());
        }
    }

    @Test
    void whereMoreIsBetterOnePointMayReachAll() {
        assertThat(steps(plot(true))).as("the best in both").isEmpty();
        List<Point> front = List.of(new Point(1, 70), new Point(2, 50));
        assertThat(steps(Plots.front("parameters", true, front, front, List.of(), Double.NaN))).satisfiesExactly(
            level -> assertThat(level.isLevel() && level.x2() < level.x1()).as("to the left").isTrue(),
            up -> assertThat(up.x1() == up.x2() && up.y2() < up.y1()).isTrue());
    }

    @Test
    void everyPointIsMarked() {
        assertThat(plot(false).split("<ellipse[^>]*fill:" + Pattern.quote(BLUE))).as("and one in the legend").hasSize(FRONT.size() + 2);
    }
}
