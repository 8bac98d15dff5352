package dev.lutra.server.web;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.lutra.InputException;
import dev.lutra.proto.FetchModelRequest;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseReply;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.RenewRequest;
import dev.lutra.proto.ReportRequest;
import dev.lutra.server.fleet.AgentCalls;
import dev.lutra.server.fleet.NameTakenException;
import dev.lutra.server.fleet.TokenCheck;
import dev.lutra.server.fleet.UnknownSessionException;
import dev.lutra.server.store.StorageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent protocol for pages: a POST to {@code /api/agent/<call>} with the call's request as JSON (protobuf's own mapping)
 * and the token in the authorization header is answered with its reply. Errors are the statuses that gRPC's map to: 401
 * without the token, 404 for a session that has to join again, 409 for a name that belongs to another device, 400 for what the caller did wrong, 503 while nothing can be stored; the
 * body says so in a line.
 */
final class AgentApi implements HttpHandler {

    private static final Logger LOG = LoggerFactory.getLogger(AgentApi.class);

    /** As large as a message over gRPC, in JSON, where bytes take a third more. */
    private static final int MAX_BODY_BYTES = 88 << 20;
    private static final String PREFIX = "/api/";

    private final AgentCalls calls;
    private final TokenCheck check;
    private final String joinLink;
    private final Executor threads;
    private final Set<CompletableFuture<LeaseReply>> waiting = ConcurrentHashMap.newKeySet();

    AgentApi(AgentCalls calls, String token, String joinLink, Executor threads) {
        this.threads = threads;
        this.calls = calls;
        this.check = new TokenCheck(token);
        this.joinLink = joinLink;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        boolean isAnswered = true;
        try {
            isAnswered = answered(exchange, () -> {
                checkToken(exchange);
                return answer(exchange, exchange.getRequestURI().getPath().substring(PREFIX.length()));
            });
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
            refuse(exchange, e.status, e.getMessage());
        } catch (UnknownSessionException e) {
            refuse(exchange, 404, e.getMessage());
        } catch (NameTakenException e) {
            refuse(exchange, 409, e.getMessage());
        } catch (InputException e) {
            refuse(exchange, 400, e.getMessage());
        } catch (StorageException e) {
            refuse(exchange, 503, e.getMessage());
        } catch (RuntimeException e) {
            LOG.error("{} failed", exchange.getRequestURI().getPath(), e);
            refuse(exchange, 500, "the server failed; its log says why");
        }
        return true;
    }

    /** Answers with tasks once there are some, holding no thread meanwhile. */
    private void lease(HttpExchange exchange, LeaseRequest request) {
        CompletableFuture<LeaseReply> reply = calls.lease(request);
        waiting.add(reply);
        reply.whenCompleteAsync((leased, problem) -> {
            waiting.remove(reply);
            try (exchange) {
                answered(exchange, () -> {
                    if (problem != null) {
                        throw problem.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(problem);
                    }
                    reply(exchange, leased);
                    return true;
                });
            } catch (IOException e) {
                LOG.debug("{}: nobody takes the answer", exchange.getRequestURI().getPath(), e);
            }
        }, threads);
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

    private void checkToken(HttpExchange exchange) {
        check.problem(exchange.getRequestHeaders().getFirst("Authorization")).ifPresent(problem -> {
            throw new Refusal(401, problem);
        });
    }

    private boolean answer(HttpExchange exchange, String call) throws IOException {
        if (!exchange.getRequestMethod().equals("POST")) {
            throw new Refusal(405, exchange.getRequestMethod() + " (expected: POST)");
        }
        switch (call) {
            case "agent/join" -> reply(exchange, calls.join(read(exchange, JoinRequest.newBuilder()).build()));
            // A page that has gone cannot be seen here: its lease runs out.
            case "agent/lease" -> {
                lease(exchange, read(exchange, LeaseRequest.newBuilder()).build());
                return false;
            }
            case "agent/renew" -> reply(exchange, calls.renew(read(exchange, RenewRequest.newBuilder()).build()));
            case "agent/report" -> reply(exchange, calls.report(read(exchange, ReportRequest.newBuilder()).build()));
            case "agent/fetch-model" -> send(exchange, calls.model(read(exchange, FetchModelRequest.newBuilder()).build()));
            case "join-link" -> send(exchange, 200, "text/plain", joinLink);
            case "join-code" -> send(exchange, 200, "image/svg+xml", new QrCode(joinLink).asSvg());
            default -> throw new Refusal(404, "no such call: " + call);
        }
        return true;
    }

    private static <B extends Message.Builder> B read(HttpExchange exchange, B request) throws IOException {
        byte[] body;
        try (InputStream in = exchange.getRequestBody()) {
            body = in.readNBytes(MAX_BODY_BYTES + 1);
        }
        if (body.length > MAX_BODY_BYTES) {
            throw new Refusal(413, "more than " + MAX_BODY_BYTES + " bytes");
        }
        try {
            JsonFormat.parser().ignoringUnknownFields().merge(new String(body, StandardCharsets.UTF_8), request);
        } catch (InvalidProtocolBufferException e) {
            throw new Refusal(400, "request: " + e.getMessage());
        }
        return request;
    }

    private static void reply(HttpExchange exchange, Message reply) throws IOException {
        send(exchange, 200, "application/json", JsonFormat.printer().omittingInsignificantWhitespace().print(reply));
    }

    private static void refuse(HttpExchange exchange, int status, String line) throws IOException {
        send(exchange, status, "text/plain", line);
    }

    private static void send(HttpExchange exchange, int status, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    private static void send(HttpExchange exchange, Path model) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/octet-stream");
        exchange.getResponseHeaders().set("Cache-Control", "no-store"); // the page keeps it under its hash
        exchange.sendResponseHeaders(200, Files.size(model));
        try (OutputStream out = exchange.getResponseBody()) {
            Files.copy(model, out);
        }
    }
}
