package dev.lutra.supernet.proxy;

import dev.lutra.cost.Cost;
import dev.lutra.network.Network;
import dev.lutra.network.RandomWeights;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** A figure that orders networks before anything is trained; where it is higher, better is expected. */
public enum Proxy {

    /** Multiply-accumulates. */
    MACS {
        @Override
        public ToDoubleFunction<Network> scores(long seed) {
            return network -> Cost.of(network).macs();
        }
    },

    /** Learned values. */
    PARAMS {
        @Override
        public ToDoubleFunction<Network> scores(long seed) {
            return network -> Cost.of(network).params();
        }
    },

    /** How much flows through the first weights: {@link SynFlow}. */
    SYNFLOW {
        @Override
        public ToDoubleFunction<Network> scores(long seed) {
            return new SynFlow(new RandomWeights(seed))::score;
        }
    };

    /**
     * Scores of networks.
     *
     * @param seed of their first weights, where they matter
     */
    public abstract ToDoubleFunction<Network> scores(long seed);

    /** What it is called in files. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
