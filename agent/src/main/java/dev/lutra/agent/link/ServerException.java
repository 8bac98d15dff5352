package dev.lutra.agent.link;

/** A call that the server did not answer as asked. */
public final class ServerException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** What the caller can do about it. */
    public enum Kind {
        /** No answer: the same call may succeed later. */
        UNREACHABLE,
        /** The server says that it cannot now, as when its disk is full: the same call may succeed later. */
        TROUBLED,
        /** The server does not know what was named: the session (join again) or a model. */
        NOT_FOUND,
        /** The device's name belongs to another agent. */
        TAKEN,
        /** The server will never accept this call. */
        REFUSED;

        /** Whether the same call may succeed later. */
        public boolean isPassing() {
            return this == UNREACHABLE || this == TROUBLED;
        }
    }

    private final Kind kind;

    public ServerException(Kind kind, String reason, Throwable cause) {
        super(reason, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
