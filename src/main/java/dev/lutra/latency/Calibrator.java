package dev.lutra.latency;

import dev.lutra.proto.Calibration;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/**
 * Corrects sums of segments by whole networks measured on the device: caches, fusion across segments and clocks under
 * sustained load make a network faster or slower than its parts.
 *
 * <p>Two corrections are tried. The <em>ratio</em> has a scale only, the median of measured / sum; it has one number to learn
 * and no way to go wrong far from the networks it saw. The <em>line</em> has a scale and a bias by Theil–Sen (median of the
 * slopes of all pairs, then median of the residuals), which one network disturbed by noise cannot bend. Networks of one space
 * often differ by a few per cent, about as much as the noise of a device, and then a slope means nothing and extrapolates badly.
 * So the line has to earn its second number: it is taken only if, leaving out each fitted network in turn and predicting it
 * from the others, its mean relative error is at least a tenth below the ratio's, and its slope is positive (a calibration
 * must not turn the order of networks around). Least squares was not chosen because a single outlier moves it.
 */
public final class Calibrator {

    private static final int LEAST_FOR_A_LINE = 4;
    private static final double LINE_MUST_REACH = 0.9;  // of the ratio's error
    private static final int CANDIDATES_A_NETWORK = 20;
    private static final int HELD_OUT_EVERY = 3;

    /**
     * A network to measure.
     *
     * @param heldOut whether the fit may not see it
     */
    public record Choice(Architecture architecture, boolean heldOut) {}

    private record Correction(double scale, double biasNanos) {
        double apply(WholeNetwork network) {
            return Math.max(0, scale * network.getSumOfSegmentsNanos() + biasNanos);
        }
    }

    private Calibrator() {}

    /**
     * Networks to measure, spread evenly over the range of sums that the space spans: both ends of it, and between them the
     * nearest of a random sample to evenly spaced sums. About every third is held out, never an end, so that the errors tell of
     * interpolation, which is what a search asks for. In random order, so that a device that drifts while it is measured
     * does not look like one on which large networks are slow. Fewer come back where the space has fewer networks.
     *
     * @param model of a table that covers the space
     * @param count at least 3
     * @throws dev.lutra.InputException if the table lacks segments
     */
    public static List<Choice> choose(SearchSpace space, LatencyModel model, int count, long seed) {
        if (count < 3) {
            throw new IllegalArgumentException("calibration networks: " + count + " (expected: at least 3)");
        }
        Random random = new Random(seed);
        Map<Architecture, Long> sums = new LinkedHashMap<>();
        for (Architecture end : ends(space, model)) {
            sums.put(end, sum(space, model, end));
        }
        for (int i = 0; i < count * CANDIDATES_A_NETWORK; i++) {
            sums.computeIfAbsent(space.random(random), candidate -> sum(space, model, candidate));
        }
        List<Architecture> chosen = spread(sums, count);
        List<Choice> choices = new ArrayList<>();
        for (int i = 0; i < chosen.size(); i++) {
            choices.add(new Choice(chosen.get(i), i % HELD_OUT_EVERY == 1 && i < chosen.size() - 1));
        }
        Collections.shuffle(choices, random);
        return choices;
    }

    private static long sum(SearchSpace space, LatencyModel model, Architecture architecture) {
        return model.predict(space.build(architecture)).sumNanos();
    }

    /** The fastest and the slowest option of every gene, each judged with all other genes at their first. */
    private static List<Architecture> ends(SearchSpace space, LatencyModel model) {
        List<Gene> genes = space.genes();
        int[] fastest = new int[genes.size()];
        int[] slowest = new int[genes.size()];
        for (int gene = 0; gene < genes.size(); gene++) {
            long least = Long.MAX_VALUE;
            long most = Long.MIN_VALUE;
            for (int option = 0; option < genes.get(gene).size(); option++) {
                int[] values = new int[genes.size()];
                values[gene] = option;
                long sum = sum(space, model, space.architecture(values));
                if (sum < least) {
                    least = sum;
                    fastest[gene] = option;
                }
                if (sum > most) {
                    most = sum;
                    slowest[gene] = option;
                }
            }
        }
        return List.of(space.architecture(fastest), space.architecture(slowest));
    }

    /** By increasing sum, one network for each of {@code count} evenly spaced sums. */
    private static List<Architecture> spread(Map<Architecture, Long> sums, int count) {
        long least = Collections.min(sums.values());
        long most = Collections.max(sums.values());
        List<Architecture> left = new ArrayList<>(sums.keySet());
        List<Architecture> chosen = new ArrayList<>();
        for (int i = 0; i < count && !left.isEmpty(); i++) {
            double wanted = least + (double) (most - least) * i / (count - 1);
            Architecture nearest = Collections.min(left, Comparator.comparingDouble(a -> Math.abs(sums.get(a) - wanted)));
            left.remove(nearest);
            chosen.add(nearest);
        }
        chosen.sort(Comparator.comparing(sums::get));
        return chosen;
    }

    /**
     * Fits the correction to the networks that are not held out and states its error on those that are.
     *
     * @param networks measured whole networks with their uncalibrated sums
     * @throws IllegalArgumentException if fewer than two may be fitted or none is held out
     */
    public static Calibration fit(List<WholeNetwork> networks) {
        List<WholeNetwork> fitted = networks.stream().filter(network -> !network.getHeldOut()).toList();
        List<WholeNetwork> heldOut = networks.stream().filter(WholeNetwork::getHeldOut).toList();
        if (fitted.size() < 2 || heldOut.isEmpty()) {
            throw new IllegalArgumentException("calibration: " + fitted.size() + " networks to fit and " + heldOut.size()
                + " held out (expected: at least 2 and 1)");
        }
        for (WholeNetwork network : networks) {
            if (network.getSumOfSegmentsNanos() < 1 || network.getLatency().getP50Nanos() < 1) {
                throw new IllegalArgumentException("calibration: " + network.getArchitecture() + ": sum "
                    + network.getSumOfSegmentsNanos() + ", measured " + network.getLatency().getP50Nanos()
                    + " (expected: more than 0 ns)");
            }
        }
        Correction correction = correction(fitted);
        return Calibration.newBuilder()
            .setScale(correction.scale())
            .setBiasNanos(correction.biasNanos())
            .setFittedOn(fitted.size())
            .setHeldOut(heldOut.size())
            .setMeanRelativeError(meanError(heldOut, correction::apply))
            .setWorstRelativeError(heldOut.stream().mapToDouble(n -> error(n, correction::apply)).max().orElseThrow())
            .setUncalibratedMeanRelativeError(meanError(heldOut, WholeNetwork::getSumOfSegmentsNanos))
            .addAllNetworks(networks)
            .build();
    }

    private static Correction correction(List<WholeNetwork> networks) {
        Correction ratio = ratio(networks);
        if (networks.size() < LEAST_FOR_A_LINE) {
            return ratio;
        }
        return line(networks).filter(line -> earnsItsBias(networks)).orElse(ratio);
    }

    private static boolean earnsItsBias(List<WholeNetwork> networks) {
        double ratioError = 0;
        double lineError = 0;
        for (WholeNetwork left : networks) {
            List<WholeNetwork> others = networks.stream().filter(network -> network != left).toList();
            Correction ratio = ratio(others);
            ratioError += error(left, ratio::apply);
            lineError += error(left, line(others).orElse(ratio)::apply);
        }
        return lineError < LINE_MUST_REACH * ratioError;
    }

    private static Correction ratio(List<WholeNetwork> networks) {
        return new Correction(median(networks.stream().map(n -> (double) measured(n) / n.getSumOfSegmentsNanos()).toList()), 0);
    }

    /** The Theil–Sen line; empty where all sums are equal or the slope is not positive. */
    private static Optional<Correction> line(List<WholeNetwork> networks) {
        List<Double> slopes = new ArrayList<>();
        for (int i = 0; i < networks.size(); i++) {
            for (int j = 0; j < i; j++) {
                long run = networks.get(i).getSumOfSegmentsNanos() - networks.get(j).getSumOfSegmentsNanos();
                if (run != 0) {
                    slopes.add((double) (measured(networks.get(i)) - measured(networks.get(j))) / run);
                }
            }
        }
        if (slopes.isEmpty() || median(slopes) <= 0) {
            return Optional.empty();
        }
        double scale = median(slopes);
        double bias = median(networks.stream().map(n -> measured(n) - scale * n.getSumOfSegmentsNanos()).toList());
        return Optional.of(new Correction(scale, bias));
    }

    private static long measured(WholeNetwork network) {
        return network.getLatency().getP50Nanos();
    }

    private static double error(WholeNetwork network, ToDoubleFunction<WholeNetwork> prediction) {
        return Math.abs(prediction.applyAsDouble(network) - measured(network)) / measured(network);
    }

    private static double meanError(List<WholeNetwork> networks, ToDoubleFunction<WholeNetwork> prediction) {
        return networks.stream().mapToDouble(network -> error(network, prediction)).average().orElseThrow();
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
