package dev.lutra.supernet.curriculum;

import dev.lutra.cost.Cost;
import dev.lutra.cost.CountingRule;
import dev.lutra.cost.Extremes;
import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * One path a step of MACs that are spread evenly, as the official code of SPOS trains (Guo et al. 2019): one of some bins of equal
 * width is drawn uniformly, then paths uniformly until the MACs of one lie in it; after so many draws without, the next path is
 * taken whatever it has.
 *
 * @param range from the lower end of the first bin to the upper end of the last; empty for the usual one of the options on offer
 * @param bins of equal width, lower ends included
 * @param draws for a path in the bin
 * @param usual the range that all but the rarest paths of some options lie in
 */
record MacsUniformSampling(Optional<Range> range, int bins, int draws, Remembered<Options, Range> usual) implements Sampling {

    private static final int USUAL_BINS = 7;
    private static final int USUAL_DRAWS = 500;
    /** Paths that the usual range is found by, and how many of them lie beyond either end. */
    private static final int SOUNDED = 1000;
    private static final int BEYOND = SOUNDED / 100;

    /**
     * MACs of a path.
     *
     * @param from included
     * @param to not included
     */
    record Range(long from, long to) {}

    MacsUniformSampling(Optional<Range> range, int bins, int draws) {
        this(range, bins, draws, new Remembered<>(MacsUniformSampling::usualRange));
    }

    static Sampling of(LayeredSettings settings) {
        Optional<YamlNode> from = settings.find("from");
        Optional<YamlNode> to = settings.find("to");
        if (from.isPresent() != to.isPresent()) {
            throw from.or(() -> to).orElseThrow().error("without '" + (from.isPresent() ? "to" : "from") + "' (expected: both, or none)");
        }
        Optional<Range> range = from.map(node -> new Range(node.count(), to.orElseThrow().count()));
        if (range.isPresent() && range.get().from() >= range.get().to()) {
            throw to.orElseThrow().error(range.get().to() + " (expected: above from, " + range.get().from() + ")");
        }
        return new MacsUniformSampling(range, settings.integer("bins", 1, USUAL_BINS), settings.integer("draws", 1, USUAL_DRAWS));
    }

    private static Range usualRange(Options options) {
        SplittableRandom random = new SplittableRandom(SOUNDED);
        long[] macs = Stream.generate(() -> options.draw(random)).limit(SOUNDED).mapToLong(path -> macs(options, path)).sorted()
            .toArray();
        return new Range(macs[BEYOND], macs[SOUNDED - 1 - BEYOND] + 1);
    }

    private static long macs(Options options, Architecture path) {
        return Cost.of(options.space().build(path)).macs();
    }

    @Override
    public List<Architecture> paths(Options surviving, Moment moment) {
        Range whole = range.orElseGet(() -> usual.get(surviving));
        SplittableRandom random = new SplittableRandom(moment.stepSeed());
        int bin = random.nextInt(bins);
        double width = (double) (whole.to() - whole.from()) / bins;
        for (int i = 0; i < draws; i++) {
            Architecture path = surviving.draw(random);
            double above = macs(surviving, path) - whole.from() - bin * width;
            if (above >= 0 && above < width) {
                return List.of(path);
            }
        }
        return List.of(surviving.draw(random));
    }

    @Override
    public Optional<String> problemIn(SearchSpace space) {
        return range.flatMap(bounds -> {
            Extremes ends = Extremes.of(space, CountingRule.MACS);
            long least = ends.cheapest().cost().macs();
            long most = ends.largest().cost().macs();
            return bounds.from() > most || bounds.to() <= least
                ? Optional.of("macs-uniform from " + bounds.from() + " to " + bounds.to() + " (expected: networks of " + space.name()
                    + " between them, which have " + least + " to " + most + ")")
                : Optional.empty();
        });
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "macs-uniform").put(key + ".bins", bins).put(key + ".draws", draws);
        range.ifPresent(bounds -> values.put(key + ".from", bounds.from()).put(key + ".to", bounds.to()));
    }
}
