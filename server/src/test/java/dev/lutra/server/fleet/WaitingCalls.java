package dev.lutra.server.fleet;

/** The calls that wait for something to happen in a {@link TaskQueue}. */
public final class WaitingCalls {

    private WaitingCalls() {}

    /** Returns when there are so many. */
    public static void await(TaskQueue queue, int calls) throws InterruptedException {
        while (queue.waiting() != calls) {
            Thread.sleep(5);
        }
    }
}
