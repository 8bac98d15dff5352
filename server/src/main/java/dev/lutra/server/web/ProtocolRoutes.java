package dev.lutra.server.web;

import com.google.protobuf.Descriptors;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.sun.net.httpserver.HttpExchange;
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
import dev.lutra.proto.connection.ProtocolVersion;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.Caller;
import dev.lutra.server.access.OwnDevice;
import dev.lutra.server.fleet.AgentCalls;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The protocol of agents for pages: a POST to {@code /api/<service>/<call>}, such as {@code agent/fetch-model}, with the call's request as
 * JSON (protobuf's own mapping) is answered with its reply. 412: the page speaks another version of the protocol.
 */
final class ProtocolRoutes implements RouteGroup {

    private static final Logger LOG = LoggerFactory.getLogger(ProtocolRoutes.class);
    private static final int MOST_LINK_BYTES = 1 << 10;
    private static final int OTHER_VERSION = 412;
    private static final String MODEL = "the model's file";

    private final OwnDevice ownDevice;
    private final List<Route> routes;
    private final Executor threads;
    private final Set<CompletableFuture<LeaseReply>> waiting = ConcurrentHashMap.newKeySet();

    /** @param threads who answers what has waited */
    ProtocolRoutes(Access access, AgentCalls calls, OwnDevice ownDevice, Executor threads) {
        this.threads = threads;
        this.ownDevice = ownDevice;
        this.routes = List.of(
            route(AgentServiceGrpc.getJoinMethod(), "A device joins.", JoinRequest::newBuilder,
                (JoinRequest request, Caller caller) -> calls.join(request)),
            // A page that has gone cannot be seen here: its lease runs out.
            route(AgentServiceGrpc.getLeaseMethod(), "A device takes tasks, waiting for some.", reply(AgentServiceGrpc.getLeaseMethod()),
                call -> later(call, calls.lease(read(call, LeaseRequest.newBuilder()).build()))),
            route(AgentServiceGrpc.getRenewMethod(), "A device goes on with its tasks.", RenewRequest::newBuilder,
                (RenewRequest request, Caller caller) -> calls.renew(request)),
            route(AgentServiceGrpc.getReportMethod(), "A device tells what came of a task.", ReportRequest::newBuilder,
                (ReportRequest request, Caller caller) -> calls.report(request)),
            route(AgentServiceGrpc.getFetchModelMethod(), "A device fetches a model.", MODEL,
                call -> call.send(calls.model(read(call, FetchModelRequest.newBuilder()).build()), "application/octet-stream")),
            route(AccessServiceGrpc.getChallengeMethod(), "Gives what a key has to sign.", ChallengeRequest::newBuilder,
                (ChallengeRequest request, Caller caller) -> access.challenge()),
            route(AccessServiceGrpc.getEnrollMethod(), "Gives a device's name to a key.", EnrollRequest::newBuilder, access::enroll),
            route(AccessServiceGrpc.getAuthenticateMethod(), "Exchanges a signature for a token.", AuthenticateRequest::newBuilder,
                (AuthenticateRequest request, Caller caller) -> access.authenticate(request)),
            route(AccessServiceGrpc.getCreateTokenMethod(), "Makes a token.", CreateTokenRequest::newBuilder,
                (CreateTokenRequest request, Caller caller) -> access.createToken(request)),
            new Route("POST", Router.API + "join-code", List.of(Role.OPERATOR), new Route.Words("Draws a link as a QR code.", "the link", "an SVG"),
                call -> call.send(200, "image/svg+xml", new QrCode(call.body()).asSvg())).taking(MOST_LINK_BYTES));
    }

    @Override
    public List<Route> routes() {
        return routes;
    }

    private static Route route(MethodDescriptor<?, ?> call, String description, String answer, Route.Handler handler) {
        Descriptors.MethodDescriptor described = described(call);
        String service = described.getService().getName().replaceFirst("Service$", "");
        return new Route("POST", Router.API + words(service) + "/" + words(described.getName()),
            described.getOptions().getExtension(RoleOption.admits), new Route.Words(description, described.getInputType().getName(), answer),
            made -> {
                requireVersion(made.exchange());
                return handler.answer(made);
            }).takingWhat(call);
    }

    /** Pages stay open while a server is updated. */
    private static void requireVersion(HttpExchange exchange) {
        exchange.getResponseHeaders().set(ProtocolVersion.NAME, Integer.toString(ProtocolVersion.CURRENT));
        ProtocolVersion.problemOfCaller(exchange.getRequestHeaders().getFirst(ProtocolVersion.NAME)).ifPresent(problem -> {
            throw new Refusal(OTHER_VERSION, problem);
        });
    }

    private static Descriptors.MethodDescriptor described(MethodDescriptor<?, ?> call) {
        return ((ProtoMethodDescriptorSupplier) call.getSchemaDescriptor()).getMethodDescriptor();
    }

    @SuppressWarnings("unchecked") // a builder builds what it is of
    private <Q extends Message> Route route(MethodDescriptor<Q, ?> call, String description, Supplier<? extends Message.Builder> request,
        BiFunction<Q, Caller, Message> answer) {
        return route(call, description, reply(call),
            made -> reply(made, answer.apply((Q) read(made, request.get()).build(), made.caller())));
    }

    private static String reply(MethodDescriptor<?, ?> call) {
        return described(call).getOutputType().getName();
    }

    /** FetchModel becomes fetch-model. */
    private static String words(String name) {
        return name.replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
    }

    private <B extends Message.Builder> B read(Call call, B request) throws IOException {
        call.read(request);
        ownDevice.check(call.caller(), request.build());
        return request;
    }

    private static boolean reply(Call call, Message reply) throws IOException {
        return call.json(JsonFormat.printer().omittingInsignificantWhitespace().print(reply));
    }

    /** Answers with tasks once there are some, holding no thread meanwhile. */
    private boolean later(Call call, CompletableFuture<LeaseReply> reply) {
        waiting.add(reply);
        reply.whenCompleteAsync((leased, problem) -> {
            waiting.remove(reply);
            try (var exchange = call.exchange()) {
                Router.answered(exchange, () -> {
                    if (problem != null) {
                        throw problem.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(problem);
                    }
                    return reply(call, leased);
                });
            } catch (IOException e) {
                LOG.debug("{}: nobody takes the answer", call.exchange().getRequestURI().getPath(), e);
            }
        }, threads);
        return false;
    }

    /** Tells everybody who waits that there is nothing. */
    @Override
    public void end() {
        waiting.forEach(reply -> reply.complete(LeaseReply.getDefaultInstance()));
    }
}
