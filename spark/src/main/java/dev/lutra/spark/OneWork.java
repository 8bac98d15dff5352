package dev.lutra.spark;

import dev.lutra.InputException;
import java.io.IOException;
import java.io.Serializable;
import org.apache.spark.SparkEnv;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/** Does the one piece of work that a partition holds. */
final class OneWork<T> extends AbstractFunction1<Iterator<Work<T>>, Outcome<T>> implements Serializable {

    private static final long serialVersionUID = 1L;

    @Override
    public Outcome<T> apply(Iterator<Work<T>> partition) {
        try {
            return new Outcome<>(partition.next().done(), null);
        } catch (InputException e) {
            return new Outcome<>(null, "worker " + SparkEnv.get().blockManager().blockManagerId().host() + ": " + e.getMessage());
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e instanceof IOException ? e.getMessage() : e.toString(), e);
        }
    }
}
