package dev.lutra.server.rpc;

import dev.lutra.InputException;
import dev.lutra.server.access.AccessException;
import dev.lutra.server.access.NameHasKeyException;
import dev.lutra.server.fleet.NameTakenException;
import dev.lutra.server.fleet.UnknownSessionException;
import dev.lutra.server.store.StorageException;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what a service throws into the call's status: the one place that says which error is which code. */
final class ErrorReplies implements ServerInterceptor {

    private static final Logger LOG = LoggerFactory.getLogger(ErrorReplies.class);

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        ServerCall.Listener<Q> started;
        try {
            started = next.startCall(call, headers);
        } catch (RuntimeException e) { // who calls cannot be looked up
            call.close(status(e), new Metadata());
            return new ServerCall.Listener<>() {};
        }
        return new SimpleForwardingServerCallListener<>(started) {

            private boolean failed;

            @Override
            public void onMessage(Q message) {
                guard(() -> super.onMessage(message));
            }

            @Override
            public void onHalfClose() {
                guard(super::onHalfClose);
            }

            @Override
            public void onReady() {
                guard(super::onReady);
            }

            private void guard(Runnable event) {
                if (failed) {
                    return; // what the caller had already sent when the call failed
                }
                try {
                    event.run();
                } catch (RuntimeException e) {
                    failed = true;
                    if (!call.isCancelled()) {
                        call.close(status(e), new Metadata());
                    }
                }
            }
        };
    }

    static Status status(RuntimeException problem) {
        if (problem instanceof UnknownSessionException) {
            return Status.NOT_FOUND.withDescription(problem.getMessage());
        }
        if (problem instanceof AccessException refused) {
            return status(refused);
        }
        if (problem instanceof NameTakenException || problem instanceof NameHasKeyException) {
            return Status.ALREADY_EXISTS.withDescription(problem.getMessage());
        }
        if (problem instanceof InputException) {
            return Status.FAILED_PRECONDITION.withDescription(problem.getMessage());
        }
        if (problem instanceof StorageException) {
            return Status.UNAVAILABLE.withDescription(problem.getMessage());
        }
        LOG.error("a call failed", problem);
        return Status.INTERNAL.withDescription("the server failed; its log says why");
    }

    static Status status(AccessException refused) {
        return (refused.isCallerKnown() ? Status.PERMISSION_DENIED : Status.UNAUTHENTICATED).withDescription(refused.getMessage());
    }
}
