package dev.lutra.agent.link;

/** Another agent has the device's name. The message is one line that says which, and where. */
public final class NameTakenException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public NameTakenException(String message) {
        super(message);
    }
}
