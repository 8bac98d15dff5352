package dev.lutra.server.fleet;

/** The name of a device belongs to an agent that is there. The message is one line that names it. */
public final class NameTakenException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    NameTakenException(String message) {
        super(message);
    }
}
