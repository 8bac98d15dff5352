package dev.lutra.supernet.training.curve;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Averages steps to points of a curve. */
public final class CurveBuilder {

    /** Sums over the steps since the last point, of a training that was stopped between two. */
    public record Begun(double loss, double accuracy, int count) {}

    private final List<CurvePoint> points;
    private final int stepsPerPoint;
    private long step;
    private double loss;
    private double accuracy;
    private double learningRate;
    private int count;

    /**
     * @param before points of the training so far
     * @param begun what was added since the last of them
     */
    public CurveBuilder(List<CurvePoint> before, Optional<Begun> begun, int stepsPerPoint) {
        points = new ArrayList<>(before);
        this.stepsPerPoint = stepsPerPoint;
        begun.ifPresent(sums -> {
            loss = sums.loss();
            accuracy = sums.accuracy();
            count = sums.count();
        });
    }

    /** One more step: its loss, the share of its images that were right, and its learning rate. */
    public void add(long stepTaken, double stepLoss, double stepAccuracy, double stepLearningRate) {
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

    /** The points that are whole. */
    public List<CurvePoint> whole() {
        return points;
    }

    /** What has been added since the last of them. */
    public Optional<Begun> begun() {
        return count == 0 ? Optional.empty() : Optional.of(new Begun(loss, accuracy, count));
    }

    /** Every point; the last one is of fewer steps where those do not come out even. */
    public List<CurvePoint> points() {
        if (count > 0) {
            close();
        }
        return points;
    }
}
