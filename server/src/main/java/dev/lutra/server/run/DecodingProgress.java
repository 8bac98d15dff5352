package dev.lutra.server.run;

import dev.lutra.data.DataProgress;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunEvents;

/** Decoding as progress: one piece of work a source. */
final class DecodingProgress implements DataProgress, AutoCloseable {

    private final RunEvents events;
    private String source = "";
    private Progress.Work work;

    DecodingProgress(RunEvents events) {
        this.events = events;
    }

    @Override
    public void decoded(String from, int done, int total) {
        if (!from.equals(source)) {
            close();
            source = from;
            work = events.begin("decode " + from, total, "images");
        }
        work.at(done, "");
    }

    @Override
    public void passedOver(String from, String what) {
        events.emit(new RunEvent.FilesPassedOver(from, what));
    }

    @Override
    public void close() {
        if (work != null) {
            work.close();
            work = null;
        }
    }
}
