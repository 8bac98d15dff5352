package dev.lutra.supernet.descent;

import dev.lutra.identity.NamedValues;
import dev.lutra.yaml.LayeredSettings;
import dev.lutra.yaml.YamlNode;
import java.util.List;

/**
 * Falls to a share of itself at given epochs (He et al. 2016).
 *
 * @param at epochs that are over when it falls, ascending
 * @param factor above 0 to below 1
 */
record StepSchedule(List<Double> at, double factor) implements Schedule {

    private static final double MOST_EPOCHS = 1_000_000;

    StepSchedule {
        at = List.copyOf(at);
    }

    static Schedule of(LayeredSettings settings) {
        YamlNode list = settings.get("at");
        List<Double> at = list.items().stream().map(epoch -> epoch.number(0, MOST_EPOCHS)).toList();
        for (int i = 1; i < at.size(); i++) {
            if (at.get(i) <= at.get(i - 1)) {
                throw list.error(at + " (expected: epochs in ascending order)");
            }
        }
        return new StepSchedule(at, settings.number("factor", 0.000_001, 0.999_999, 0.1));
    }

    @Override
    public double rate(double highest, double lowest, Moment moment) {
        long fallen = at.stream().filter(epoch -> moment.epoch() >= epoch).count();
        return Math.max(lowest, highest * Math.pow(factor, fallen));
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "steps").put(key + ".at", String.join(" ", at.stream().map(NamedValues::text).toList())).put(key + ".factor", factor);
    }
}
