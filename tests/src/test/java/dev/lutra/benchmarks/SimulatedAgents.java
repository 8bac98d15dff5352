package dev.lutra.benchmarks;

import dev.lutra.agent.link.DeviceKey;
import dev.lutra.agent.link.Passport;
import dev.lutra.proto.AgentServiceGrpc;
import dev.lutra.proto.AgentServiceGrpc.AgentServiceStub;
import dev.lutra.proto.Device;
import dev.lutra.proto.JoinReply;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LeaseName;
import dev.lutra.proto.LeaseReply;
import dev.lutra.proto.LeaseRequest;
import dev.lutra.proto.LeasedTask;
import dev.lutra.proto.Measured;
import dev.lutra.proto.Outcome;
import dev.lutra.proto.RenewReply;
import dev.lutra.proto.RenewRequest;
import dev.lutra.proto.ReportReply;
import dev.lutra.proto.ReportRequest;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.RuntimeOffer;
import dev.lutra.proto.Task;
import dev.lutra.proto.border.TokenHeader;
import dev.lutra.proto.connection.ServerAddress;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.nio.NioEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Agents that measure nothing, many in one process, each with a key and over a TCP connection of its own: they join, lease one task, hold it for
 * as long as its label says, report, and lease the next, renewing as real ones do. A label is {@code DUE HOLD}: when the task was due to be
 * submitted, on the system's monotonic clock in nanoseconds, and the milliseconds to hold it.
 *
 * <p>Arguments: {@code SERVER TOKEN FIRST COUNT FILE KEYS}; keeps keys in a folder, says {@code joined}, appends to the file what is {@link Acknowledged}, at once, and ends
 * with its standard input. An outcome follows from its task alone, so that whoever finds it stored knows whether it is the right one.
 */
final class SimulatedAgents {

    private static final long LEASE_WAIT_MILLIS = 20_000;
    private static final long ANSWER_SECONDS = 60;

    private final NioEventLoopGroup network = new NioEventLoopGroup(2);
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "timer");
        thread.setDaemon(true);
        return thread;
    });
    private final ServerAddress address;
    private final Path keys;
    private final String token;
    private final Path file;
    private final CountDownLatch joined;

    private SimulatedAgents(ServerAddress address, String token, int count, Path file, Path keys) {
        this.file = file;
        this.address = address;
        this.keys = keys;
        this.token = token;
        this.joined = new CountDownLatch(count);
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        int first = Integer.parseInt(args[2]);
        int count = Integer.parseInt(args[3]);
        SimulatedAgents agents = new SimulatedAgents(ServerAddress.parse(args[0]), args[1], count, Path.of(args[4]), Path.of(args[5]));
        for (int i = 0; i < count; i++) {
            Agent agent = agents.new Agent("agent" + (first + i));
            agent.showKeyIfPossible();
            agent.join();
        }
        agents.joined.await();
        System.out.println("joined");
        System.in.transferTo(OutputStream.nullOutputStream());
        System.exit(0);
    }

    private synchronized void note(Acknowledged what) {
        try {
            Files.writeString(file, what.toString(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What comes of a task. */
    static Outcome outcome(Task task) {
        return Outcome.newBuilder().setMeasured(Measured.newBuilder().putNodesByProvider("task " + task.getId(), 1)
            .setRuntime(Runtime.newBuilder().setName("none").setVersion("1").setProvider(task.getProvider()).setThreads(task.getThreads())))
            .build();
    }

    private final class Agent {

        private final String name;
        private final ManagedChannel connection;
        private final Passport passport;
        private volatile String bearer = "none yet";
        private final SplittableRandom random;
        private final Set<LeaseName> held = ConcurrentHashMap.newKeySet();
        private volatile String session = "";
        private boolean wasThere;

        Agent(String name) {
            this.name = name;
            this.random = new SplittableRandom(name.hashCode());
            connection = ((NettyChannelBuilder) address.channel())
                .eventLoopGroup(network).channelType(NioSocketChannel.class).directExecutor().build();
            passport = new Passport(name, DeviceKey.find(keys, address, name).orElseGet(() -> DeviceKey.make(keys, address, name)),
                Optional.of(token));
        }

        private AgentServiceStub server() {
            return AgentServiceGrpc.newStub(connection).withInterceptors(TokenHeader.showing(bearer))
                .withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS);
        }

        /** It has none, or its time is over, or the server was started again; on a thread that may wait. */
        private void showKey() {
            passport.refused(bearer);
            bearer = passport.bearer(connection);
        }

        /** Whoever cannot is told to when it joins. */
        void showKeyIfPossible() {
            try {
                showKey();
            } catch (RuntimeException e) {
                // the server is away
            }
        }

        void join() {
            server().join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName(name)).setMachine(name).setProcess(name)
                .addRuntimes(RuntimeOffer.newBuilder().setName("none").setVersion("1").addProviders("cpu")).build(),
                new Reply<JoinReply>(this::join, reply -> {
                    session = reply.getSession();
                    if (!wasThere) {
                        wasThere = true;
                        joined.countDown();
                        long period = reply.getLeaseMillis() / 4;
                        timer.scheduleAtFixedRate(this::renew, random.nextLong(period), period, TimeUnit.MILLISECONDS);
                    }
                    lease();
                }));
        }

        private void renew() {
            server().renew(RenewRequest.newBuilder().setSession(session).addAllLeases(held).build(), new Reply<RenewReply>(() -> {}, reply -> {}));
        }

        private void lease() {
            server().lease(LeaseRequest.newBuilder().setSession(session).setMaxTasks(1).setWaitMillis(LEASE_WAIT_MILLIS).build(),
                new Reply<LeaseReply>(this::lease, reply -> {
                    if (reply.getTasksCount() == 0) {
                        lease();
                    } else {
                        hold(reply.getTasks(0), System.nanoTime());
                    }
                }));
        }

        private void hold(LeasedTask leased, long nowNanos) {
            String[] label = leased.getTask().getLabel().split(" ");
            LeaseName lease = LeaseName.newBuilder().setTaskId(leased.getTask().getId()).setEpoch(leased.getEpoch()).build();
            held.add(lease);
            Runnable report = () -> report(leased.getTask(), lease, nowNanos - Long.parseLong(label[0]));
            long millis = Long.parseLong(label[1]);
            if (millis == 0) {
                report.run();
            } else {
                timer.schedule(report, millis, TimeUnit.MILLISECONDS);
            }
        }

        private void report(Task task, LeaseName lease, long latencyNanos) {
            server().report(ReportRequest.newBuilder().setSession(session).setLease(lease).setOutcome(outcome(task)).build(),
                new Reply<ReportReply>(() -> report(task, lease, latencyNanos), reply -> {
                    held.remove(lease);
                    if (reply.getAccepted()) {
                        note(new Acknowledged(task.getId(), lease.getEpoch(), name, latencyNanos));
                    }
                    lease();
                }));
        }

        /** What comes back of a call; one that fails is made again after a while, under a session that the server knows. */
        private final class Reply<R> implements StreamObserver<R> {

            private static final long PAUSE_MILLIS = 500;

            private final Runnable again;
            private final Consumer<R> taken;

            Reply(Runnable again, Consumer<R> taken) {
                this.again = again;
                this.taken = taken;
            }

            @Override
            public void onNext(R reply) {
                taken.accept(reply);
            }

            @Override
            public void onError(Throwable problem) {
                timer.schedule(() -> again(problem), PAUSE_MILLIS / 2 + random.nextLong(PAUSE_MILLIS), TimeUnit.MILLISECONDS);
            }

            private void again(Throwable problem) {
                Status.Code code = Status.fromThrowable(problem).getCode();
                try {
                    if (code == Status.Code.UNAUTHENTICATED) {
                        showKey();
                    }
                } catch (RuntimeException e) {
                    onError(problem); // nobody there just now
                    return;
                }
                (code == Status.Code.NOT_FOUND ? (Runnable) Agent.this::join : again).run();
            }

            @Override
            public void onCompleted() {
                // the reply has come
            }
        }
    }
}
