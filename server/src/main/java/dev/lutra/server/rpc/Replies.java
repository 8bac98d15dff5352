package dev.lutra.server.rpc;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.grpc.stub.StreamObservers;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Replies that come when something has happened, without a thread that waits for it. */
final class Replies {

    private Replies() {}

    /** Replies once the answer is there; a caller that goes before cancels it. */
    static <R> void later(StreamObserver<R> reply, CompletableFuture<R> answer) {
        ServerCallStreamObserver<R> call = (ServerCallStreamObserver<R>) reply;
        call.setOnCancelHandler(() -> answer.cancel(false));
        answer.whenComplete((result, problem) -> {
            if (call.isCancelled()) {
                return;
            }
            if (problem == null) {
                StreamObservers.nextAndComplete(reply, result);
            } else {
                Throwable cause = problem instanceof CompletionException ? problem.getCause() : problem;
                reply.onError((cause instanceof RuntimeException known ? ErrorReplies.status(known) : Status.fromThrowable(cause))
                    .asRuntimeException());
            }
        });
    }
}
