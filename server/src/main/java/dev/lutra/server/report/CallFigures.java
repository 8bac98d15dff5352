package dev.lutra.server.report;

import dev.lutra.search.Measure;
import dev.lutra.server.experiment.Experiment.Target;
import java.math.RoundingMode;
import java.util.List;
import java.util.stream.Stream;

/** Figures of devices are those of a call, of as many images as its target takes at once: where these are several, that is said. */
public record CallFigures(List<Target> targets) {

    public CallFigures {
        targets = List.copyOf(targets);
    }

    /** How many images a call has that a measure is of; 1 where it is not of a call. */
    public int images(String measure) {
        return targets.stream().filter(target -> ofCall(target.device()).anyMatch(measure::equals)).mapToInt(Target::batch).findFirst().orElse(1);
    }

    private static Stream<String> ofCall(String device) {
        return Stream.of(Measure.latency(device), Measure.p99(device), Measure.energy(device));
    }

    /** A value for people, such as {@code 4.2 ms for 32 images, 0.1313 ms each}. */
    public String figure(String measure, double value) {
        return formatted(measure, value) + described(measure, value, images(measure));
    }

    private static String described(String measure, double value, int images) {
        return images == 1 ? "" : " for " + images + " images, " + formatted(measure, value / images) + " each";
    }

    private static String formatted(String measure, double value) {
        return Measure.format(measure, value, RoundingMode.HALF_EVEN);
    }

    /** What an axis of a measure is called. */
    public String axis(String measure) {
        return Plots.axis(measure) + ofSeveral(measure);
    }

    /** A measure's name, such as {@code latency:box, 32 images a call}. */
    public String name(String measure) {
        return measure + ofSeveral(measure);
    }

    private String ofSeveral(String measure) {
        return images(measure) == 1 ? "" : ", " + images(measure) + " images a call";
    }
}
