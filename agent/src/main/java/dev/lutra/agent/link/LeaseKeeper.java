package dev.lutra.agent.link;

import dev.lutra.agent.task.InputException;
import dev.lutra.proto.JoinReply;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.RenewReply;
import dev.lutra.proto.RenewRequest;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one session and its leases alive from a thread of its own, also while a task runs. Renews every quarter of the lease
 * time, so that a lease outlives two calls that fail.
 */
public final class LeaseKeeper implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LeaseKeeper.class);
    /** For an agent that stops: a server that is there answers at once. */
    private static final Duration GOODBYE = Duration.ofSeconds(2);

    private final ServerLink link;
    private final String session;
    private final Duration period;
    private final Set<LeaseName> held = ConcurrentHashMap.newKeySet();
    private final Set<LeaseName> begun = ConcurrentHashMap.newKeySet();
    private volatile double underWay;
    private volatile double halfWidth;
    private final ScheduledExecutorService timer;
    private final Supplier<String> powerMode;

    /**
     * @param timer for this session alone: it ends with it
     * @param powerMode of the device now; empty: it has none
     */
    public LeaseKeeper(ServerLink link, JoinReply joined, ScheduledExecutorService timer, Supplier<String> powerMode) {
        this.link = link;
        this.timer = timer;
        this.powerMode = powerMode;
        this.session = joined.getSession();
        this.period = Duration.ofMillis(Math.max(1, joined.getLeaseMillis() / 4));
        timer.scheduleWithFixedDelay(this::renew, // who slept does not make up for what was missed
            period.toMillis(), period.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** What renews by the clock, on a thread of its own. */
    public static ScheduledExecutorService timer() {
        return Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "lease-keeper");
            thread.setDaemon(true);
            return thread;
        });
    }

    void hold(Collection<LeaseName> leases) {
        held.addAll(leases);
    }

    /** False once the server has said that the lease is lost, or after {@link #release}. */
    boolean holds(LeaseName lease) {
        return held.contains(lease);
    }

    public void release(LeaseName lease) {
        held.remove(lease);
        begun.remove(lease);
    }

    /** Notes that a task is being measured, for the server to know: should this agent die, it may have died of that. */
    public void begin(LeaseName lease) {
        begun.add(lease);
    }

    /** Tells the server, if it is there, what this agent leaves undone because it stops. Whatever interrupted the thread is over. */
    public void giveBack() {
        timer.shutdownNow();
        boolean interrupted = Thread.interrupted();
        RenewRequest request = RenewRequest.newBuilder().setSession(session).addAllReturned(held).build();
        try {
            link.call(GOODBYE, stub -> stub.renew(request));
        } catch (ServerException | InputException e) {
            log.debug("leases run out by themselves", e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Notes how far measuring has come, for the server to know.
     *
     * @param tasks how many tasks' worth is done of those in hand
     * @param medianHalfWidth of them, relative; infinite if not known
     */
    public void underWay(double tasks, double medianHalfWidth) {
        underWay = tasks;
        halfWidth = Double.isFinite(medianHalfWidth) ? medianHalfWidth : 0;
    }

    private void renew() {
        // A lease that arrives while the call is under way is not in this request, so its absence from the reply means nothing.
        Set<LeaseName> lost = new HashSet<>(held);
        try {
            RenewRequest request = RenewRequest.newBuilder().setSession(session).addAllLeases(lost)
                .addAllBegun(lost.stream().filter(begun::contains).toList()).setUnderWay(underWay).setHalfWidth(halfWidth)
                .setPowerMode(powerMode.get()).build();
            RenewReply reply = link.call(period, stub -> stub.renew(request));
            reply.getHeldList().forEach(lost::remove);
            lost.forEach(this::release);
        } catch (ServerException e) {
            // Unreachable: the next round tries again. Session gone: so are its leases; the loop's next call learns it too.
            if (e.kind() == ServerException.Kind.NOT_FOUND) {
                held.removeAll(lost);
            }
        } catch (InputException e) {
            // The token no longer holds: the loop's next call gets the same answer and ends the agent.
            held.removeAll(lost);
        } catch (RuntimeException | OutOfMemoryError e) {
            log.warn("leases could not be renewed, trying again", e); // thrown on, it would be the last try
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
