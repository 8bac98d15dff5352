package dev.lutra.agent.task;

/**
 * Something the user of the agent gave is wrong and can be put right. The message is the one line that the command line
 * prints before it exits with 2.
 */
public final class InputException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    public InputException(String message) {
        super(message);
    }
}
