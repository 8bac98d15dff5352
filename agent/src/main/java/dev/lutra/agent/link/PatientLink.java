package dev.lutra.agent.link;

import dev.lutra.agent.task.InputException;
import dev.lutra.proto.AgentServiceGrpc.AgentServiceBlockingStub;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/** Calls to a server that may be away for a while: repeated until it answers. Safe for use by several threads. */
public final class PatientLink {

    public static final Duration ANSWER = Duration.ofSeconds(10);
    /** For calls that carry models, inputs or outputs, over slow links too. */
    static final Duration TRANSFER = Duration.ofMinutes(5);

    private final ServerLink link;
    private final Supplier<Backoff> backoffs;
    private final BooleanSupplier stopping;

    public PatientLink(ServerLink link, Supplier<Backoff> backoffs, BooleanSupplier stopping) {
        this.link = link;
        this.backoffs = backoffs;
        this.stopping = stopping;
    }

    /**
     * Repeats a call until the server answers it.
     *
     * @throws ServerException if the answer is that the server does not know what is named, or refuses
     * @throws InputException if the server does not take the token, or is none
     * @throws InterruptedException if interrupted, or the agent stops
     */
    public <T> T call(Duration deadline, Function<AgentServiceBlockingStub, T> call) throws InterruptedException {
        Backoff backoff = backoffs.get();
        while (true) {
            try {
                return link.call(deadline, call);
            } catch (ServerException e) {
                giveUpIfInterrupted();
                if (!e.kind().isPassing()) {
                    throw e;
                }
                Thread.sleep(backoff.nextMillis());
            }
        }
    }

    public void giveUpIfInterrupted() throws InterruptedException {
        if (stopping.getAsBoolean() || Thread.interrupted()) {
            throw new InterruptedException();
        }
    }
}
