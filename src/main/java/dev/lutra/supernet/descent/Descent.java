package dev.lutra.supernet.descent;

import dev.lutra.InputException;
import dev.lutra.identity.NamedValues;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;

/**
 * How weights go down the gradient.
 *
 * @param optimizer how a step moves them
 * @param rate the highest learning rate
 * @param warmUp share of the steps in which the rate rises to its highest, in a straight line (Goyal et al. 2017)
 * @param schedule how it falls then
 * @param lowest rate that it does not fall below
 * @param weightDecay times the weight, added to the gradient or taken off the weight as the optimizer has it
 * @param decayed which tensors that applies to
 * @param clipping bounds on gradients
 */
public record Descent(Optimizer optimizer, double rate, double warmUp, Schedule schedule, double lowest, double weightDecay,
    Decayed decayed, Clipping clipping) {

    static final double USUAL_RATE = 0.1;
    static final double USUAL_DECAY = 4e-5;
    private static final double USUAL_WARM_UP = 0.05;

    public Descent {
        require("lr", rate, rate > 0 && rate < Double.POSITIVE_INFINITY, "above 0");
        require("warm-up", warmUp, warmUp >= 0 && warmUp < 1, "0 to below 1");
        require("lowest", lowest, lowest >= 0 && lowest <= rate, "0 to lr");
        require("weight-decay", weightDecay, weightDecay >= 0 && weightDecay < 1, "0 to below 1");
    }

    /** SGD, whose rate falls to 0, without any bound on gradients. */
    public static Descent sgd(double rate, double warmUp, Schedule schedule, double momentum, double weightDecay) {
        return new Descent(new Sgd(momentum, false), rate, warmUp, schedule, 0, weightDecay, Decayed.WEIGHTS, Clipping.NONE);
    }

    /** The settings that every optimizer has. */
    static Descent of(LayeredSettings settings, Optimizer optimizer, double usualRate, double usualDecay) {
        double rate = settings.number("lr", 1e-6, 100, usualRate);
        return new Descent(optimizer, rate, settings.number("warm-up", 0, 0.9, USUAL_WARM_UP),
            settings.find("schedule").map(Schedules.ALL::read).orElse(Schedule.COSINE),
            settings.number("lowest", 0, rate, 0), settings.number("weight-decay", 0, 0.999, usualDecay),
            settings.oneOf("decays", Decayed.class, Decayed.WEIGHTS), settings.find("clip").map(Clipping::of).orElse(Clipping.NONE));
    }

    /**
     * Reads {@code optimizer}: NAME, or {NAME: {settings}}, or the settings alone, which are then those of SGD.
     *
     * @throws InputException with file, line, key and expectation
     */
    public static Descent read(YamlNode node) {
        boolean named = !node.isMapping() || Optimizers.ALL.names().stream().anyMatch(name -> node.find(name).isPresent());
        return named ? Optimizers.ALL.read(node) : Optimizers.ALL.read(Optimizers.USUAL, node);
    }

    /**
     * The rate of a step.
     *
     * @param step steps already taken
     * @param steps of the whole training
     * @param epochs of the whole training
     */
    public double rate(long step, long steps, int epochs) {
        double warm = warmUp * steps;
        return step < warm
            ? rate * ((step + 1) / (warm + 1))
            : schedule.rate(rate, lowest, new Schedule.Moment((step - warm) / (steps - warm), (double) step * epochs / steps));
    }

    /** Puts what it follows from under names that begin with the key, which has a dot at its end. */
    public void describe(String key, NamedValues.Builder values) {
        values.put(key + "lr", rate).put(key + "warm-up", warmUp).put(key + "weight-decay", weightDecay)
            .putLater(key + "lowest", NamedValues.text(lowest), NamedValues.text(0))
            .putLater(key + "decays", decayed.key(), Decayed.WEIGHTS.key());
        schedule.describe(key + "schedule", values);
        clipping.describe(key + "clip.", values);
        optimizer.describe(key, values);
    }

    private static void require(String key, double value, boolean holds, String expected) {
        if (!holds) {
            throw new InputException("optimizer." + key + ": " + value + " (expected: " + expected + ")");
        }
    }
}
