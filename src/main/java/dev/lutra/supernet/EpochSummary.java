package dev.lutra.supernet;

/**
 * One point of the training curve.
 *
 * @param epoch counted from 1
 * @param loss mean over the epoch's steps
 * @param trainAccuracy share of training images that the sampled paths got right while they learned, augmented
 * @param validationAccuracy mean accuracy of a few random subnets on validation images, batch norm recalibrated
 */
public record EpochSummary(int epoch, double loss, double trainAccuracy, double validationAccuracy) {}
