package dev.lutra.server.web;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.lutra.InputException;
import dev.lutra.server.access.AccessException;
import dev.lutra.server.access.Caller;
import dev.lutra.server.access.Door;
import dev.lutra.server.access.NameHasKeyException;
import dev.lutra.server.fleet.NameTakenException;
import dev.lutra.server.fleet.UnknownSessionException;
import dev.lutra.server.schedule.UnknownRunException;
import dev.lutra.server.store.StorageException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the call that a request is for and lets in who may make it, by a token in the authorization header. Errors are the statuses that
 * gRPC's map to: 401 for a caller whom nobody knows, 403 for one who may not do this, 404 for what is not there, 409 for a name that belongs
 * to another device, 413 for a request that is too large, 400 for what the caller did wrong, 503 while nothing can be stored; the body says so in a line.
 */
final class Router implements HttpHandler {

    private static final Logger LOG = LoggerFactory.getLogger(Router.class);

    /** Below it is nothing but calls. */
    static final String API = "/api/";
    /** What looks at one run. */
    private static final String RUN = API + "runs/{id}";

    private final Door door;
    private final List<Route> routes;
    private final HttpHandler others;

    /** @param others answers what is no call */
    Router(Door door, List<Route> routes, HttpHandler others) {
        this.door = door;
        this.routes = List.copyOf(routes);
        this.others = others;
    }

    private record Found(Route route, Map<String, String> parameters) {}

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getRawPath();
        List<Found> found = routes.stream().flatMap(route -> route.match(path).map(parameters -> new Found(route, parameters)).stream()).toList();
        if (found.isEmpty() && !path.startsWith(API)) {
            others.handle(exchange);
            return;
        }
        boolean isAnswered = true;
        try {
            isAnswered = answered(exchange, () -> answer(exchange, found));
        } finally {
            if (isAnswered) {
                exchange.close();
            }
        }
    }

    private boolean answer(HttpExchange exchange, List<Found> found) throws IOException {
        if (found.isEmpty()) {
            throw new Refusal(404, "no such call: " + exchange.getRequestURI().getPath());
        }
        Found called = found.stream().filter(one -> one.route().method().equals(exchange.getRequestMethod())).findFirst()
            .orElseThrow(() -> new Refusal(405, exchange.getRequestMethod() + " (expected: "
                + found.stream().map(one -> one.route().method()).collect(Collectors.joining(" or ")) + ")"));
        String name = called.route().pattern().replaceFirst("^" + API, "");
        Optional<String> run = called.route().method().equals("GET") && called.route().pattern().startsWith(RUN)
            ? Optional.ofNullable(called.parameters().get("id"))
            : Optional.empty();
        Caller caller = door.admit(name, called.route().admits(), run, exchange.getRequestHeaders().getFirst("Authorization"));
        bound(exchange, called.route().mostBytes());
        return called.route().handler().answer(new Call(exchange, caller, called.parameters()));
    }

    /** Also where a call reads nothing of what is sent. */
    private static void bound(HttpExchange exchange, int mostBytes) {
        String length = exchange.getRequestHeaders().getFirst("Content-Length");
        if (length != null && Long.parseLong(length) > mostBytes) { // the JDK's server has seen that it is a number
            throw BoundedBody.over(mostBytes);
        }
        exchange.setStreams(new BoundedBody(exchange.getRequestBody(), mostBytes), null);
    }

    /** Says whether it has answered; otherwise the answer comes later. */
    interface Answer {
        boolean give() throws IOException;
    }

    /** Answers, if need be with what went wrong. */
    static boolean answered(HttpExchange exchange, Answer answer) throws IOException {
        try {
            return answer.give();
        } catch (Refusal e) {
            return refuse(exchange, e.status(), e.getMessage());
        } catch (AccessException e) {
            return refuse(exchange, e.isCallerKnown() ? 403 : 401, e.getMessage());
        } catch (UnknownSessionException | UnknownRunException e) {
            return refuse(exchange, 404, e.getMessage());
        } catch (NameTakenException | NameHasKeyException e) {
            return refuse(exchange, 409, e.getMessage());
        } catch (InputException e) {
            return refuse(exchange, 400, e.getMessage());
        } catch (StorageException e) {
            return refuse(exchange, 503, e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("{} failed", exchange.getRequestURI().getPath(), e);
            return refuse(exchange, 500, "the server failed; its log says why");
        }
    }

    /** Also to somebody who is still sending: what is sent is read after the answer, when the exchange is closed. */
    static boolean refuse(HttpExchange exchange, int status, String line) throws IOException {
        new Call(exchange, Caller.ANYONE, Map.of()).send(status, "text/plain", line);
        SlowCallers.begin();
        return true;
    }
}
