package dev.lutra.agent.task;

import dev.lutra.proto.Failed;
import dev.lutra.proto.Outcome;

/** This device cannot do a task, and another try would end the same way. The message is the reason, in one line. */
public final class TaskFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_REASON = 400;

    public TaskFailure(String reason) {
        super(oneLine(reason));
    }

    public TaskFailure(String reason, Throwable cause) {
        super(oneLine(reason), cause);
    }

    /** What the server is told of the task. */
    public Outcome outcome() {
        return Outcome.newBuilder().setFailed(Failed.newBuilder().setReason(getMessage())).build();
    }

    /** Native libraries report over several lines. */
    public static String oneLine(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= LONGEST_REASON ? line : line.substring(0, LONGEST_REASON) + " …";
    }
}
