package dev.lutra.latency.table;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.stat.descriptive.rank.Median;

/**
 * Devices of one kind beside each other: whose figures of the same models are others than their intervals explain. Where three or more have
 * measured a model, each is compared with their median, which a minority cannot move; where two have, nobody can tell which one is wrong.
 * Of all comparisons together one in twenty kinds has any that is told by chance (Bonferroni).
 */
public final class DevicesOfAKind {

    private static final double BY_CHANCE = 0.05;
    private static final NormalDistribution NORMAL = new NormalDistribution(null, 0, 1);
    /** Of an interval of 95 %, in standard errors. */
    private static final double HALF_WIDTH = NORMAL.inverseCumulativeProbability(1 - BY_CHANCE / 2);
    private static final int ENOUGH = 3;

    private DevicesOfAKind() {}

    /**
     * What a device has measured of a model.
     *
     * @param model with all that its latency follows from besides the device
     * @param nanos its median, more than 0
     * @param relativeHalfWidth of the 95 % interval of what another run would say, more than 0 and finite
     */
    public record Figure(String device, String model, double nanos, double relativeHalfWidth) {}

    /**
     * How a device stands among those of its kind.
     *
     * @param compared models that it was compared in
     * @param apart those of them in which its figure is another than intervals explain
     * @param ratio of its figures to what they were compared with, the median over those models that are apart; 1: none is
     * @param other the one device that it differs from, where nobody can tell which of the two is wrong; empty: it was compared with the
     *     median of three or more
     */
    public record Standing(String device, int compared, int apart, double ratio, Optional<String> other) {}

    private record Comparison(String device, double distance, double halfWidth, Optional<String> other) {

        boolean isApart(double quantile) {
            return Math.abs(distance) > halfWidth * quantile / HALF_WIDTH;
        }
    }

    /**
     * Compares the devices of one kind.
     *
     * @param figures one of each device and model at most
     * @return of every device that there is something to compare of, by name
     */
    public static List<Standing> compare(Collection<Figure> figures) {
        Collection<List<Figure>> byModel = figures.stream().collect(Collectors.groupingBy(Figure::model, LinkedHashMap::new, Collectors.toList()))
            .values();
        List<Comparison> comparisons = new ArrayList<>();
        long independent = 0;
        for (List<Figure> same : byModel) {
            if (same.size() >= ENOUGH) {
                comparisons.addAll(withMedian(same));
                independent += same.size();
            } else if (same.size() > 1) {
                comparisons.add(between(same.get(0), same.get(1)));
                comparisons.add(between(same.get(1), same.get(0)));
                independent++;
            }
        }
        if (comparisons.isEmpty()) {
            return List.of();
        }
        double quantile = NORMAL.inverseCumulativeProbability(1 - BY_CHANCE / (2 * independent));
        return comparisons.stream().collect(Collectors.groupingBy(Comparison::device, TreeMap::new, Collectors.toList()))
            .entrySet().stream().map(entry -> standing(entry.getKey(), entry.getValue(), quantile)).toList();
    }

    /** The median's own doubt is that of the figures in the middle. */
    private static List<Comparison> withMedian(List<Figure> same) {
        List<Figure> sorted = same.stream().sorted(Comparator.comparingDouble(Figure::nanos)).toList();
        Figure low = sorted.get((sorted.size() - 1) / 2);
        Figure high = sorted.get(sorted.size() / 2);
        double median = (Math.log(low.nanos()) + Math.log(high.nanos())) / 2;
        double medianHalfWidth = low == high
            ? low.relativeHalfWidth()
            : Math.hypot(low.relativeHalfWidth(), high.relativeHalfWidth()) / 2;
        return same.stream().map(figure -> new Comparison(figure.device(), Math.log(figure.nanos()) - median,
            Math.hypot(figure.relativeHalfWidth(), medianHalfWidth), Optional.empty())).toList();
    }

    private static Comparison between(Figure one, Figure other) {
        return new Comparison(one.device(), Math.log(one.nanos() / other.nanos()),
            Math.hypot(one.relativeHalfWidth(), other.relativeHalfWidth()), Optional.of(other.device()));
    }

    /** What a majority says counts before what one other device does. */
    private static Standing standing(String device, List<Comparison> all, double quantile) {
        Map<Optional<String>, List<Comparison>> apart = all.stream().filter(comparison -> comparison.isApart(quantile))
            .collect(Collectors.groupingBy(Comparison::other));
        Optional<String> with = apart.isEmpty() || apart.containsKey(Optional.<String>empty())
            ? Optional.empty()
            : apart.entrySet().stream().max(Comparator.comparingInt(entry -> entry.getValue().size())).orElseThrow().getKey();
        List<Comparison> told = apart.getOrDefault(with, List.of());
        double median = told.isEmpty() ? 0 : new Median().evaluate(told.stream().mapToDouble(Comparison::distance).toArray());
        long compared = apart.isEmpty() ? all.size() : all.stream().filter(comparison -> comparison.other().equals(with)).count();
        return new Standing(device, (int) compared, told.size(), Math.exp(median), with);
    }
}
