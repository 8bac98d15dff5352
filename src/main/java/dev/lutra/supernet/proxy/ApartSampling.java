package dev.lutra.supernet.proxy;

import dev.lutra.identity.NamedValues;
import dev.lutra.network.Network;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.yaml.LayeredSettings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/**
 * Two paths a step that are far apart in a proxy: of some drawn uniformly the one with the lowest score and the one with the highest. A
 * proxy says least of networks that it holds for equal, so what is distilled from it is not noise (the margin subnet sampler of Dong et al.
 * 2023, RD-NAS, which does so by a distance of its own between groups of subnets).
 *
 * @param proxy that they are apart in
 * @param draws how many are drawn
 */
public record ApartSampling(Proxy proxy, int draws) implements Sampling {

    /** What it is called in files. */
    public static final String NAME = "apart";

    private static final int USUAL_DRAWS = 8;

    /** As a file gives it. */
    public static Sampling of(LayeredSettings settings) {
        return new ApartSampling(settings.oneOf("proxy", Proxy.class, Proxy.SYNFLOW), settings.integer("draws", 2, USUAL_DRAWS));
    }

    private record Scored(Architecture path, double score) {}

    @Override
    public List<Architecture> paths(Options surviving, Moment moment) {
        SplittableRandom random = new SplittableRandom(moment.stepSeed());
        ToDoubleFunction<Network> scores = proxy.scores(moment.seed());
        List<Scored> drawn = new ArrayList<>();
        for (int i = 0; i < draws; i++) {
            Architecture path = surviving.draw(random);
            drawn.add(new Scored(path, scores.applyAsDouble(surviving.space().build(path))));
        }
        Comparator<Scored> byScore = Comparator.comparingDouble(Scored::score);
        List<Architecture> ends = new ArrayList<>(List.of(Collections.min(drawn, byScore).path(), Collections.max(drawn, byScore).path()));
        Collections.shuffle(ends, new Random(random.nextLong())); // which comes first is trained against nothing
        return ends;
    }

    @Override
    public boolean trainsSeveral() {
        return true;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, NAME).put(key + ".proxy", proxy.key()).put(key + ".draws", draws);
    }
}
