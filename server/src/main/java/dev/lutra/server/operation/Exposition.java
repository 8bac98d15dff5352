package dev.lutra.server.operation;

import java.util.Map;
import java.util.Set;
import java.util.HashSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Metrics in Prometheus' text format, version 0.0.4
 * (<a href="https://prometheus.io/docs/instrumenting/exposition_formats/">exposition formats</a>): every metric with what it is, once, then its
 * samples.
 */
final class Exposition {

    /** What it is sent as. */
    static final String TYPE = "text/plain; version=0.0.4";

    private static final Pattern NAME = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");

    private final StringBuilder text = new StringBuilder();
    private final Set<String> told = new HashSet<>();
    private String metric;

    /** Begins a metric that goes up and down. */
    Exposition gauge(String name, String help) {
        return begin(name, "gauge", help);
    }

    /** Begins a metric that only grows, from nothing when the process starts; its name ends in {@code _total}. */
    Exposition counter(String name, String help) {
        return begin(name, "counter", help);
    }

    private Exposition begin(String name, String type, String help) {
        if (!NAME.matcher(name).matches() || !told.add(name)) {
            throw new IllegalArgumentException("metric " + name + ": told before, or no name");
        }
        metric = name;
        text.append("# HELP ").append(name).append(' ').append(help.replace("\\", "\\\\").replace("\n", "\\n")).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        return this;
    }

    /** A sample of the metric begun last, without labels. */
    Exposition sample(double value) {
        return sample(Map.of(), value);
    }

    Exposition sample(Map<String, String> labels, double value) {
        text.append(metric);
        if (!labels.isEmpty()) {
            text.append(labels.entrySet().stream().sorted(Map.Entry.comparingByKey())
                .map(label -> label.getKey() + "=\"" + escaped(label.getValue()) + "\"").collect(Collectors.joining(",", "{", "}")));
        }
        text.append(' ').append(number(value)).append('\n');
        return this;
    }

    private static String escaped(String value) {
        return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    private static String number(double value) {
        if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        return value == Math.rint(value) && Math.abs(value) < 1e15 ? Long.toString((long) value) : Double.toString(value);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
