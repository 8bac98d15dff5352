package dev.lutra.spark;

import java.io.Serializable;

/**
 * What came of a task.
 *
 * @param value what it gave; null where something given is wrong
 * @param wrong what that is, in one line; null where nothing is
 * @param <T> what tasks give
 */
record Outcome<T>(T value, String wrong) implements Serializable {

    private static final long serialVersionUID = 1L;
}
