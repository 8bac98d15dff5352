package dev.lutra.server.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lutra.proto.Role;
import dev.lutra.server.operation.Health;
import dev.lutra.server.operation.Metrics;
import java.io.IOException;
import java.util.List;

/** What programs ask that watch a server: whether it is ready, and its figures. */
public final class OperationRoutes implements RouteGroup {

    private final Health health;
    private final Metrics metrics;

    public OperationRoutes(Health health, Metrics metrics) {
        this.health = health;
        this.metrics = metrics;
    }

    @Override
    public List<Route> routes() {
        return List.of(
            new Route("GET", "/healthz", List.of(Role.ANYONE),
                new Route.Words("Says whether the server can do its work: 200, or 503 and why not.", "",
                    "{\"ready\": true, \"problems\": []}"),
                this::tellHealth),
            new Route("GET", "/metrics", List.of(Role.VIEWER, Role.OPERATOR),
                new Route.Words("Tells figures of devices, tasks, runs and the server.", "",
                    "Prometheus' text format"),
                call -> call.send(200, Metrics.TYPE, metrics.text())));
    }

    private boolean tellHealth(Call call) throws IOException {
        List<String> problems = health.problems();
        ObjectNode answer = JsonNodeFactory.instance.objectNode().put("ready", problems.isEmpty());
        ArrayNode told = answer.putArray("problems");
        problems.forEach(told::add);
        return call.send(problems.isEmpty() ? 200 : 503, "application/json", answer.toString());
    }
}
