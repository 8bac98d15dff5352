package dev.lutra.supernet.descent;

import ai.djl.ndarray.NDArray;
import dev.lutra.identity.NamedValues;
import dev.lutra.supernet.WeightMoves;
import dev.lutra.yaml.LayeredSettings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Stochastic gradient descent with momentum, as PyTorch defines it: {@code v = momentum · v + gradient + decay · w},
 * {@code w = w − rate · v}. (DJL's own update multiplies by the rate before the momentum, which differs when the rate
 * changes.)
 *
 * @param momentum 0 to below 1
 * @param nesterov whether the step looks ahead: {@code w = w − rate · (gradient + decay · w + momentum · v)} (Sutskever et al. 2013)
 */
public record Sgd(double momentum, boolean nesterov) implements Optimizer {

    static final String NAME = "sgd";
    private static final double USUAL_MOMENTUM = 0.9;

    static Sgd of(LayeredSettings settings) {
        return new Sgd(settings.number("momentum", 0, 0.999, USUAL_MOMENTUM), settings.flag("nesterov", false));
    }

    @Override
    public void update(List<Part> parts, double rate) {
        parts.stream().collect(Collectors.groupingBy(Part::decay, LinkedHashMap::new, Collectors.toList()))
            .forEach((decay, alike) -> WeightMoves.sgd(alike.stream().map(Part::weight).toList(), alike.stream().map(Part::gradient).toList(),
                alike.stream().map(part -> part.state().memory(Memory.MOMENTUM)).toList(), rate, momentum, decay, nesterov));
    }

    /** Takes a multiple of a direction off a weight. */
    static void move(NDArray weight, NDArray direction, double rate) {
        try (NDArray change = direction.mul((float) rate)) {
            weight.subi(change);
        }
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key + "momentum", momentum).putLater(key + "nesterov", Boolean.toString(nesterov), Boolean.toString(false));
    }
}
