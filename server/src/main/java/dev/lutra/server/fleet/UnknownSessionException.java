package dev.lutra.server.fleet;

/** The session is not the one of any device: the agent has to join again. */
public final class UnknownSessionException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    UnknownSessionException() {
        super("unknown session: join again");
    }
}
