package dev.lutra.spark;

import dev.lutra.InputException;
import dev.lutra.server.cluster.ClusterException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction0;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;
import scala.util.Try;

/** Has work done, a task each, and hands over what comes of it as it comes. */
final class Tasks {

    private static final long LOOK_MILLIS = 500;
    /** So long a run waits for workers when all have gone: a machine may start again. */
    private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(10);

    private final JavaSparkContext spark;
    private final String master;

    Tasks(JavaSparkContext spark, String master) {
        this.spark = spark;
        this.master = master;
    }

    private record Done<T>(int number, Outcome<T> outcome) {}

    boolean hasExecutors() {
        int self = Configuration.isInThisProcess(master) ? 0 : 1;
        return spark.sc().getExecutorMemoryStatus().size() > self;
    }

    /**
     * Does some work.
     *
     * @param done told the number of each piece and what came of it, once, in any order, on the calling thread
     * @param meanwhile called now and then while nothing comes
     * @throws InputException if something given is wrong
     * @throws ClusterException if a piece fails again and again, or no worker is left
     */
    <T> void run(List<? extends Work<T>> work, BiConsumer<Integer, T> done, Runnable meanwhile) {
        BlockingQueue<Done<T>> queue = new LinkedBlockingQueue<>();
        SimpleFutureAction<BoxedUnit> job = submit(work, queue);
        try {
            Set<Integer> told = new HashSet<>();
            long seen = System.nanoTime();
            while (told.size() < work.size()) {
                Done<T> next = queue.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                if (next == null) {
                    meanwhile.run();
                    requireGoing(job);
                    seen = hasExecutors() ? System.nanoTime() : seen;
                    requireExecutors(System.nanoTime() - seen);
                } else if (told.add(next.number())) {
                    done.accept(next.number(), value(next.outcome()));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while " + master + " worked");
        } finally {
            job.cancel();
        }
    }

    private <T> SimpleFutureAction<BoxedUnit> submit(List<? extends Work<T>> work, BlockingQueue<Done<T>> queue) {
        List<Object> numbers = IntStream.range(0, work.size()).<Object>mapToObj(number -> number).toList();
        return spark.sc().submitJob(spark.<Work<T>>parallelize(List.copyOf(work), work.size()).rdd(), new OneWork<T>(),
            CollectionConverters.asScala(numbers).toSeq(), new AbstractFunction2<Object, Outcome<T>, BoxedUnit>() {
                @Override
                public BoxedUnit apply(Object number, Outcome<T> outcome) {
                    queue.add(new Done<>((Integer) number, outcome));
                    return BoxedUnit.UNIT;
                }
            }, new AbstractFunction0<BoxedUnit>() {
                @Override
                public BoxedUnit apply() {
                    return BoxedUnit.UNIT;
                }
            });
    }

    private static <T> T value(Outcome<T> outcome) {
        if (outcome.wrong() != null) {
            throw new InputException(outcome.wrong());
        }
        return outcome.value();
    }

    private void requireGoing(SimpleFutureAction<?> job) {
        Option<? extends Try<?>> end = job.value();
        if (end.isDefined() && end.get().isFailure()) {
            Throwable failure = end.get().failed().get();
            throw new ClusterException(master + ": " + Failure.line(failure), failure);
        }
        if (spark.sc().isStopped()) {
            throw new ClusterException(master + ": has ended this run");
        }
    }

    private void requireExecutors(long nanos) {
        if (nanos > PATIENCE_NANOS) {
            throw new ClusterException(master + ": no worker left for " + TimeUnit.NANOSECONDS.toMinutes(nanos)
                + " min (the same command goes on from here when there is one)");
        }
    }
}
