package dev.lutra.agent;

/** This device cannot do a task, and another try would end the same way. The message is the reason, in one line. */
final class TaskFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;
    private static final int LONGEST_REASON = 400;

    TaskFailure(String reason) {
        super(oneLine(reason));
    }

    TaskFailure(String reason, Throwable cause) {
        super(oneLine(reason), cause);
    }

    /** Native libraries report over several lines. */
    static String oneLine(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= LONGEST_REASON ? line : line.substring(0, LONGEST_REASON) + " …";
    }
}
