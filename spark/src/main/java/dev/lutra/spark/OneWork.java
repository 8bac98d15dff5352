package dev.lutra.spark;

import java.io.Serializable;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/** Does the one piece of work that a partition holds. */
final class OneWork<T> extends AbstractFunction1<Iterator<Work<T>>, Outcome<T>> implements Serializable {

    private static final long serialVersionUID = 1L;

    @Override
    public Outcome<T> apply(Iterator<Work<T>> partition) {
        return Outcome.of(partition.next());
    }
}
