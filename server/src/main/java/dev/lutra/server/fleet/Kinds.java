package dev.lutra.server.fleet;

import dev.lutra.identity.NamedValues;
import dev.lutra.latency.table.DevicesOfAKind;
import dev.lutra.latency.table.DevicesOfAKind.Figure;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.Standing;
import dev.lutra.proto.Task;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/**
 * Devices of one kind, by what their agents tell of their hardware, held against each other by what they have measured of the same models.
 * The newest figure of each device and model is kept for that.
 */
final class Kinds {

    private static final long GIBIBYTE = 1L << 30;

    private Kinds() {}

    /** Keeps what a device has said of a task's model, where it is a figure that others' can be held against. */
    static void note(Handle handle, String device, Task task, Measured measured, long dateMillis) {
        Distribution latency = measured.getLatency();
        double halfWidth = latency.getBetweenRunsHalfWidth() > 0 ? latency.getBetweenRunsHalfWidth() : latency.getRelativeHalfWidth();
        if (latency.getP50Nanos() <= 0 || !(halfWidth > 0) || !Double.isFinite(halfWidth)) {
            return;
        }
        handle.createUpdate("INSERT INTO figures (model, device, p50_nanos, half_width, reported_millis)"
            + " VALUES (:model, :device, :nanos, :halfWidth, :now) ON CONFLICT (model, device) DO UPDATE SET p50_nanos = excluded.p50_nanos,"
            + " half_width = excluded.half_width, reported_millis = excluded.reported_millis")
            .bind("model", model(task, measured.getRuntime(), latency.getEstimator())).bind("device", device)
            .bind("nanos", latency.getP50Nanos()).bind("halfWidth", halfWidth).bind("now", dateMillis).execute();
    }

    /** How long it was measured is in the interval; what is put in changes no latency, only its shape does. */
    private static String model(Task task, Runtime runtime, String estimator) {
        NamedValues.Builder values = NamedValues.builder().put("model", task.getModelSha256()).put("runtime", runtime.getName())
            .put("runtime.version", runtime.getVersion()).put("provider", runtime.getProvider()).put("threads", runtime.getThreads())
            .put("requests-per-second", task.getLoad().getRequestsPerSecond()).put("estimator", estimator);
        values.put("provider-options", new TreeMap<>(runtime.getProviderOptionsMap()).toString());
        values.put("inputs", task.getInputsList().stream().map(input -> input.getName() + " " + input.getShapeList()).sorted().toList().toString());
        return values.build().fingerprint("figure", 1);
    }

    /** Forgets what a device has said. */
    static void forget(Handle handle, String device) {
        handle.createUpdate("DELETE FROM figures WHERE device = :device").bind("device", device).execute();
    }

    /** How every device stands that has others of its kind which measured the same models, by name. */
    static List<Standing> standings(Handle handle) {
        Map<String, Device> devices = handle.createQuery("SELECT name, description FROM devices WHERE name IN (SELECT device FROM figures)")
            .map((row, context) -> Map.entry(row.getString("name"),
                TaskQueue.parse(JoinRequest.parser(), row.getBytes("description")).getDevice()))
            .list().stream().collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        Map<List<Object>, List<Figure>> byKind = handle.createQuery("SELECT device, model, p50_nanos, half_width FROM figures"
            + " WHERE model IN (SELECT model FROM figures GROUP BY model HAVING count(*) > 1)")
            .map((row, context) -> new Figure(row.getString("device"), row.getString("model"), row.getLong("p50_nanos"),
                row.getDouble("half_width")))
            .list().stream()
            .filter(figure -> devices.containsKey(figure.device()))
            .collect(Collectors.groupingBy(figure -> kind(devices.get(figure.device()))));
        List<Standing> standings = new ArrayList<>();
        for (List<Figure> ofOne : byKind.values()) {
            int others = (int) ofOne.stream().map(Figure::device).distinct().count() - 1;
            DevicesOfAKind.compare(ofOne).forEach(one -> standings.add(Standing.newBuilder().setDevice(one.device()).setOthers(others)
                .setCompared(one.compared()).setApart(one.apart()).setRatio(one.ratio()).setOther(one.other().orElse("")).build()));
        }
        standings.sort(Comparator.comparing(Standing::getDevice));
        return standings;
    }

    /** The hardware, and how much of it a container may take. An update of the system that changes latencies is to be seen. */
    private static List<Object> kind(Device device) {
        return List.of(device.getCpu(), device.getPhysicalCores(), device.getLogicalCores(), device.getArch(), device.getGpusList(),
            Math.round((double) device.getMemoryBytes() / GIBIBYTE), device.getCpuQuota());
    }
}
