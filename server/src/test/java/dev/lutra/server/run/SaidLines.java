package dev.lutra.server.run;

import java.util.ArrayList;
import java.util.List;

/** Keeps the lines of progress and looks at no bars. */
final class SaidLines implements Progress {

    private static final Work UNWATCHED = new Work() {
        @Override
        public void at(double done, String note) {
            // only lines are looked at
        }

        @Override
        public void close() {
            // nothing is open
        }
    };

    private final List<String> lines = new ArrayList<>();

    @Override
    public Work begin(String what, long total, String unit) {
        return UNWATCHED;
    }

    @Override
    public void say(String line) {
        lines.add(line);
    }

    List<String> lines() {
        return lines;
    }
}
