package dev.lutra.server.schedule;

import dev.lutra.InputException;

/** A run is named that the server does not have. */
public final class UnknownRunException extends InputException {

    private static final long serialVersionUID = 1L;

    UnknownRunException(String id) {
        super("run " + id + ": not known (expected: one of 'lutra runs')");
    }
}
