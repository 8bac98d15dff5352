package dev.lutra.server.experiment;

import dev.lutra.InputException;
import dev.lutra.measure.MeasureKind;
import dev.lutra.measure.MeasureKinds;
import dev.lutra.measure.Unit;
import dev.lutra.search.Constraint;
import dev.lutra.search.Measure;
import dev.lutra.search.Objective.Direction;
import dev.lutra.search.Objective;
import dev.lutra.server.experiment.Experiment.Target;
import dev.lutra.yaml.Kinds;
import dev.lutra.yaml.YamlNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The parts of an experiment file that speak of measures: {@code measures}, {@code objectives} and {@code constraints}. Each names
 * kinds and may give them their settings, which hold for the whole file. A measure that every device has its own of means all targets
 * where no device is named.
 */
final class MeasureSections {

    private final YamlNode file;
    private final Kinds<MeasureKind> kinds;
    private final List<Target> targets;
    private final boolean tabulated;
    private final Map<String, MeasureKind> told = new TreeMap<>(MeasureKinds.usual());
    private final Map<String, MeasureKind> settled = new TreeMap<>();

    /**
     * @param tabulated whether an accuracy table may bring measures of any name
     */
    MeasureSections(YamlNode file, Kinds<MeasureKind> kinds, List<Target> targets, boolean tabulated) {
        this.file = file;
        this.kinds = kinds;
        this.targets = targets;
        this.tabulated = tabulated;
        file.find("measures").ifPresent(node -> node.entries().forEach(this::settle));
    }

    /**
     * Reads settings of a kind.
     *
     * @throws InputException if the file gives it others elsewhere
     */
    private void settle(String kind, YamlNode settings) {
        MeasureKind read = kinds.read(kind, settings);
        MeasureKind before = settled.putIfAbsent(kind, read);
        if (before != null && !before.equals(read)) {
            throw settings.error("other settings of " + kind + " than elsewhere in this file (expected: the same, or in one place)");
        }
        told.put(kind, read);
    }

    /** What a mapping holds besides what was asked for are settings of the measure's kind. */
    private void settleRest(String measure, YamlNode settings) {
        if (settings.hasUnread() && kinds.names().contains(MeasureKinds.kind(measure))) {
            settle(MeasureKinds.kind(measure), settings);
        }
        settings.rejectUnknownKeys();
    }

    /** Every kind that the file uses, and those that every candidate is told of. */
    Map<String, MeasureKind> told() {
        return told;
    }

    List<Objective> objectives() {
        Optional<YamlNode> node = file.find("objectives");
        if (node.isEmpty()) {
            return usual();
        }
        Map<String, Objective> objectives = new LinkedHashMap<>();
        for (YamlNode item : node.get().items()) {
            for (Objective objective : objectives(item)) {
                if (objectives.put(objective.measure(), objective) != null) {
                    throw item.error(objective.measure() + ": given twice (expected: every measure at most once)");
                }
            }
        }
        if (objectives.size() < 2 || !objectives.containsKey(Measure.ACCURACY)) {
            throw node.get().error(objectives.keySet() + " (expected: accuracy and at least one more)");
        }
        return List.copyOf(objectives.values());
    }

    /** Accuracy against latency; where nothing has a latency, against MACs. */
    private List<Objective> usual() {
        List<Objective> objectives = new ArrayList<>(List.of(Objective.max(Measure.ACCURACY)));
        String cost = targets.isEmpty() && !tabulated ? Measure.MACS : Measure.LATENCY;
        names(cost, file).forEach(name -> objectives.add(Objective.min(name)));
        return objectives;
    }

    /** One item, as {@code params}, {@code max params} or {@code {params: {direction: max}}}, with settings of the measure beside it. */
    private List<Objective> objectives(YamlNode item) {
        Optional<Direction> direction = Optional.empty();
        String measure;
        if (item.isMapping()) {
            if (item.entries().size() != 1) {
                throw item.error(item.entries().size() + " names (expected: MEASURE: {direction: max})");
            }
            measure = item.entries().keySet().iterator().next();
            YamlNode settings = item.get(measure);
            direction = settings.find("direction").map(node -> node.oneOf(Direction.class));
            settleRest(measure, settings);
        } else {
            String[] words = item.text().strip().split("\\s+", 2);
            boolean directed = words.length == 2 && (words[0].equals("max") || words[0].equals("min"));
            measure = directed ? words[1] : item.text().strip();
            direction = directed ? Optional.of(words[0].equals("max") ? Direction.MAX : Direction.MIN) : direction;
        }
        List<Objective> objectives = new ArrayList<>();
        for (String name : names(measure, item)) {
            Optional<MeasureKind> kind = Optional.ofNullable(told.get(MeasureKinds.kind(name)));
            Direction wanted = direction.or(() -> kind.map(k -> k.moreIsBetter() ? Direction.MAX : Direction.MIN))
                .orElseThrow(() -> item.error(name + ": a column of the accuracy table (expected: 'min' or 'max' before it)"));
            objectives.add(new Objective(name, wanted));
        }
        return objectives;
    }

    /** The file's bounds by measure, then the targets' own. */
    List<Constraint> constraints() {
        List<Constraint> constraints = new ArrayList<>();
        file.find("constraints").ifPresent(node -> new TreeMap<>(node.entries())
            .forEach((measure, bounds) -> names(measure, bounds).forEach(name -> constraints.addAll(constraints(name, bounds)))));
        for (Target target : targets) {
            target.p50().ifPresent(bound -> constraints.add(Constraint.atMost(Measure.latency(target.device()), bound.toNanos())
                .from("targets: " + target.device() + ": latency.p50")));
            target.p99().ifPresent(bound -> constraints.add(Constraint.atMost(Measure.p99(target.device()), bound.toNanos())
                .from("targets: " + target.device() + ": latency.p99")));
        }
        return constraints;
    }

    /** {@code 2M}, which is at most, or {@code {at-most: 2M, at-least: 1M}}, with settings of the measure beside them. */
    private List<Constraint> constraints(String measure, YamlNode bounds) {
        Optional<MeasureKind> kind = Optional.ofNullable(told.get(MeasureKinds.kind(measure)));
        if (kind.map(MeasureKind::needsAccuracy).orElse(false)) {
            throw bounds.error("a bound on " + measure + " (expected: on what is known before the accuracy)");
        }
        Unit unit = kind.map(MeasureKind::unit).orElse(Unit.RATIO);
        if (!bounds.isMapping()) {
            return List.of(Constraint.atMost(measure, Quantity.value(bounds, unit)));
        }
        List<Constraint> constraints = new ArrayList<>();
        bounds.find("at-most").ifPresent(bound -> constraints.add(Constraint.atMost(measure, Quantity.value(bound, unit))));
        bounds.find("at-least").ifPresent(bound -> constraints.add(Constraint.atLeast(measure, Quantity.value(bound, unit))
            .from("constraints." + measure + ".at-least")));
        settleRest(measure, bounds);
        if (constraints.isEmpty()) {
            throw bounds.error("no bound (expected: a value, or {at-most: …, at-least: …})");
        }
        return constraints;
    }

    /** The measures that a text of the file means, their kinds being told of from now on. */
    private List<String> names(String text, YamlNode place) {
        String kindName = MeasureKinds.kind(text);
        if (!kinds.names().contains(kindName)) {
            if (tabulated) {
                return List.of(text);
            }
            throw place.error(text + " (expected: one of " + String.join(", ", kinds.names()) + ")");
        }
        MeasureKind kind = told.computeIfAbsent(kindName, kinds::usual);
        List<String> devices = targets.stream().map(Target::device).toList();
        if (tabulated && devices.isEmpty()) {
            return List.of(text);
        }
        boolean named = text.length() > kindName.length();
        String device = named ? text.substring(kindName.length() + 1) : "";
        if (named && !(kind.isOnDevice() && devices.contains(device))) {
            throw place.error(text + " (expected: " + (kind.isOnDevice() ? "a device of targets: " + devices : kindName) + ")");
        }
        if (kind.isOverDevices() && devices.isEmpty()) {
            throw place.error(text + ", without targets (expected: targets)");
        }
        if (!kind.isOnDevice() || named) {
            return List.of(text);
        }
        if (devices.isEmpty()) {
            throw place.error(text + ", without targets (expected: targets, or other measures than " + kindName + ")");
        }
        return devices.stream().map(name -> kindName + ":" + name).toList();
    }
}
