package dev.lutra.server.access;

/** A caller is not let in. */
public final class AccessException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final boolean known;

    private AccessException(boolean known, String message) {
        super(message);
        this.known = known;
    }

    /** What the caller has shown says not who it is. */
    static AccessException unknown(String message) {
        return new AccessException(false, message);
    }

    /** It is known who the caller is, and that is not somebody who may do this. */
    static AccessException forbidden(String message) {
        return new AccessException(true, message);
    }

    /** Whether somebody else than this caller might do it. */
    public boolean isCallerKnown() {
        return known;
    }
}
