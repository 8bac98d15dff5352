package dev.lutra.server.profile;

import dev.lutra.proto.Measured;
import dev.lutra.server.event.Progress;
import java.time.Duration;
import java.util.Collection;
import java.util.Locale;

/** Shows how far a batch of models has come: by their number, or where it has a time budget, by the time and what it has bought. */
public interface MeasuringProgress extends AutoCloseable {

    /**
     * Told now and then.
     *
     * @param measured what is done
     * @param unfinished how many models' worth of work is done of the others
     * @param halfWidth the relative half width that these have in the median; 0 if not known
     */
    public void at(Collection<Measured> measured, double unfinished, double halfWidth);

    @Override
    public void close();

    /** Counts models. */
    public static MeasuringProgress of(String what, int models, Progress progress) {
        Progress.Work work = progress.begin(what, models, "models");
        return new MeasuringProgress() {
            @Override
            public void at(Collection<Measured> measured, double unfinished, double halfWidth) {
                work.at(measured.size() + unfinished, "");
            }

            @Override
            public void close() {
                work.close();
            }
        };
    }

    /**
     * Counts seconds.
     *
     * @param time that the batch has of the budget
     */
    public static MeasuringProgress within(ProfilingBudget budget, String what, Duration time, Progress progress) {
        double begin = budget.spentSeconds();
        double seconds = time.toMillis() / 1e3;
        Progress.Work work = progress.begin(what, Math.round(seconds), Progress.SECONDS);
        return new MeasuringProgress() {
            @Override
            public void at(Collection<Measured> measured, double unfinished, double halfWidth) {
                double known = measured.isEmpty() || halfWidth > 0 ? halfWidth : median(measured);
                double spent = budget.spentSeconds() - begin;
                work.at(Math.min(seconds, spent),
                    String.format(Locale.ROOT, spent > seconds ? "%.0f s late" : "%.0f s left", Math.abs(seconds - spent))
                        + (known > 0 && Double.isFinite(known) ? String.format(Locale.ROOT, ", median ±%.1f %%", 100 * known) : ""));
            }

            @Override
            public void close() {
                work.close();
            }
        };
    }

    private static double median(Collection<Measured> measured) {
        double[] halfWidths = measured.stream().mapToDouble(one -> one.getLatency().getRelativeHalfWidth()).sorted().toArray();
        return halfWidths[halfWidths.length / 2];
    }
}
