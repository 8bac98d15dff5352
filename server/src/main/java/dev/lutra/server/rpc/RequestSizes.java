package dev.lutra.server.rpc;

import dev.lutra.proto.SizeOption;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Ends a call whose request is larger than such a call takes, while it comes in: whoever sends more than they may fills no memory with it. How
 * much that is stands beside the calls in the protocol; what has nothing there takes nothing. Holds for what comes uncompressed.
 */
final class RequestSizes extends ServerStreamTracer.Factory {

    private final Map<String, Integer> mostBytes;

    /** @param services all of a server */
    RequestSizes(List<ServerServiceDefinition> services) {
        mostBytes = services.stream().flatMap(service -> service.getServiceDescriptor().getMethods().stream())
            .collect(Collectors.toMap(MethodDescriptor::getFullMethodName, RequestSizes::mostBytes));
    }

    /** Of one message, in bytes. */
    static int mostBytes(MethodDescriptor<?, ?> call) {
        return ((ProtoMethodDescriptorSupplier) call.getSchemaDescriptor()).getMethodDescriptor().getOptions().getExtension(SizeOption.mostBytes);
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String call, Metadata headers) {
        int most = mostBytes.getOrDefault(call, 0);
        return new ServerStreamTracer() {

            private long bytes;

            @Override
            public void inboundMessage(int number) {
                bytes = 0;
            }

            @Override
            public void inboundWireSize(long more) {
                bytes += more;
                if (bytes > most) {
                    throw Status.RESOURCE_EXHAUSTED.withDescription("request: more than " + most + " bytes (expected: at most so many of this call)")
                        .asRuntimeException(); // as gRPC does at the size that no message may have
                }
            }
        };
    }
}
