package dev.lutra.supernet.descent;

import dev.lutra.identity.NamedValues;

/** How the learning rate falls. A new one is a new class and one line in {@link Schedules}. */
public interface Schedule {

    /** Half a cosine wave (Loshchilov and Hutter 2017). */
    Schedule COSINE = new CosineSchedule();

    /** A straight line, as SPOS trains. */
    Schedule LINEAR = new LinearSchedule();

    /**
     * When a step is taken.
     *
     * @param share of the steps after the warm-up that are taken already, 0 to below 1
     * @param epoch of the training that is reached, fractions of one included, from 0
     */
    record Moment(double share, double epoch) {}

    /**
     * The rate of a step after the warm-up.
     *
     * @param highest where it begins
     * @param lowest that it does not go below
     */
    double rate(double highest, double lowest, Moment moment);

    /**
     * Puts its name under a key, and what else it follows from under names that begin with the key and a dot.
     *
     * @param key of the experiment file
     */
    void describe(String key, NamedValues.Builder values);
}
