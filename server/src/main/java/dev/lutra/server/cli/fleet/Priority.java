package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;

/** What goes before what. */
public final class Priority {

    private static final int MOST = 100;

    private Priority() {}

    /**
     * @param option that it was given as
     * @throws InputException if it is none
     */
    public static int checked(String option, int priority) {
        if (Math.abs((long) priority) > MOST) {
            throw new InputException(option + ": " + priority + " (expected: -" + MOST + " to " + MOST + ")");
        }
        return priority;
    }
}
