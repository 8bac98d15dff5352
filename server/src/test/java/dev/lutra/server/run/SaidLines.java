package dev.lutra.server.run;

import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvents;
import dev.lutra.server.event.WatchedProgress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** Keeps the lines of progress and shows no bars. */
public final class SaidLines implements Progress {

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final List<String> begun = new ArrayList<>();
    private final Predicate<String> breaks;
    private final int steps;

    public SaidLines() {
        this(what -> false, 0);
    }

    /**
     * Ends some work in the middle, as a kill would.
     *
     * @param breaks told what the work is called
     * @param steps after which it ends
     */
    public SaidLines(Predicate<String> breaks, int steps) {
        this.breaks = breaks;
        this.steps = steps;
    }

    @Override
    public Work begin(String what, long total, String unit) {
        begun.add(what);
        return new Work() {
            private int taken;

            @Override
            public void at(double done, String note) {
                if (breaks.test(what) && ++taken == steps) {
                    throw new IllegalStateException("cut off");
                }
            }

            @Override
            public void close() {
                // nothing is open
            }
        };
    }

    @Override
    public void say(String line) {
        lines.add(line);
    }

    /** What is said and warned of is kept, what happens besides is not. */
    public RunEvents events() {
        return new RunEvents(List.of(new WatchedProgress(this)));
    }

    /** What work was begun. */
    public List<String> begun() {
        return begun;
    }

    public List<String> lines() {
        return lines;
    }
}
