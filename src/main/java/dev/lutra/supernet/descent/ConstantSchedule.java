package dev.lutra.supernet.descent;

import dev.lutra.identity.NamedValues;

/** Does not fall. */
record ConstantSchedule() implements Schedule {

    @Override
    public double rate(double highest, double lowest, Moment moment) {
        return highest;
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "constant");
    }
}
