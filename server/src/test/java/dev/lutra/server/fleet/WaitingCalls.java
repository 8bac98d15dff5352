package dev.lutra.server.fleet;

import java.util.Arrays;
import java.util.stream.Stream;

/** The threads of this process that wait for something to happen in a {@link TaskQueue}. */
public final class WaitingCalls {

    private WaitingCalls() {}

    /** Returns when there are so many. */
    public static void await(int calls) throws InterruptedException {
        while (Thread.getAllStackTraces().values().stream().map(Arrays::stream).filter(WaitingCalls::isInAwait).count() != calls) {
            Thread.sleep(5);
        }
    }

    private static boolean isInAwait(Stream<StackTraceElement> frames) {
        return frames.anyMatch(frame -> frame.getClassName().equals(TaskQueue.class.getName()) && frame.getMethodName().equals("await"));
    }
}
