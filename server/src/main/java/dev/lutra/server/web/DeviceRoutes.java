package dev.lutra.server.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lutra.proto.Role;
import dev.lutra.server.fleet.FleetState;
import java.util.List;

/** The calls that show the fleet. */
public final class DeviceRoutes implements RouteGroup {

    private static final List<Role> LOOKERS = List.of(Role.VIEWER, Role.OPERATOR);

    private final FleetState fleet;
    private final EventStreams streams = new EventStreams();
    private final Shared<String> shared = new Shared<>(this::document, EventStreams.EVERY, System::nanoTime);

    public DeviceRoutes(FleetState fleet) {
        this.fleet = fleet;
    }

    @Override
    public List<Route> routes() {
        return List.of(
            new Route("GET", "/api/devices", LOOKERS, new Route.Words("Lists the devices: whether each is online, what it measures now, its"
                + " load and temperature when it measured last.", "", "{\"devices\": [device]}"), call -> call.json(document())),
            new Route("GET", "/api/events", LOOKERS, new Route.Words("Streams the same whenever it changes (server-sent events).", "",
                "text/event-stream"), call -> streams.open(call, new Changes()::next)));
    }

    /** What was told last to one who looks on. */
    private final class Changes {

        private String told = "";

        String next() {
            String now = shared.get();
            if (now.equals(told)) {
                return "";
            }
            told = now;
            return "event: devices\ndata: " + now + "\n\n";
        }
    }

    private String document() {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        ArrayNode devices = document.putArray("devices");
        fleet.devices().forEach(device -> {
            ObjectNode told = devices.addObject();
            told.put("name", device.state().getDevice().getName()).put("cpu", device.state().getDevice().getCpu())
                .put("os", device.state().getDevice().getOs()).put("agent_version", device.state().getAgentVersion())
                .put("online", device.state().getOnline())
                // whole seconds, so that a fleet at rest tells nothing new more often
                .put("last_seen_millis_ago", device.state().getLastSeenMillisAgo() / 5000 * 5000)
                .put("leased_tasks", device.state().getLeasedTasks()).put("queued_tasks", device.state().getQueuedTasks());
            ArrayNode measuring = told.putArray("measuring");
            device.measuring().forEach(measuring::add);
            device.system().ifPresent(system -> told.putObject("system").put("load_average", system.getLoadAverage())
                .put("celsius", system.getCelsius()).put("governor", system.getGovernor()).put("mhz", system.getMhz())
                .put("power_mode", system.getPowerMode()).put("throttled", system.getThrottled()));
        });
        return document.toString();
    }

    @Override
    public void end() {
        streams.close();
    }
}
