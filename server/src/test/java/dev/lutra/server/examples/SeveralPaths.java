package dev.lutra.server.examples;

import dev.lutra.identity.NamedValues;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.yaml.LayeredSettings;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Several uniform paths a step, whose gradients add up. */
record SeveralPaths(int paths) implements Sampling {

    static SeveralPaths of(LayeredSettings settings) {
        return new SeveralPaths(settings.integer("paths", 1, 2));
    }

    @Override
    public List<Architecture> paths(Options surviving, Moment moment) {
        SplittableRandom random = new SplittableRandom(moment.stepSeed());
        return Stream.generate(() -> surviving.draw(random)).limit(paths).toList();
    }

    @Override
    public Options offered(Options surviving) {
        return surviving;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "several").put(key + ".paths", paths);
    }
}
