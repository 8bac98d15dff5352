package dev.lutra.server.fleet;

import dev.lutra.InputException;
import java.util.UUID;

/**
 * Who submits tasks.
 *
 * @param owner whose work they are, and who has to give signs of life for it to be done; empty: nobody has to
 * @param priority tasks of a higher one go first on every device, 0 unless somebody says otherwise
 */
public record Submitter(String owner, int priority) {

    /** Priorities reach from below 0 to above it by this. */
    private static final int MOST_PRIORITY = 100;

    /**
     * A priority as somebody gives it.
     *
     * @param name it was given as
     * @throws InputException if it is none
     */
    public static int priority(String name, int priority) {
        if (Math.abs((long) priority) > MOST_PRIORITY) {
            throw new InputException(name + ": " + priority + " (expected: -" + MOST_PRIORITY + " to " + MOST_PRIORITY + ")");
        }
        return priority;
    }

    /** Somebody who is there as long as the queue is. */
    public static final Submitter THIS_PROCESS = new Submitter("", 0);

    /** Somebody who is there as long as the caller is. */
    public static Submitter somebody(int priority) {
        return new Submitter(UUID.randomUUID().toString(), priority);
    }
}
