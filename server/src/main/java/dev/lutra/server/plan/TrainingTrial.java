package dev.lutra.server.plan;

import dev.lutra.data.Batch;
import dev.lutra.data.DataProgress;
import dev.lutra.data.DataSpec;
import dev.lutra.data.ImageData;
import dev.lutra.data.source.Source;
import dev.lutra.server.training.ResidentMemory;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.curriculum.Curriculum.Span;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.training.Teaching;
import dev.lutra.supernet.training.TrainingSettings;
import dev.lutra.supernet.training.Trial;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Times a few steps of a training, of every phase, and a few evaluations. Steps are of smaller batches where those of the experiment could
 * take minutes or more memory than there is; their time grows with the images, and so does the memory that activations take.
 */
final class TrainingTrial implements AutoCloseable {

    /** So many values of pixels a batch at first, which is 16 images of 224×224, then twice as many. */
    private static final long VALUES = 16L * 224 * 224 * 3;
    private static final int LEAST_IMAGES = 4;
    /** When in a phase steps are timed: what they take changes with the epochs where channel scales are let in one after the other. */
    private static final double[] WHEN = {1.0 / 2, 1.0 / 6, 5.0 / 6};
    private static final long ENOUGH_NANOS = 10_000_000_000L;
    private static final int CLASSES = 2;

    private final SearchSpace space;
    private final TrainingSettings settings;
    private final Trial trial;
    private final Batch few;
    private final Batch more;
    private long steps;

    /** @param teaching of a network by itself; its teacher stays open for as long as this is used */
    TrainingTrial(SearchSpace space, TrainingSettings settings, Teaching teaching, Devices devices) {
        this.space = space;
        this.settings = settings;
        trial = new Trial(space, settings, teaching, devices);
        int first = (int) Math.min(settings.batch(), Math.max(LEAST_IMAGES, VALUES / space.input().elements()));
        few = trial.images(first);
        more = trial.images(Math.min(settings.batch(), 2 * first));
    }

    /** What the trial took this for. */
    String described() {
        return steps + " steps of " + more.size() + " images";
    }

    /** Seconds of the whole training on so many images an epoch. */
    double seconds(int images) {
        double seconds = 0;
        for (Span phase : trial.phases()) {
            long perEpoch = images / settings.batch();
            seconds += (phase.end() - phase.start()) * perEpoch * settings.batch() * secondsPerImage(phase);
        }
        return seconds;
    }

    private double secondsPerImage(Span phase) {
        trial.step(phase, WHEN[0], more);
        int[] done = {0};
        double seconds = timed(() -> trial.step(phase, WHEN[done[0]++], more));
        steps += done[0];
        return seconds / more.size();
    }

    /** Seconds of the epoch that measures batch norm when the weights are done, on so many images; 0 without one. */
    double secondsOfBatchNorm(int images) {
        if (!settings.recipe().batchNormEpoch()) {
            return 0;
        }
        trial.measure(more);
        return timed(() -> trial.measure(more)) / more.size() * (images / settings.batch()) * settings.batch();
    }

    /** Seconds that something takes, which is done a few times, or once if that is long. */
    private static double timed(Runnable work) {
        long begin = System.nanoTime();
        int done = 0;
        while (done < WHEN.length && (done == 0 || System.nanoTime() - begin < ENOUGH_NANOS)) {
            work.run();
            done++;
        }
        return (System.nanoTime() - begin) / 1e9 / done;
    }

    /** Images of random values, as many as are seen at a time at first. */
    Batch images() {
        return few;
    }

    /** Bytes of a learned value in a checkpoint, with all that is kept beside it; known when steps were taken. */
    double bytesOfLearned() {
        return Float.BYTES * trial.valuesKept();
    }

    /**
     * What this process holds while it takes steps.
     *
     * @param bytes with so many images
     * @param perImage bytes more that each further one takes
     */
    record Memory(long bytes, int images, double perImage) {

        /** With a batch of so many images. */
        long of(int batch) {
            return Math.round(bytes + perImage * (batch - images));
        }

        /** The same where images are known to take at least what they take in another measurement: freed memory is used again, and not seen. */
        Memory atLeast(Memory other) {
            return new Memory(bytes, images, Math.max(perImage, other.perImage));
        }
    }

    /** As steps of two sizes tell; empty where the system does not tell what a process holds. */
    Optional<Memory> memory() {
        Span last = trial.phases().get(trial.phases().size() - 1);
        trial.step(last, 0, few);
        Optional<Long> one = ResidentMemory.bytes();
        trial.step(last, 0, more);
        Optional<Long> two = ResidentMemory.bytes();
        if (one.isEmpty() || two.isEmpty()) {
            return Optional.empty();
        }
        double perImage = more.size() == few.size() ? 0 : Math.max(0.0, two.get() - one.get()) / (more.size() - few.size());
        return Optional.of(new Memory(two.get(), more.size(), perImage));
    }

    /**
     * Seconds that a candidate takes where several are judged at once.
     *
     * @param images that are there to validate with
     * @param folder for images that are drawn
     */
    double secondsPerCandidate(EvaluationSettings wanted, int images, Path folder) {
        return secondsPerImage(wanted, wanted.evaluators(), 2 * wanted.evaluators(), folder)
            * (wanted.imagesToRecalibrate() + Math.min(images, wanted.validationImages()));
    }

    /** Seconds that an image takes, to measure batch norm or to be judged, of one network at a time. */
    double secondsPerImage(EvaluationSettings wanted, Path folder) {
        return secondsPerImage(wanted, 1, 2, folder);
    }

    private double secondsPerImage(EvaluationSettings wanted, int evaluators, int networks, Path folder) {
        int each = Math.max(2 * LEAST_IMAGES, (int) (VALUES / space.input().elements()));
        EvaluationSettings small = new EvaluationSettings(wanted.recalibration(), Math.min(each, wanted.recalibrationImages()),
            Math.min(each, wanted.validationImages()), Math.min(each, wanted.batch()), wanted.seed(), evaluators, Optional.empty())
            .ranges(wanted.ranges());
        DataSpec drawn = new DataSpec(new Source.Synthetic(CLASSES, each), Optional.empty(), Optional.empty(), 0.5, space.imageSize(), 1,
            DataSpec.Care.NONE);
        try (ImageData data = ImageData.open(drawn, folder, DataProgress.NONE)) {
            trial.evaluate(evaluators, data, small);
            long begin = System.nanoTime();
            trial.evaluate(networks, data, small);
            return (System.nanoTime() - begin) / 1e9 / networks / (small.imagesToRecalibrate() + small.validationImages());
        }
    }

    @Override
    public void close() {
        trial.close();
    }
}
