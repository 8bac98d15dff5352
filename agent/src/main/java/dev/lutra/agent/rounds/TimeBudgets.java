package dev.lutra.agent.rounds;

import dev.lutra.agent.bench.TimeAccount;
import dev.lutra.agent.sentinel.Defaults;
import dev.lutra.proto.Budget;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Deals out the time of {@link Budget budgets}. Every task in hand gets slices enough to have an interval; each further slice goes
 * where it lessens the variance of what the batch is for most, for what it costs (Neyman 1934): a slice's worth is what the mean of
 * one more would take off the square of sensitivity × latency × half width. Tasks beyond those in hand have their part of the time
 * kept for them. Times are of the monotonic clock, in nanoseconds.
 */
final class TimeBudgets {

    /** Batches whose time has begun are remembered, as their tasks may come back; the oldest of so many are forgotten. */
    private static final int BATCHES = 64;

    /** No time at all, as nobody waits so long, that still leaves room to count in. */
    private static final long LONGEST_NANOS = Long.MAX_VALUE / 4;

    private final Map<String, Long> ends = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > BATCHES;
        }
    };
    private final Map<Series, Long> deadlines = new HashMap<>();

    /** A task is taken up. The time of its batch, unless it runs already, began at the given moment. */
    void admit(Series series, long sinceNanos) {
        if (series.hasBudget()) {
            ends.putIfAbsent(series.budget().getBatch(), sinceNanos + Math.min(series.budget().getNanos(), LONGEST_NANOS));
        }
    }

    /** No task is in hand or to come: whatever comes later has its time anew. */
    void endAll() {
        ends.clear();
    }

    void leave(Series series) {
        deadlines.remove(series);
    }

    /**
     * Sets the ends of new tasks, and of all once none is left behind them.
     *
     * @param hand tasks in hand, some perhaps without a budget
     * @param waiting how many more are to be taken up
     */
    void setDeadlines(List<Series> hand, int waiting, long nowNanos) {
        for (Series series : hand) {
            if (series.hasBudget() && (waiting == 0 || !deadlines.containsKey(series))) {
                long end = ends.get(series.budget().getBatch());
                double part = hand.size() / (double) (hand.size() + waiting);
                deadlines.put(series, nowNanos + Math.round(part * (end - nowNanos)));
            }
        }
    }

    /** Whether a slice may be taken of a task: time is left for it, or there is none of it yet. */
    boolean allows(Series series, TimeAccount account, long nowNanos) {
        if (series.hasBudget()) {
            return !series.isBegun() || nowNanos + cost(series, account) <= deadlines.get(series);
        }
        return nowNanos <= earliest();
    }

    private long earliest() {
        return deadlines.values().stream().mapToLong(Long::longValue).min().orElse(Long.MAX_VALUE);
    }

    /** What can be waited for calm so that every task still gets the least number of slices. */
    long slackNanos(TimeAccount account, long nowNanos) {
        if (deadlines.isEmpty()) {
            return Long.MAX_VALUE;
        }
        double needed = deadlines.keySet().stream()
            .mapToDouble(series -> Math.max(0, Defaults.BUDGET_SLICES - series.slices()) * cost(series, account)).sum();
        return Math.max(0, earliest() - nowNanos - Math.round(needed));
    }

    boolean areEmpty() {
        return deadlines.isEmpty();
    }

    /**
     * The slices to take next: each task as often as it is to be measured, in the order of need.
     *
     * @param budgeted tasks in hand that have a budget
     */
    List<Series> plan(List<Series> budgeted, TimeAccount account) {
        List<Series> lacking = budgeted.stream().filter(series -> series.slices() < Defaults.BUDGET_SLICES)
            .sorted(Comparator.comparingInt(Series::slices)).toList();
        return lacking.isEmpty() ? worthwhile(budgeted, account) : lacking;
    }

    private List<Series> worthwhile(List<Series> budgeted, TimeAccount account) {
        List<Series> planned = new ArrayList<>();
        Map<Series, Integer> extra = new HashMap<>();
        long nanos = 0;
        while (nanos < Defaults.BUDGET_ROUND.toNanos()) {
            Series best = null;
            double most = -1;
            for (Series series : budgeted) {
                int more = extra.getOrDefault(series, 0);
                double worth = worth(series, more) / cost(series, account);
                if (more < Defaults.TURNS && worth > most) {
                    best = series;
                    most = worth;
                }
            }
            if (best == null) {
                return planned;
            }
            planned.add(best);
            extra.merge(best, 1, Integer::sum);
            nanos += cost(best, account);
        }
        return planned;
    }

    /** What one more slice takes off the variance, after some more that are planned. */
    private static double worth(Series series, int more) {
        double error = series.budget().getSensitivity() * series.levelNanos() * series.halfWidth();
        return worth(error, series.slices(), more);
    }

    /** What one more slice takes off the square of an error that falls with the root of their number. */
    static double worth(double error, int slices, int more) {
        return error * error * slices / ((slices + more) * (slices + more + 1.0));
    }

    /** A slice's part of the wall time, sentinels included. */
    private long cost(Series series, TimeAccount account) {
        OptionalDouble known = series.meanSliceNanos();
        double nanos = known.orElseGet(() -> deadlines.keySet().stream().flatMapToDouble(other -> other.meanSliceNanos().stream())
            .average().orElse(Defaults.BUDGET_SLICE.toNanos()));
        return Math.round(nanos * account.overhead());
    }
}
