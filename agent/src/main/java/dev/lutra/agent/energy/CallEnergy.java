package dev.lutra.agent.energy;

import dev.lutra.agent.statistics.Statistics;
import dev.lutra.proto.Energy;
import java.util.ArrayList;
import java.util.List;

/**
 * The energy of one call above what the idle device takes, from pairs of windows: one in which the device is idle, and right after it one in
 * which the model runs back to back. What drifts from pair to pair, others' work among it, is subtracted with the idle power; what is left
 * of it widens the interval, which is Student's over the pairs.
 */
public final class CallEnergy {

    private static final double NANO = 1e-9;

    /** Energy in joules, time in nanoseconds. */
    public record Window(double joules, long nanos) {
        double watts() {
            return joules / (NANO * nanos);
        }
    }

    private final List<Double> ofCalls = new ArrayList<>();
    private final List<Double> idleWatts = new ArrayList<>();

    /** @param calls that were made while it ran, at least one */
    public void add(Window idle, Window running, long calls) {
        idleWatts.add(idle.watts());
        ofCalls.add((running.joules() - idle.watts() * NANO * running.nanos()) / calls);
    }

    /**
     * What the pairs so far come to. A model that takes less than can be told from idling takes 0, within its interval.
     *
     * @param source what was read
     * @throws IllegalStateException if there are fewer than three pairs
     */
    public Energy energy(String source) {
        if (ofCalls.size() < 3) {
            throw new IllegalStateException("energy: " + ofCalls.size() + " pairs of windows (expected: at least 3)");
        }
        return Energy.newBuilder().setNanojoules(Math.max(0, mean(ofCalls) / NANO)).setHalfWidthNanojoules(halfWidth(ofCalls) / NANO)
            .setIdleWatts(mean(idleWatts)).setIdleHalfWidthWatts(halfWidth(idleWatts)).setWindows(ofCalls.size()).setSource(source).build();
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }

    private static double halfWidth(List<Double> values) {
        double[] all = values.stream().mapToDouble(Double::doubleValue).toArray();
        return Statistics.student975(all.length - 1) * Math.sqrt(Statistics.variance(all) / all.length);
    }
}
