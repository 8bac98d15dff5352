package dev.lutra.server.cli.output;

import dev.lutra.Names;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.WorkPace;
import java.time.Duration;
import java.util.OptionalDouble;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress on standard error: bars with rate and time left on a terminal, a line now and then elsewhere. */
public final class ConsoleProgress implements Progress {

    private static final Duration LINE_EVERY = Duration.ofSeconds(10);

    private final boolean terminal = System.console() != null && System.getenv("TERM") != null;

    @Override
    public Work begin(String what, long total, String unit) {
        return terminal ? new Bar(what, total, unit) : new Lines(what, total, unit);
    }

    @Override
    public void stage(int number, int count, String name) {
        say("[" + "#".repeat(number - 1) + ">" + ".".repeat(count - number) + "] stage " + number + " of " + count + ": " + name);
    }

    @Override
    public void say(String line) {
        System.err.println(Names.shown(line));
    }

    /** A bar that redraws itself. */
    private static final class Bar implements Work {

        private final ProgressBar bar;

        Bar(String what, long total, String unit) {
            ProgressBarBuilder builder = new ProgressBarBuilder().setTaskName(what).setInitialMax(total).setUnit(" " + unit, 1)
                .setStyle(ProgressBarStyle.ASCII).setUpdateIntervalMillis(500)
                .setConsumer(new ConsoleProgressBarConsumer(System.err));
            bar = (unit.equals(SECONDS) ? builder : builder.showSpeed()).build();
        }

        @Override
        public void at(double done, String note) {
            bar.stepTo((long) done);
            bar.setExtraMessage(note);
        }

        @Override
        public void close() {
            bar.close();
        }
    }

    /** Lines for a log: what, how far, rate, time left, the current best. */
    private static final class Lines implements Work {

        private final String what;
        private final long total;
        private final String unit;
        private final long started = System.nanoTime();
        private final WorkPace pace;
        private long printed = started;
        private String lastNote = "";

        Lines(String what, long total, String unit) {
            this.what = what;
            this.total = total;
            this.unit = unit;
            pace = new WorkPace(total, unit, started);
            System.err.printf("%s: starting, %,d %s%n", what, total, unit);
        }

        @Override
        public void at(double done, String note) {
            pace.at(done);
            lastNote = note;
            if (System.nanoTime() - printed >= LINE_EVERY.toNanos()) {
                print();
            }
        }

        private void print() {
            printed = System.nanoTime();
            System.err.printf("%s: %,d of %,d %s%s%s%n", what, (long) pace.done(), total, unit, rate(), lastNote.isEmpty() ? "" : ", " + lastNote);
        }

        private String rate() {
            if (pace.rate(printed).isEmpty()) {
                return "";
            }
            OptionalDouble left = pace.secondsLeft(printed);
            return String.format(", %.1f/s", pace.rate(printed).getAsDouble()) + (left.isPresent() ? ", " + clock(left.getAsDouble()) + " left" : "");
        }

        private static String clock(double seconds) {
            long whole = Math.round(seconds);
            return whole >= 3600
                ? whole / 3600 + " h " + whole % 3600 / 60 + " min"
                : whole >= 60 ? whole / 60 + " min " + whole % 60 + " s" : whole + " s";
        }

        @Override
        public void close() {
            double seconds = (System.nanoTime() - started) / 1e9;
            System.err.printf("%s: %,d of %,d %s in %s%s%n", what, (long) pace.done(), total, unit, clock(seconds),
                lastNote.isEmpty() ? "" : ", " + lastNote);
        }
    }
}
