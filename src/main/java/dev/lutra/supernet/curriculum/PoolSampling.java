package dev.lutra.supernet.curriculum;

import dev.lutra.cost.Cost;
import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.StepSeed;
import dev.lutra.yaml.LayeredSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * One path a step out of a pool: each as often as any other, so that a smaller pool has each of its paths trained more often; or with a
 * probability that is its share of the pool's parameters, so that large networks are not trained less than they need. These are the first
 * and the second change of NAO-V2 (Luo et al. 2019). Every phase has a pool of its own, drawn uniformly.
 *
 * @param by what makes a path's share of the steps
 * @param pool different paths in the pool, as far as the options make so many
 * @param pools the pool of some options, seed and phase
 */
record PoolSampling(By by, int pool, Remembered<Origin, Pool> pools) implements Sampling {

    /** What a path's share of the steps is in proportion to, and what the sampling is called. */
    enum By {
        NOTHING("pool") {
            @Override
            double weight(SearchSpace space, Architecture path) {
                return 1;
            }
        },
        PARAMETERS("proportional") {
            @Override
            double weight(SearchSpace space, Architecture path) {
                return Cost.of(space.build(path)).params();
            }
        };

        private final String sampling;

        By(String sampling) {
            this.sampling = sampling;
        }

        abstract double weight(SearchSpace space, Architecture path);
    }

    /** NAO-V2's first. */
    private static final int USUAL_POOL = 1000;
    /** Draws, of which some give the same path again. */
    private static final int DRAWS_FOR_EACH = 20;

    /** What a pool follows from. */
    record Origin(Options options, long seed, int start) {}

    /**
     * Some paths.
     *
     * @param paths all different
     * @param until weights of each path and of those before it
     */
    record Pool(List<Architecture> paths, double[] until) {

        /** @param share from 0 to below 1 */
        Architecture at(double share) {
            int found = Arrays.binarySearch(until, share * until[until.length - 1]);
            return paths.get(found < 0 ? -found - 1 : found + 1);
        }
    }

    PoolSampling(By by, int pool) {
        this(by, pool, new Remembered<>(origin -> drawn(by, pool, origin)));
    }

    static Sampling even(LayeredSettings settings) {
        return new PoolSampling(By.NOTHING, settings.integer("paths", 1, USUAL_POOL));
    }

    static Sampling proportional(LayeredSettings settings) {
        return new PoolSampling(By.PARAMETERS, settings.integer("pool", 1, USUAL_POOL));
    }

    private static Pool drawn(By by, int size, Origin origin) {
        SplittableRandom random = new SplittableRandom(StepSeed.of(origin.seed(), origin.start(), StepSeed.POOL));
        Set<Architecture> different = new LinkedHashSet<>();
        for (long draw = 0; different.size() < size && draw < (long) DRAWS_FOR_EACH * size; draw++) {
            different.add(origin.options().draw(random));
        }
        List<Architecture> paths = new ArrayList<>(different);
        double[] until = paths.stream().mapToDouble(path -> by.weight(origin.options().space(), path)).toArray();
        for (int i = 1; i < until.length; i++) {
            until[i] += until[i - 1];
        }
        return new Pool(paths, until);
    }

    /** The pool that a phase draws from. */
    Pool poolOf(Options surviving, Moment moment) {
        return pools.get(new Origin(surviving, moment.seed(), moment.start()));
    }

    @Override
    public List<Architecture> paths(Options surviving, Moment moment) {
        return List.of(poolOf(surviving, moment).at(new SplittableRandom(moment.stepSeed()).nextDouble()));
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, by.sampling).put(key + ".pool", pool);
    }
}
