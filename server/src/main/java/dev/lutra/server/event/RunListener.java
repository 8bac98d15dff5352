package dev.lutra.server.event;

/** Hears what happens in a run, from the thread on which it happens. */
@FunctionalInterface
public interface RunListener {

    void heard(RunEvent event);
}
