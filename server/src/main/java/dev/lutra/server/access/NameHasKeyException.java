package dev.lutra.server.access;

/** A device's name belongs to another key. */
public final class NameHasKeyException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    NameHasKeyException(String message) {
        super(message);
    }
}
