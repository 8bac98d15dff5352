package dev.lutra.server.experiment;

import dev.lutra.InputException;
import dev.lutra.measure.Unit;
import dev.lutra.yaml.Durations;
import dev.lutra.yaml.YamlNode;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers with a unit, as experiment files and the command line write them: {@code 3 ms}, {@code 40M}, {@code 20 MB}. */
public final class Quantity {

    private static final Pattern PERCENT = Pattern.compile("([0-9]{1,3}(?:\\.[0-9]{1,8})?)\\s*%");

    private static final Pattern SIZE = Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,9})?)\\s*(B|kB|MB|GB|KiB|MiB|GiB)");

    private static final Pattern ENERGY = Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,9})?)\\s*(nJ|uJ|\u00B5J|\u03BCJ|mJ|J)");

    private Quantity() {}

    /** A value of a measure with such a unit. */
    static double value(YamlNode node, Unit unit) {
        return switch (unit) {
            case COUNT -> node.count();
            case NANOSECONDS -> Durations.of(node).toNanos();
            case BYTES -> bytes(node.text())
                .orElseThrow(
                    () -> node.error(node.text() + " (expected: more than 0 with its unit, such as 20 MB; units: B, kB, MB, GB, KiB, MiB, GiB)"));
            case NANOJOULES -> nanojoules(node.text())
                .orElseThrow(() -> node.error(node.text() + " (expected: more than 0 with its unit, such as 5 mJ; units: nJ, uJ, mJ, J)"));
            case RATIO -> number(node);
        };
    }

    /** Energy with its unit, more than 0: {@code 5 mJ}. */
    private static Optional<Double> nanojoules(String text) {
        Matcher matcher = ENERGY.matcher(text.strip());
        if (!matcher.matches() || Double.parseDouble(matcher.group(1)) == 0) {
            return Optional.empty();
        }
        return Optional.of(Double.parseDouble(matcher.group(1)) * switch (matcher.group(2)) {
            case "nJ" -> 1;
            case "mJ" -> 1e6;
            case "J" -> 1e9;
            default -> 1e3;
        });
    }

    /** Bytes with their unit, more than 0: {@code 20 MB} is 20 million. */
    private static Optional<Double> bytes(String text) {
        Matcher matcher = SIZE.matcher(text.strip());
        if (!matcher.matches() || Double.parseDouble(matcher.group(1)) == 0) {
            return Optional.empty();
        }
        return Optional.of(Double.parseDouble(matcher.group(1)) * switch (matcher.group(2)) {
            case "kB" -> 1e3;
            case "MB" -> 1e6;
            case "GB" -> 1e9;
            case "KiB" -> 0x1p10;
            case "MiB" -> 0x1p20;
            case "GiB" -> 0x1p30;
            default -> 1;
        });
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
        try {
            return OptionalDouble.of(value(YamlNode.parse("value", "value: " + text).get("value"), unit));
        } catch (InputException e) {
            return OptionalDouble.empty();
        }
    }

    /** A number, which may be as long as a count: {@code 0.5}, {@code -3}, {@code 60M}. */
    static double number(YamlNode node) {
        return node.shortened().orElseGet(() -> node.number(-Double.MAX_VALUE, Double.MAX_VALUE));
    }
}
