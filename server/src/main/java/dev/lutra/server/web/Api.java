package dev.lutra.server.web;

import com.google.protobuf.Descriptors;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.lutra.InputException;
import dev.lutra.proto.AccessServiceGrpc;
import dev.lutra.proto.AgentServiceGrpc;
import dev.lutra.proto.AuthenticateRequest;
import dev.lutra.proto.ChallengeRequest;
import dev.lutra.proto.CreateTokenRequest;
import dev.lutra.proto.EnrollRequest;
import dev.lutra.proto.FetchModelRequest;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseReply;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.RenewRequest;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.Role;
import dev.lutra.proto.RoleOption;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.AccessException;
import dev.lutra.server.access.Caller;
import dev.lutra.server.access.NameHasKeyException;
import dev.lutra.server.access.OwnDevice;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.NameTakenException;
import dev.lutra.server.fleet.UnknownSessionException;
import dev.lutra.server.store.StorageException;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The protocol for pages: a POST to {@code /api/<service>/<call>}, such as {@code agent/fetch-model}, with the call's request as JSON
 * (protobuf's own mapping) and a token in the authorization header is answered with its reply. Errors are the statuses that gRPC's map to:
 * 401 for a caller whom nobody knows, 403 for one who may not do this, 404 for a session that has to join again, 409 for a name that belongs
 * to another device, 400 for what the caller did wrong, 503 while nothing can be stored; the body says so in a line.
 */
final class Api implements HttpHandler {

    private static final Logger LOG = LoggerFactory.getLogger(Api.class);

    /** As large as a message over gRPC, in JSON, where bytes take a third more. */
    private static final int MAX_BODY_BYTES = 88 << 20;
    private static final int MOST_LINK_BYTES = 1 << 10;
    static final String PREFIX = "/api/";

    /** What a call does, given the exchange and who makes it. */
    private interface Handler {
        /** Says whether it has answered; otherwise the answer comes later. */
        boolean answer(HttpExchange exchange, Caller caller) throws IOException;
    }

    /**
     * A call and who may make it.
     *
     * @param path below {@link #PREFIX}
     */
    record Route(String path, List<Role> admits, Handler handler) {}

    private final Access access;
    private final OwnDevice ownDevice;
    private final Map<String, Route> routes;
    private final Executor threads;
    private final Set<CompletableFuture<LeaseReply>> waiting = ConcurrentHashMap.newKeySet();

    /** @param threads who answers what has waited */
    Api(Access access, AgentCalls calls, OwnDevice ownDevice, Executor threads) {
        this.threads = threads;
        this.access = access;
        this.ownDevice = ownDevice;
        this.routes = Stream.of(
            route(AgentServiceGrpc.getJoinMethod(), JoinRequest::newBuilder, (JoinRequest request, Caller caller) -> calls.join(request)),
            // A page that has gone cannot be seen here: its lease runs out.
            route(AgentServiceGrpc.getLeaseMethod(), (exchange, caller) -> later(exchange,
                calls.lease(read(exchange, LeaseRequest.newBuilder(), caller).build()))),
            route(AgentServiceGrpc.getRenewMethod(), RenewRequest::newBuilder, (RenewRequest request, Caller caller) -> calls.renew(request)),
            route(AgentServiceGrpc.getReportMethod(), ReportRequest::newBuilder,
                (ReportRequest request, Caller caller) -> calls.report(request)),
            route(AgentServiceGrpc.getFetchModelMethod(), (exchange, caller) -> send(exchange,
                calls.model(read(exchange, FetchModelRequest.newBuilder(), caller).build()))),
            route(AccessServiceGrpc.getChallengeMethod(), ChallengeRequest::newBuilder,
                (ChallengeRequest request, Caller caller) -> access.challenge()),
            route(AccessServiceGrpc.getEnrollMethod(), EnrollRequest::newBuilder, access::enroll),
            route(AccessServiceGrpc.getAuthenticateMethod(), AuthenticateRequest::newBuilder,
                (AuthenticateRequest request, Caller caller) -> access.authenticate(request)),
            route(AccessServiceGrpc.getCreateTokenMethod(), CreateTokenRequest::newBuilder,
                (CreateTokenRequest request, Caller caller) -> access.createToken(request)),
            new Route("join-code", List.of(Role.OPERATOR), (exchange, caller) -> send(exchange, 200, "image/svg+xml",
                new QrCode(new String(body(exchange, MOST_LINK_BYTES), StandardCharsets.UTF_8)).asSvg())))
            .collect(Collectors.toMap(Route::path, Function.identity(), (one, other) -> one, LinkedHashMap::new));
    }

    /** All calls, in their order. */
    List<Route> routes() {
        return List.copyOf(routes.values());
    }

    private static Route route(MethodDescriptor<?, ?> call, Handler handler) {
        Descriptors.MethodDescriptor described = ((ProtoMethodDescriptorSupplier) call.getSchemaDescriptor()).getMethodDescriptor();
        String service = described.getService().getName().replaceFirst("Service$", "");
        return new Route(words(service) + "/" + words(described.getName()), described.getOptions().getExtension(RoleOption.admits), handler);
    }

    @SuppressWarnings("unchecked") // a builder builds what it is of
    private <Q extends Message> Route route(MethodDescriptor<Q, ?> call, Supplier<? extends Message.Builder> request,
        BiFunction<Q, Caller, Message> answer) {
        return route(call, (exchange, caller) -> reply(exchange, answer.apply((Q) read(exchange, request.get(), caller).build(), caller)));
    }

    /** FetchModel becomes fetch-model. */
    private static String words(String name) {
        return name.replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        boolean isAnswered = true;
        try {
            isAnswered = answered(exchange, () -> answer(exchange, exchange.getRequestURI().getPath().substring(PREFIX.length())));
        } finally {
            if (isAnswered) {
                exchange.close();
            }
        }
    }

    /** Says whether it has answered; otherwise the answer comes later. */
    private interface Answer {
        boolean give() throws IOException;
    }

    private static boolean answered(HttpExchange exchange, Answer answer) throws IOException {
        try {
            return answer.give();
        } catch (Refusal e) {
            return refuse(exchange, e.status, e.getMessage());
        } catch (AccessException e) {
            return refuse(exchange, e.isCallerKnown() ? 403 : 401, e.getMessage());
        } catch (UnknownSessionException e) {
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

    /** Answers with tasks once there are some, holding no thread meanwhile. */
    private boolean later(HttpExchange exchange, CompletableFuture<LeaseReply> reply) {
        waiting.add(reply);
        reply.whenCompleteAsync((leased, problem) -> {
            waiting.remove(reply);
            try (exchange) {
                answered(exchange, () -> {
                    if (problem != null) {
                        throw problem.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(problem);
                    }
                    return reply(exchange, leased);
                });
            } catch (IOException e) {
                LOG.debug("{}: nobody takes the answer", exchange.getRequestURI().getPath(), e);
            }
        }, threads);
        return false;
    }

    /** Tells everybody who waits that there is nothing. */
    void endWaits() {
        waiting.forEach(reply -> reply.complete(LeaseReply.getDefaultInstance()));
    }

    /** A call that ends before it begins. */
    private static final class Refusal extends RuntimeException {
        private final int status;

        private Refusal(int status, String message) {
            super(message);
            this.status = status;
        }
    }

    private boolean answer(HttpExchange exchange, String call) throws IOException {
        Route route = routes.get(call);
        if (route == null) {
            throw new Refusal(404, "no such call: " + call);
        }
        if (!exchange.getRequestMethod().equals("POST")) {
            throw new Refusal(405, exchange.getRequestMethod() + " (expected: POST)");
        }
        Caller caller = access.admit(call, route.admits(), exchange.getRequestHeaders().getFirst("Authorization"));
        return route.handler().answer(exchange, caller);
    }

    private static byte[] body(HttpExchange exchange, int most) throws IOException {
        byte[] body;
        try (InputStream in = exchange.getRequestBody()) {
            body = in.readNBytes(most + 1);
        }
        if (body.length > most) {
            throw new Refusal(413, "more than " + most + " bytes");
        }
        return body;
    }

    private <B extends Message.Builder> B read(HttpExchange exchange, B request, Caller caller) throws IOException {
        String json = new String(body(exchange, MAX_BODY_BYTES), StandardCharsets.UTF_8);
        try {
            JsonFormat.parser().ignoringUnknownFields().merge(json, request);
        } catch (InvalidProtocolBufferException e) {
            throw new Refusal(400, "request: " + e.getMessage());
        }
        ownDevice.check(caller, request.build());
        return request;
    }

    private static boolean reply(HttpExchange exchange, Message reply) throws IOException {
        return send(exchange, 200, "application/json", JsonFormat.printer().omittingInsignificantWhitespace().print(reply));
    }

    private static boolean refuse(HttpExchange exchange, int status, String line) throws IOException {
        return send(exchange, status, "text/plain", line);
    }

    private static boolean send(HttpExchange exchange, int status, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
        return true;
    }

    private static boolean send(HttpExchange exchange, Path model) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/octet-stream");
        exchange.getResponseHeaders().set("Cache-Control", "no-store"); // the page keeps it under its hash
        exchange.sendResponseHeaders(200, Files.size(model));
        try (OutputStream out = exchange.getResponseBody()) {
            Files.copy(model, out);
        }
        return true;
    }
}
