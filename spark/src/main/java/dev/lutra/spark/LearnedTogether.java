package dev.lutra.spark;

import dev.lutra.supernet.training.Rounds.Learned;
import org.apache.spark.api.java.function.Function2;

/** What several learners have learned, put together two by two. */
final class LearnedTogether implements Function2<Learned, Learned, Learned> {

    private static final long serialVersionUID = 1L;

    @Override
    public Learned call(Learned some, Learned others) {
        return some.and(others);
    }
}
