package dev.lutra.server.run;

import dev.lutra.data.DataProgress;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunEvents;
import java.util.List;

/** Decoding as progress: one piece of work a source. */
final class DecodingProgress implements DataProgress, AutoCloseable {

    private final RunEvents events;
    private String what = "";
    private Progress.Work work;

    DecodingProgress(RunEvents events) {
        this.events = events;
    }

    @Override
    public void decoded(String from, int done, int total) {
        at("decode " + from, done, total);
    }

    @Override
    public void fetched(String from, int done, int total) {
        at("fetch " + from, done, total);
    }

    private void at(String wanted, int done, int total) {
        if (!wanted.equals(what)) {
            close();
            what = wanted;
            work = events.begin(what, total, "images");
        }
        work.at(done, "");
    }

    @Override
    public void passedOver(String from, String what) {
        events.emit(new RunEvent.FilesPassedOver(from, what));
    }

    @Override
    public void skipped(String from, List<String> reasons, int total) {
        events.emit(new RunEvent.ImagesSkipped(from, reasons, total));
    }

    @Override
    public void unequal(String from, ClassSize smallest, ClassSize largest, double balance) {
        events.emit(new RunEvent.ClassesUnequal(from, smallest.name(), smallest.images(), largest.name(), largest.images(), balance));
    }

    @Override
    public void close() {
        if (work != null) {
            work.close();
            work = null;
        }
    }
}
