package dev.lutra.supernet.descent;

import dev.lutra.identity.NamedValues;
import dev.lutra.yaml.LayeredSettings;

/**
 * Falls to a share of itself every so many epochs, counted from the first step: 0.97 every 2.4 epochs in MnasNet and Single-Path NAS,
 * 0.97 every epoch in NAO-V2's networks for ImageNet.
 *
 * @param factor above 0 to below 1
 * @param every so many epochs
 * @param smooth whether it falls with every step, rather than all at once
 */
record ExponentialSchedule(double factor, double every, boolean smooth) implements Schedule {

    static Schedule of(LayeredSettings settings) {
        return new ExponentialSchedule(settings.number("factor", 0.000_001, 0.999_999, 0.97), settings.number("every", 0.001, 100_000, 1),
            settings.flag("smooth", false));
    }

    @Override
    public double rate(double highest, double lowest, Moment moment) {
        double fallen = moment.epoch() / every;
        return Math.max(lowest, highest * Math.pow(factor, smooth ? fallen : Math.floor(fallen)));
    }

    @Override
    public void describe(String key, NamedValues.Builder values) {
        values.put(key, "exponential").put(key + ".factor", factor).put(key + ".every", every).put(key + ".smooth", smooth);
    }
}
