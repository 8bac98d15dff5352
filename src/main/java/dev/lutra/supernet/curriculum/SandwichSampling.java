package dev.lutra.supernet.curriculum;

import dev.lutra.cost.CountingRule;
import dev.lutra.cost.Extremes;
import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.yaml.LayeredSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The sandwich rule (Yu and Huang 2019; Yu et al. 2020, BigNAS): the path with the most MACs, the one with the fewest, and some
 * drawn uniformly.
 *
 * @param random how many are drawn
 * @param extremes the largest and the smallest path of some options
 */
record SandwichSampling(int random, Remembered<Options, Extremes> extremes) implements Sampling {

    private static final int USUAL_RANDOM = 2;

    SandwichSampling(int random) {
        this(random, new Remembered<>(options -> Extremes.of(options, CountingRule.MACS)));
    }

    static Sampling of(LayeredSettings settings) {
        return new SandwichSampling(settings.integer("random", 0, USUAL_RANDOM));
    }

    @Override
    public List<Architecture> paths(Options surviving, Moment moment) {
        Extremes ends = extremes.get(surviving);
        List<Architecture> paths = new ArrayList<>(List.of(ends.largest().architecture(), ends.cheapest().architecture()));
        SplittableRandom draws = new SplittableRandom(moment.stepSeed());
        for (int i = 0; i < random; i++) {
            paths.add(surviving.draw(draws));
        }
        return paths;
    }

    @Override
    public boolean trainsSeveral() {
        return true;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "sandwich").put(key + ".random", random);
    }
}
