package dev.lutra.latency.correction;

import dev.lutra.proto.Energy;
import dev.lutra.proto.WholeNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.math3.stat.descriptive.rank.Median;

/**
 * The energy of whole networks on a device. Energy adds up: a network takes what its segments take without the call, and one call. Where
 * enough whole networks state what they take, the sum is brought to them by one factor, the median of their ratios.
 */
public final class EnergyModel {

    /** Fewer networks do not tell a factor and an error. */
    private static final int FEWEST = 4;

    /** What a network is expected to take for one call. */
    public record Predicted(long nanojoules, Interval interval) {}

    /** A network's energy over the sum of its segments', and whether it was measured to verify what others foretold. */
    private record Ratio(double value, boolean isVerified) {

        boolean isOne() {
            return value > 0 && Double.isFinite(value);
        }

        static double median(List<Ratio> ratios) {
            return EnergyModel.median(ratios.stream().map(Ratio::value).toList());
        }
    }

    private final Energy call;
    private final Map<String, Energy> segments;
    private final double factor;
    private final Optional<Double> reach;
    private final int fittedOn;

    private EnergyModel(Energy call, Map<String, Energy> segments, List<WholeNetwork> networks) {
        this.call = call;
        this.segments = Map.copyOf(segments);
        List<Ratio> known = networks.stream().filter(WholeNetwork::hasEnergy).map(network -> new Ratio(network.getEnergy().getNanojoules()
            / sum(network.getSegmentsList()), network.getVerified())).filter(Ratio::isOne).toList();
        List<Double> ratios = Superseding.current(known, Ratio::isVerified, (others, one) -> one.value() / Ratio.median(others) - 1).stream()
            .map(Ratio::value).toList();
        boolean isFitted = known.size() >= FEWEST;
        fittedOn = isFitted ? ratios.size() : 0;
        factor = isFitted ? median(ratios) : 1;
        reach = isFitted ? Optional.of(reach(ratios)) : Optional.empty();
    }

    /**
     * @param call of a session that does nothing
     * @param segments of one call of each, by key
     * @param networks measured whole
     */
    public static EnergyModel of(Energy call, Map<String, Energy> segments, List<WholeNetwork> networks) {
        return new EnergyModel(call, segments, networks);
    }

    /** Relative, of what each network is off the others' factor. */
    private static double reach(List<Double> ratios) {
        double[] errors = new double[ratios.size()];
        double squares = 0;
        for (int i = 0; i < errors.length; i++) {
            List<Double> others = new ArrayList<>(ratios);
            errors[i] = others.remove(i) / median(others) - 1;
            squares += errors[i] * errors[i] / errors.length;
        }
        double root = Math.max(Math.sqrt(squares), Double.MIN_NORMAL);
        for (int i = 0; i < errors.length; i++) {
            errors[i] /= root;
        }
        return root * CoverageFactor.of(errors);
    }

    private static double median(List<Double> values) {
        return new Median().evaluate(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** Of how many whole networks the factor is; 0 where there is none. */
    public int fittedOn() {
        return fittedOn;
    }

    /** What a segment adds to the energy of its network, before the factor, in nanojoules. */
    public double addedNanojoules(String key) {
        return Math.max(0, segments.get(key).getNanojoules() - call.getNanojoules());
    }

    private double sum(List<String> keys) {
        return call.getNanojoules() + keys.stream().mapToDouble(this::addedNanojoules).sum();
    }

    /** The energy of a network whose segments {@linkplain #addedNanojoules add} so much, at least a nanojoule. */
    public long nanojoules(double added) {
        return Math.round(Math.max(1, factor * (call.getNanojoules() + added)));
    }

    /**
     * The same of segments by their keys, with its interval: what whole networks were off the factor or, without those, how well the
     * entries are known.
     */
    public Predicted predict(List<String> keys) {
        double expected = factor * sum(keys);
        double squares = keys.stream().mapToDouble(key -> Math.pow(segments.get(key).getHalfWidthNanojoules(), 2)).sum()
            + Math.pow((1 - keys.size()) * call.getHalfWidthNanojoules(), 2);
        double to = reach.map(relative -> relative * expected).orElse(Math.sqrt(squares));
        return new Predicted(Math.round(Math.max(1, expected)),
            new Interval(Math.round(Math.max(0, expected - to)), Math.round(Math.max(1, expected + to))));
    }
}
