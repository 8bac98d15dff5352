package dev.lutra.spark;

import dev.lutra.InputException;
import dev.lutra.server.cluster.ClusterException;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import org.apache.spark.SparkEnv;

/**
 * What came of a task.
 *
 * @param value what it gave; null where something given is wrong
 * @param wrong what that is, in one line; null where nothing is
 * @param <T> what tasks give
 */
record Outcome<T>(T value, String wrong) implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Does some work on this machine. */
    static <T> Outcome<T> of(Work<T> work) {
        try {
            return new Outcome<>(work.done(), null);
        } catch (InputException e) {
            return new Outcome<>(null, "worker " + SparkEnv.get().blockManager().blockManagerId().host() + ": " + e.getMessage());
        } catch (IOException | UncheckedIOException e) {
            throw new ClusterException(e.getMessage(), e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e.toString(), e);
        }
    }

    /**
     * What the task gave.
     *
     * @throws InputException if something given is wrong
     */
    T given() {
        if (wrong != null) {
            throw new InputException(wrong);
        }
        return value;
    }
}
