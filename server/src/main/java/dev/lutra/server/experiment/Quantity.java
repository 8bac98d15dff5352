package dev.lutra.server.experiment;

import dev.lutra.InputException;
import dev.lutra.measure.Unit;
import dev.lutra.yaml.YamlNode;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers with a unit, as experiment files and the command line write them: {@code 3 ms}, {@code 40M}. */
public final class Quantity {

    private static final Pattern DURATION = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*(ns|us|\u00B5s|\u03BCs|ms|s|min|h)");

    private static final Pattern PERCENT = Pattern.compile("([0-9]{1,3}(?:\\.[0-9]{1,8})?)\\s*%");

    private Quantity() {}

    /** A duration; the unit must be there, since seconds read as milliseconds have cost people days. */
    static Duration duration(YamlNode node) {
        return duration(node.text())
            .orElseThrow(
                () -> node.error(node.text() + " (expected: a positive duration with its unit, such as 3 ms; units: ns, us, ms, s, min, h)"));
    }

    /** A positive duration with its unit; empty if the text is not one. */
    public static Optional<Duration> duration(String text) {
        Matcher matcher = DURATION.matcher(text.strip());
        if (!matcher.matches() || Double.parseDouble(matcher.group(1)) == 0) {
            return Optional.empty();
        }
        double nanos = Double.parseDouble(matcher.group(1)) * switch (matcher.group(2)) {
            case "ns" -> 1;
            case "us", "\u00B5s", "\u03BCs" -> 1e3; // the micro sign, and the Greek letter that keyboards and NFKC make of it
            case "ms" -> 1e6;
            case "min" -> 60e9;
            case "h" -> 3600e9;
            default -> 1e9;
        };
        return Optional.of(Duration.ofNanos(Math.max(1, Math.round(nanos))));
    }

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
            return duration(text).map(time -> OptionalDouble.of(time.toNanos())).orElse(OptionalDouble.empty());
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
