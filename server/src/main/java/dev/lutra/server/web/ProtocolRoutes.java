package dev.lutra.server.web;

import com.google.protobuf.Descriptors;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.sun.net.httpserver.HttpExchange;
import dev.lutra.proto.AccessServiceGrpc;
import dev.lutra.proto.AgentServiceGrpc;
import dev.lutra.proto.AuthenticateRequest;
import dev.lutra.proto.CancelTasksRequest;
import dev.lutra.proto.ChallengeRequest;
import dev.lutra.proto.CompareDevicesRequest;
import dev.lutra.proto.CreateTokenRequest;
import dev.lutra.proto.DrainDeviceRequest;
import dev.lutra.proto.EnrollRequest;
import dev.lutra.proto.FetchModelRequest;
import dev.lutra.proto.FleetServiceGrpc;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseReply;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.ListAgentsRequest;
import dev.lutra.proto.ListTasksRequest;
import dev.lutra.proto.ListTokensRequest;
import dev.lutra.proto.ModelChunk;
import dev.lutra.proto.OutcomesReply;
import dev.lutra.proto.OutcomesRequest;
import dev.lutra.proto.PutModelReply;
import dev.lutra.proto.RemoveDeviceRequest;
import dev.lutra.proto.RenewRequest;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.RevokeTokenRequest;
import dev.lutra.proto.Role;
import dev.lutra.proto.RoleOption;
import dev.lutra.proto.SubmitRequest;
import dev.lutra.proto.connection.ProtocolVersion;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.Caller;
import dev.lutra.server.access.OwnDevice;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.FleetCalls;
import dev.lutra.server.store.ModelStore;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The protocol for pages and programs: a POST to {@code /api/<service>/<call>}, such as {@code agent/fetch-model}, with the call's request as
 * JSON (protobuf's own mapping) is answered with its reply. 412: the caller speaks another version of the protocol.
 */
final class ProtocolRoutes implements RouteGroup {

    private static final Logger LOG = LoggerFactory.getLogger(ProtocolRoutes.class);
    private static final int MOST_LINK_BYTES = 1 << 10;
    private static final int OTHER_VERSION = 412;
    private static final String MODEL = "the model's file";
    /** As pages read them: what is 0, empty or false is left out. */
    private static final JsonFormat.Printer BRIEF = JsonFormat.printer().omittingInsignificantWhitespace();

    private final OwnDevice ownDevice;
    private final List<Route> routes;
    private final Executor threads;
    /** Those that wait, each with what makes it go. */
    private final Map<CompletableFuture<?>, Runnable> waiting = new ConcurrentHashMap<>();

    /** @param threads who answers what has waited */
    ProtocolRoutes(Access access, AgentCalls agents, FleetCalls fleet, Executor threads) {
        this.threads = threads;
        this.ownDevice = new OwnDevice(agents::device);
        this.routes = Stream.of(agents(agents), access(access), fleet(fleet)).flatMap(List::stream).toList();
    }

    private List<Route> agents(AgentCalls calls) {
        return List.of(
            route(AgentServiceGrpc.getJoinMethod(), "A device joins.", JoinRequest::newBuilder,
                (JoinRequest request, Caller caller) -> calls.join(request)),
            // A page that has gone cannot be seen here: its lease runs out.
            waiting(AgentServiceGrpc.getLeaseMethod(), "A device takes tasks, waiting for some.", LeaseRequest::newBuilder,
                calls::lease, LeaseReply.getDefaultInstance()),
            route(AgentServiceGrpc.getRenewMethod(), "A device goes on with its tasks.", RenewRequest::newBuilder,
                (RenewRequest request, Caller caller) -> calls.renew(request)),
            route(AgentServiceGrpc.getReportMethod(), "A device tells what came of a task.", ReportRequest::newBuilder,
                (ReportRequest request, Caller caller) -> calls.report(request)),
            route(AgentServiceGrpc.getFetchModelMethod(), "A device fetches a model.", MODEL,
                call -> call.send(calls.model(read(call, FetchModelRequest.newBuilder()).build()), "application/octet-stream")));
    }

    private List<Route> access(Access access) {
        return List.of(
            route(AccessServiceGrpc.getChallengeMethod(), "Gives what a key has to sign.", ChallengeRequest::newBuilder,
                (ChallengeRequest request, Caller caller) -> access.challenge()),
            route(AccessServiceGrpc.getEnrollMethod(), "Gives a device's name to a key.", EnrollRequest::newBuilder, access::enroll),
            route(AccessServiceGrpc.getAuthenticateMethod(), "Exchanges a signature for a token.", AuthenticateRequest::newBuilder,
                (AuthenticateRequest request, Caller caller) -> access.authenticate(request)),
            route(AccessServiceGrpc.getCreateTokenMethod(), "Makes a token.", CreateTokenRequest::newBuilder,
                (CreateTokenRequest request, Caller caller) -> access.createToken(request)),
            route(AccessServiceGrpc.getListTokensMethod(), "Lists tokens, not what they are.", ListTokensRequest::newBuilder,
                (ListTokensRequest request, Caller caller) -> access.listTokens()),
            route(AccessServiceGrpc.getRevokeTokenMethod(), "Lets nobody in by a token any more.", RevokeTokenRequest::newBuilder,
                (RevokeTokenRequest request, Caller caller) -> access.revokeToken(request)),
            new Route("POST", Router.API + "join-code", List.of(Role.OPERATOR), new Route.Words("Draws a link as a QR code.", "the link", "an SVG"),
                call -> call.send(200, "image/svg+xml", new QrCode(call.body()).asSvg())).taking(MOST_LINK_BYTES));
    }

    private List<Route> fleet(FleetCalls calls) {
        return List.of(
            route(AccessServiceGrpc.getRemoveDeviceMethod(), "Takes a device's key away, fails its unfinished tasks and forgets it.",
                RemoveDeviceRequest::newBuilder, (RemoveDeviceRequest request, Caller caller) -> calls.removeDevice(request)),
            route(AccessServiceGrpc.getDrainDeviceMethod(), "Has a device finish what it has and get nothing else, or get tasks again.",
                DrainDeviceRequest::newBuilder, (DrainDeviceRequest request, Caller caller) -> calls.drainDevice(request)),
            route(AccessServiceGrpc.getCancelTasksMethod(), "Fails tasks that are not done.", CancelTasksRequest::newBuilder,
                (CancelTasksRequest request, Caller caller) -> calls.cancelTasks(request)),
            route(FleetServiceGrpc.getListAgentsMethod(), "Lists devices with all that they say of themselves, some at a time.",
                ListAgentsRequest::newBuilder, (ListAgentsRequest request, Caller caller) -> calls.listAgents(request)),
            route(FleetServiceGrpc.getCompareDevicesMethod(), "Holds devices against others of their kind.", CompareDevicesRequest::newBuilder,
                (CompareDevicesRequest request, Caller caller) -> calls.compareDevices()),
            route(FleetServiceGrpc.getPutModelMethod(), "Stores a model of at most 64 MiB for tasks; over gRPC of more.",
                reply(FleetServiceGrpc.getPutModelMethod()), call -> {
                    try (ModelStore.Upload upload = calls.receiveModel()) {
                        upload.write(read(call, ModelChunk.newBuilder()).getData().toByteArray());
                        return reply(call, Call.FULL, PutModelReply.newBuilder().setSha256(upload.store()).build());
                    }
                }).taking(Route.jsonBytes(FleetCalls.MOST_MESSAGE_BYTES)),
            route(FleetServiceGrpc.getSubmitMethod(), "Has a device do tasks.", SubmitRequest::newBuilder,
                (SubmitRequest request, Caller caller) -> calls.submit(request)),
            route(FleetServiceGrpc.getListTasksMethod(), "Lists tasks that are not done, some at a time.", ListTasksRequest::newBuilder,
                (ListTasksRequest request, Caller caller) -> calls.listTasks(request)),
            waiting(FleetServiceGrpc.getOutcomesMethod(), "Tells what tasks have come to, waiting for some more.", OutcomesRequest::newBuilder,
                calls::outcomes, OutcomesReply.getDefaultInstance()));
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
        JsonFormat.Printer printer = printer(call);
        return route(call, description, reply(call),
            made -> reply(made, printer, answer.apply((Q) read(made, request.get()).build(), made.caller())));
    }

    /** @param nothing what those who wait are told when the server ends */
    @SuppressWarnings("unchecked") // a builder builds what it is of
    private <Q extends Message, R extends Message> Route waiting(MethodDescriptor<Q, R> call, String description,
        Supplier<? extends Message.Builder> request, Function<Q, CompletableFuture<R>> answer, R nothing) {
        JsonFormat.Printer printer = printer(call);
        return route(call, description, reply(call),
            made -> later(made, printer, answer.apply((Q) read(made, request.get()).build()), nothing));
    }

    private static JsonFormat.Printer printer(MethodDescriptor<?, ?> call) {
        return AgentServiceGrpc.SERVICE_NAME.equals(call.getServiceName()) ? BRIEF : Call.FULL;
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

    private static boolean reply(Call call, JsonFormat.Printer printer, Message reply) throws IOException {
        return call.json(printer.print(reply));
    }

    /** Answers once there is something, holding no thread meanwhile. */
    private <R extends Message> boolean later(Call call, JsonFormat.Printer printer, CompletableFuture<R> reply, R nothing) {
        waiting.put(reply, () -> reply.complete(nothing));
        reply.whenCompleteAsync((answer, problem) -> {
            SlowCallers.end(); // there is nothing to be read
            waiting.remove(reply);
            try (var exchange = call.exchange()) {
                Router.answered(exchange, () -> {
                    if (problem != null) {
                        throw problem.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(problem);
                    }
                    return reply(call, printer, answer);
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
        waiting.values().forEach(Runnable::run);
    }
}
