package dev.lutra.supernet.training;

import java.util.ArrayList;
import java.util.List;

/** Averages steps to points of a curve. */
final class CurveBuilder {

    private final List<CurvePoint> points;
    private final int stepsPerPoint;
    private long step;
    private double loss;
    private double accuracy;
    private double learningRate;
    private int count;

    CurveBuilder(List<CurvePoint> before, int stepsPerPoint) {
        points = new ArrayList<>(before);
        this.stepsPerPoint = stepsPerPoint;
    }

    void add(long stepTaken, double stepLoss, double stepAccuracy, double stepLearningRate) {
        step = stepTaken;
        loss += stepLoss;
        accuracy += stepAccuracy;
        learningRate = stepLearningRate;
        if (++count == stepsPerPoint) {
            close();
        }
    }

    private void close() {
        points.add(new CurvePoint(step, loss / count, accuracy / count, learningRate));
        loss = 0;
        accuracy = 0;
        count = 0;
    }

    /** Every point; the last one is of fewer steps where those do not come out even. */
    List<CurvePoint> points() {
        if (count > 0) {
            close();
        }
        return points;
    }
}
