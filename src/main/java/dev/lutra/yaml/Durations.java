package dev.lutra.yaml;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations with their unit, as files and the command line write them: {@code 3 ms}. */
public final class Durations {

    private static final Pattern DURATION = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*(ns|us|\u00B5s|\u03BCs|ms|s|min|h)");

    private Durations() {}

    /** A duration; the unit must be there, since seconds read as milliseconds have cost people days. */
    public static Duration of(YamlNode node) {
        return of(node.text())
            .orElseThrow(
                () -> node.error(node.text() + " (expected: a positive duration with its unit, such as 3 ms; units: ns, us, ms, s, min, h)"));
    }

    /** A positive duration with its unit; empty if the text is not one. */
    public static Optional<Duration> of(String text) {
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
}
