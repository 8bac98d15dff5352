package dev.lutra.spark;

import dev.lutra.supernet.training.Rounds.Learned;
import org.apache.spark.api.java.function.Function2;

/** What several learners have learned, put together two by two; what is wrong with one of them, if anything is. */
final class LearnedTogether implements Function2<Outcome<Learned>, Outcome<Learned>, Outcome<Learned>> {

    private static final long serialVersionUID = 1L;

    @Override
    public Outcome<Learned> call(Outcome<Learned> some, Outcome<Learned> others) {
        if (some.wrong() != null) {
            return some;
        }
        return others.wrong() != null ? others : new Outcome<>(some.value().and(others.value()), null);
    }
}
