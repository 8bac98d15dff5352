package dev.lutra.server.event;

import java.util.Optional;

/**
 * Thins the steps of trainings to those that are kept. Those that stand for others begin and end within an epoch, which is where a training
 * that was cut off goes on, so that it gives the same ones again.
 */
final class StepMeans {

    private String epoch = "";
    private double loss;
    private double accuracy;
    private int count;

    /** The step with the means of those since the one before that was left, if it is to be left. */
    Optional<RunEvent.TrainingStep> add(RunEvent.TrainingStep step) {
        String now = step.training() + " " + step.epoch();
        if (!now.equals(epoch)) {
            begin(now);
        }
        loss += step.loss();
        accuracy += step.accuracy();
        count++;
        if (!step.isKept()) {
            return Optional.empty();
        }
        RunEvent.TrainingStep mean = new RunEvent.TrainingStep(step.training(), step.epoch(), step.epochs(), step.step(), step.steps(),
            loss / count, accuracy / count, step.learningRate());
        begin(now);
        return Optional.of(mean);
    }

    private void begin(String now) {
        epoch = now;
        loss = 0;
        accuracy = 0;
        count = 0;
    }
}
