package dev.lutra.server.view;

import dev.lutra.InputException;
import dev.lutra.cost.CountingRule;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Prediction;
import dev.lutra.server.report.ArchitectureDrawing;
import dev.lutra.server.report.LayerTable;
import dev.lutra.server.winner.Winner;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * One architecture, layer by layer.
 *
 * @param drawing SVG; empty where its space has no networks
 * @param file in the run's export folder; empty where it was not exported
 * @param devices what each device's table tells of all of it
 */
public record ArchitectureView(String architecture, String drawing, String file, List<Row> segments, List<OnDevice> devices) {

    /** A segment of the network, and what it takes by device. */
    public record Row(String segment, String choice, String in, String out, long macs, long params, Map<String, Time> devices) {}

    /**
     * What a segment takes.
     *
     * @param predicted what it adds to its network, corrected by whole networks where the table is; null where the table lacks it
     * @param measured its own median by itself, without the call; null likewise
     * @param halfWidth of the 95 % interval of that, in nanoseconds; null where it is not known
     */
    public record Time(Long predicted, Long measured, Long halfWidth) {}

    /**
     * The network on a device, in nanoseconds.
     *
     * @param predicted null where its table lacks a segment
     * @param low where 95 of 100 measurements should lie; null without a calibration
     * @param high likewise
     * @param fixed what every network takes besides its segments
     * @param measured null where it was not measured whole
     */
    public record OnDevice(String device, Long predicted, Long low, Long high, long fixed, Long measured) {}

    /** Tells of any architecture what is known of it now; one that is none of the run's space ends in an InputException. */
    static Function<String, ArchitectureView> of(RunFacts facts) {
        Optional<SearchSpace> timed = facts.networks().map(facts.experiment()::timed);
        Map<String, Winner> winners = facts.winners().stream().collect(Collectors.toMap(Winner::architecture, winner -> winner, (one, other) -> one));
        return text -> {
            Architecture architecture = facts.space().parse(text);
            Optional<Winner> winner = Optional.ofNullable(winners.get(architecture.toString()));
            return timed.map(space -> of(space, facts.models(), architecture, winner)).orElseGet(
                () -> new ArchitectureView(architecture.toString(), "", winner.map(Winner::file).orElse(""), List.of(), List.of()));
        };
    }

    private static ArchitectureView of(SearchSpace space, Map<String, LatencyModel> models, Architecture architecture, Optional<Winner> winner) {
        String canonical = architecture.toString();
        String file = winner.map(Winner::file).orElse("");
        LayerTable layers = LayerTable.of(space, architecture, CountingRule.MACS);
        List<Row> rows = new ArrayList<>();
        for (LayerTable.Row row : layers.rows()) {
            Map<String, Time> times = new LinkedHashMap<>();
            models.forEach((device, model) -> times.put(device, time(model, row)));
            rows.add(new Row(row.layer(), row.choice(), row.in().toString(), row.out().toString(), row.cost().macs(), row.cost().params(), times));
        }
        List<OnDevice> devices = new ArrayList<>();
        models.forEach((device, model) -> devices.add(onDevice(device, model, space, architecture, winner)));
        return new ArchitectureView(canonical, ArchitectureDrawing.svg(file.isEmpty() ? canonical : file, layers), file, rows, devices);
    }

    private static Time time(LatencyModel model, LayerTable.Row row) {
        double added = model.addedNanos(row.segment());
        if (row.segment().ops().isEmpty() || Double.isNaN(added)) {
            return new Time(Double.isNaN(added) ? null : 0L, null, null);
        }
        LookupTable table = model.table();
        String key = row.segment().key();
        double half = table.entry(key).map(entry -> entry.getLatency().getRelativeHalfWidth() * entry.getLatency().getP50Nanos()).orElse(0.0);
        return new Time(Math.round(added), table.ownNanos(key), Double.isFinite(half) && half > 0 ? Math.round(half) : null);
    }

    private static OnDevice onDevice(String device, LatencyModel model, SearchSpace space, Architecture architecture, Optional<Winner> winner) {
        Long measured = winner.flatMap(one -> one.checks().stream().filter(check -> check.device().equals(device)).findFirst())
            .map(check -> check.latency().measured()).orElse(null);
        long fixed = Math.round(model.fixedNanos());
        try {
            Prediction prediction = model.predict(space.build(architecture));
            return new OnDevice(device, prediction.nanos(), prediction.interval().map(interval -> interval.low()).orElse(null),
                prediction.interval().map(interval -> interval.high()).orElse(null), fixed, measured);
        } catch (InputException e) {
            return new OnDevice(device, null, null, null, fixed, measured); // the table is being measured
        }
    }
}
