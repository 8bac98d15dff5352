package dev.lutra.server.view;

import java.util.ArrayList;
import java.util.List;

/**
 * Curves, or points, over a common axis.
 *
 * @param x what the x axis is called
 * @param y what the y axis is called
 */
public record Plot(String x, String y, List<Curve> curves) {

    /** One curve: a name for the legend, and as many x as y. */
    public record Curve(String name, List<Double> x, List<Double> y) {}

    public Plot {
        curves = List.copyOf(curves);
    }

    /** A curve that is put together point by point. */
    static final class Points {

        private final List<Double> x = new ArrayList<>();
        private final List<Double> y = new ArrayList<>();

        Points add(double at, double value) {
            x.add(at);
            y.add(value);
            return this;
        }

        Curve as(String name) {
            return new Curve(name, List.copyOf(x), List.copyOf(y));
        }
    }
}
