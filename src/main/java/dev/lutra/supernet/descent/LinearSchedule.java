package dev.lutra.supernet.descent;

import dev.lutra.identity.NamedValues;

/** A straight line down to the lowest rate, as SPOS trains. */
record LinearSchedule() implements Schedule {

    @Override
    public double rate(double highest, double lowest, Moment moment) {
        return lowest + (highest - lowest) * (1 - moment.share());
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "linear");
    }
}
