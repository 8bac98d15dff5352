package dev.lutra.supernet.curriculum;

import dev.lutra.yaml.Kinds;
import java.util.Map;

/** Every way to sample paths by its name. A new one is a new class and one line here. */
public final class Samplings {

    /** The registry. */
    public static final Kinds<Sampling> ALL = Kinds.of(Map.of(
        "channel-warm-up", ChannelWarmUp::of,
        "fair", settings -> new FairSampling(),
        "first-path", settings -> new FirstPathSampling(),
        "macs-uniform", MacsUniformSampling::of,
        "pool", PoolSampling::even,
        "proportional", PoolSampling::proportional,
        "sandwich", SandwichSampling::of,
        "uniform", UniformSampling::of));

    private Samplings() {}
}
