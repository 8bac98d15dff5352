package dev.lutra.server.run;

import dev.lutra.data.DataProgress;
import dev.lutra.server.event.Progress;

/** Decoding as progress: one piece of work a source. */
final class DecodingProgress implements DataProgress, AutoCloseable {

    private final Progress progress;
    private String source = "";
    private Progress.Work work;

    DecodingProgress(Progress progress) {
        this.progress = progress;
    }

    @Override
    public void decoded(String from, int done, int total) {
        if (!from.equals(source)) {
            close();
            source = from;
            work = progress.begin("decode " + from, total, "images");
        }
        work.at(done, "");
    }

    @Override
    public void passedOver(String from, String what) {
        progress.say("decode " + from + ": passed over " + what);
    }

    @Override
    public void close() {
        if (work != null) {
            work.close();
            work = null;
        }
    }
}
