package dev.lutra.server.experiment;

import dev.lutra.InputException;
import dev.lutra.measure.Unit;
import dev.lutra.yaml.Durations;
import dev.lutra.yaml.YamlNode;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers with a unit, as experiment files and the command line write them: {@code 3 ms}, {@code 40M}. */
public final class Quantity {

    private static final Pattern PERCENT = Pattern.compile("([0-9]{1,3}(?:\\.[0-9]{1,8})?)\\s*%");

    private Quantity() {}

    /**
     * A share of 1, or of a hundred with its sign: {@code 0.001}, {@code 0.1 %}.
     *
     * @param most largest share
     */
    static double share(YamlNode node, double most) {
        Matcher percent = PERCENT.matcher(node.text().strip());
        double share = percent.matches() ? Double.parseDouble(percent.group(1)) / 100 : Double.NaN;
        if (Double.isNaN(share)) {
            return node.number(0, most);
        }
        if (share > most) {
            throw node.error(node.text() + " (expected: at most " + Math.round(100 * most) + " %)");
        }
        return share;
    }

    /** A value of a measure with such a unit; empty if the text is not one. */
    public static OptionalDouble value(String text, Unit unit) {
        if (unit == Unit.NANOSECONDS) {
            return Durations.of(text).map(time -> OptionalDouble.of(time.toNanos())).orElse(OptionalDouble.empty());
        }
        try {
            return OptionalDouble.of(number(YamlNode.parse("value", "value: " + text).get("value")));
        } catch (InputException e) {
            return OptionalDouble.empty();
        }
    }

    /** A number, which may be as long as a count: {@code 0.5}, {@code -3}, {@code 60M}. */
    static double number(YamlNode node) {
        return node.shortened().orElseGet(() -> node.number(-Double.MAX_VALUE, Double.MAX_VALUE));
    }
}
