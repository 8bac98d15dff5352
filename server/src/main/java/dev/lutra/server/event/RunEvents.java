package dev.lutra.server.event;

import java.util.List;

/** Tells every subscriber what happens in a run. */
public final class RunEvents implements Progress {

    private final List<RunListener> listeners;

    /**
     * @param listeners told in this order
     */
    public RunEvents(List<RunListener> listeners) {
        this.listeners = List.copyOf(listeners);
    }

    public void emit(RunEvent event) {
        listeners.forEach(listener -> listener.heard(event));
    }

    @Override
    public Work begin(String what, long total, String unit) {
        emit(new RunEvent.WorkBegan(what, total, unit));
        return new Work() {
            @Override
            public void at(double done, String note) {
                emit(new RunEvent.WorkProgressed(what, done, note));
            }

            @Override
            public void close() {
                emit(new RunEvent.WorkEnded(what));
            }
        };
    }

    @Override
    public void stage(int number, int count, String name) {
        emit(new RunEvent.StageCounted(number, count, name));
    }

    @Override
    public void say(String line) {
        emit(new RunEvent.Noted(line));
    }
}
