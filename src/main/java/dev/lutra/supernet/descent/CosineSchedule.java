package dev.lutra.supernet.descent;

import dev.lutra.identity.NamedValues;

/** Half a cosine wave down to the lowest rate (Loshchilov and Hutter 2017). */
record CosineSchedule() implements Schedule {

    @Override
    public double rate(double highest, double lowest, Moment moment) {
        return lowest + (highest - lowest) * ((1 + Math.cos(Math.PI * moment.share())) / 2);
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "cosine");
    }
}
