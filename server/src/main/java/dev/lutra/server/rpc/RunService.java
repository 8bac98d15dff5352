package dev.lutra.server.rpc;

import dev.lutra.proto.FetchRunFileRequest;
import dev.lutra.proto.ListRunFilesReply;
import dev.lutra.proto.ListRunsReply;
import dev.lutra.proto.ListRunsRequest;
import dev.lutra.proto.PrioritizeRunRequest;
import dev.lutra.proto.RemoveRunReply;
import dev.lutra.proto.RunFileChunk;
import dev.lutra.proto.RunName;
import dev.lutra.proto.RunServiceGrpc.RunServiceImplBase;
import dev.lutra.proto.RunState;
import dev.lutra.proto.SubmitRunRequest;
import dev.lutra.server.schedule.RunCalls;
import io.grpc.stub.CallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.grpc.stub.StreamObservers;
import java.nio.file.Path;

/** The runs of this server. */
public final class RunService extends RunServiceImplBase {

    private final RunCalls calls;

    public RunService(RunCalls calls) {
        this.calls = calls;
    }

    @Override
    public void submitRun(SubmitRunRequest request, StreamObserver<RunState> reply) {
        StreamObservers.nextAndComplete(reply, calls.submit(request, AccessInterceptor.CALLER.get()));
    }

    @Override
    public void listRuns(ListRunsRequest request, StreamObserver<ListRunsReply> reply) {
        StreamObservers.nextAndComplete(reply, calls.list());
    }

    @Override
    public void getRun(RunName request, StreamObserver<RunState> reply) {
        StreamObservers.nextAndComplete(reply, calls.get(request));
    }

    @Override
    public void pauseRun(RunName request, StreamObserver<RunState> reply) {
        StreamObservers.nextAndComplete(reply, calls.pause(request));
    }

    @Override
    public void resumeRun(RunName request, StreamObserver<RunState> reply) {
        StreamObservers.nextAndComplete(reply, calls.resume(request));
    }

    @Override
    public void cancelRun(RunName request, StreamObserver<RunState> reply) {
        StreamObservers.nextAndComplete(reply, calls.cancel(request));
    }

    @Override
    public void removeRun(RunName request, StreamObserver<RemoveRunReply> reply) {
        StreamObservers.nextAndComplete(reply, calls.remove(request));
    }

    @Override
    public void listRunFiles(RunName request, StreamObserver<ListRunFilesReply> reply) {
        StreamObservers.nextAndComplete(reply, calls.files(request.getId()).told());
    }

    @Override
    public void fetchRunFile(FetchRunFileRequest request, StreamObserver<RunFileChunk> reply) {
        Path file = calls.files(request.getId()).get(request.getName());
        StreamObservers.copyWithFlowControl(Transfer.chunks(file, data -> RunFileChunk.newBuilder().setData(data).build()),
            (CallStreamObserver<RunFileChunk>) reply);
    }

    @Override
    public void prioritizeRun(PrioritizeRunRequest request, StreamObserver<RunState> reply) {
        StreamObservers.nextAndComplete(reply, calls.prioritize(request));
    }
}
