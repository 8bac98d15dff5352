package dev.lutra.server.rpc;

import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Message;
import dev.lutra.proto.border.TokenHeader;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.AccessException;
import dev.lutra.server.access.Caller;
import dev.lutra.server.access.OwnDevice;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;

/** Lets in who may make a call, and hands it on with who that is. */
final class AccessInterceptor implements ServerInterceptor {

    /** Who makes the current call. */
    static final Context.Key<Caller> CALLER = Context.key("caller");

    private final Access access;
    private final OwnDevice ownDevice;

    AccessInterceptor(Access access, OwnDevice ownDevice) {
        this.access = access;
        this.ownDevice = ownDevice;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        try {
            Caller caller = access.admit(described(call), headers.get(TokenHeader.AUTHORIZATION));
            return new SimpleForwardingServerCallListener<>(
                Contexts.interceptCall(Context.current().withValue(CALLER, caller), call, headers, next)) {
                @Override
                public void onMessage(Q message) {
                    ownDevice.check(caller, (Message) message); // thrown to who turns it into a status
                    super.onMessage(message);
                }
            };
        } catch (AccessException e) {
            call.close(ErrorReplies.status(e), new Metadata());
            return new ServerCall.Listener<>() {};
        }
    }

    private static MethodDescriptor described(ServerCall<?, ?> call) {
        return ((ProtoMethodDescriptorSupplier) call.getMethodDescriptor().getSchemaDescriptor()).getMethodDescriptor();
    }
}
