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

    private final Workers workers;

    Tasks(Workers workers) {
        this.workers = workers;
    }

    private record Done<T>(int number, Outcome<T> outcome) {}

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
            Patience patience = workers.patience();
            while (told.size() < work.size()) {
                Done<T> next = queue.poll(Patience.LOOK_MILLIS, TimeUnit.MILLISECONDS);
                if (next == null) {
                    meanwhile.run();
                    requireGoing(job);
                    workers.look(patience);
                } else if (told.add(next.number())) {
                    done.accept(next.number(), next.outcome().given());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while " + workers.master() + " worked");
        } finally {
            job.cancel();
        }
    }

    private <T> SimpleFutureAction<BoxedUnit> submit(List<? extends Work<T>> work, BlockingQueue<Done<T>> queue) {
        List<Object> numbers = IntStream.range(0, work.size()).<Object>mapToObj(number -> number).toList();
        JavaSparkContext spark = workers.spark();
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

    private void requireGoing(SimpleFutureAction<?> job) {
        Option<? extends Try<?>> end = job.value();
        if (end.isDefined() && end.get().isFailure()) {
            Throwable failure = end.get().failed().get();
            throw new ClusterException(workers.master() + ": " + Failure.line(failure), failure);
        }
    }
}
