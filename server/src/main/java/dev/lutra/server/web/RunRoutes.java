package dev.lutra.server.web;

import com.google.protobuf.Message;
import dev.lutra.proto.PrioritizeRunRequest;
import dev.lutra.proto.Role;
import dev.lutra.proto.RunName;
import dev.lutra.proto.RunServiceGrpc;
import dev.lutra.proto.RunState;
import dev.lutra.proto.SubmitRunRequest;
import dev.lutra.server.schedule.RunCalls;
import dev.lutra.server.schedule.RunJson;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;

/** The calls about runs on the server: what {@code RunService} says over gRPC, as JSON with the same names. */
public final class RunRoutes implements RouteGroup {

    private static final List<Role> LOOKERS = List.of(Role.VIEWER, Role.OPERATOR);
    private static final List<Role> OPERATORS = List.of(Role.OPERATOR);
    private static final String RUNS = "/api/runs";
    private static final String RUN = RUNS + "/{id}";
    private static final String STATE = "the run as it is now";

    private final RunCalls calls;

    public RunRoutes(RunCalls calls) {
        this.calls = calls;
    }

    @Override
    public List<Route> routes() {
        return List.of(
            new Route("GET", RUNS, LOOKERS, new Route.Words("Lists runs, the newest first.", "", "{\"runs\": [RunState]}"),
                call -> answer(call, calls.list())),
            new Route("POST", RUNS, OPERATORS, new Route.Words("Submits an experiment.", "{\"name\", \"experiment\", \"priority\"}: the experiment"
                + " file's text; name and priority may be left out", "the run, with its id"),
                call -> answer(call, calls.submit(call.read(SubmitRunRequest.newBuilder()).build(), call.caller())))
                .takingWhat(RunServiceGrpc.getSubmitRunMethod()),
            new Route("GET", RUN, LOOKERS, new Route.Words("Tells a run, with its experiment.", "", "RunState"),
                call -> answer(call, calls.get(run(call)))),
            order("/pause", "Has a run stop where it is.", calls::pause),
            order("/resume", "Has a run go on where it stopped.", calls::resume),
            order("/cancel", "Ends a run; what it has found stays.", calls::cancel),
            new Route("POST", RUN + "/remove", OPERATORS, new Route.Words("Forgets a run that has ended, and deletes all that it has found.", "",
                "RemoveRunReply"), call -> answer(call, calls.remove(run(call)))),
            new Route("POST", RUN + "/priority", OPERATORS, new Route.Words("Has a run go before others, or after them.",
                "{\"priority\": -100 to 100}", STATE),
                call -> answer(call, calls.prioritize(call.read(PrioritizeRunRequest.newBuilder()).setId(call.parameter("id")).build()))));
    }

    private static Route order(String path, String description, Function<RunName, RunState> order) {
        return new Route("POST", RUN + path, OPERATORS, new Route.Words(description, "", STATE), call -> answer(call, order.apply(run(call))));
    }

    private static RunName run(Call call) {
        return RunName.newBuilder().setId(call.parameter("id")).build();
    }

    private static boolean answer(Call call, Message answer) throws IOException {
        return call.json(RunJson.of(answer));
    }
}
