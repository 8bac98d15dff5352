package dev.lutra.spark;

import java.io.Serializable;

/**
 * What one task does.
 *
 * @param <T> what comes of it
 */
interface Work<T> extends Serializable {

    /** @throws dev.lutra.InputException if something given is wrong, so that no other machine would do better */
    T done() throws Exception;
}
