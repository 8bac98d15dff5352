package dev.lutra.agent.bench;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A process with what it has started. */
final class ProcessTree {

    static final long PATIENCE_SECONDS = 5;

    private ProcessTree() {}

    /** Ends it, whatever it does. A process that hangs in a driver cannot end at once and is left to the system. */
    static void kill(Process process) {
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
        all.forEach(ProcessHandle::destroyForcibly);
        all.forEach(one -> one.onExit().completeOnTimeout(one, PATIENCE_SECONDS, TimeUnit.SECONDS).join());
    }
}
