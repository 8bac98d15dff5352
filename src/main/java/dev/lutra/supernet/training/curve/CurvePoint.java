package dev.lutra.supernet.training.curve;

/**
 * A point of the training curve: averages over the steps since the point before.
 *
 * @param step steps taken so far
 * @param loss mean training loss
 * @param accuracy share of augmented training images that the sampled paths got right, 0 to 1
 * @param learningRate of the last step
 */
public record CurvePoint(long step, double loss, double accuracy, double learningRate) {}
