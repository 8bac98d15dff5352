package dev.lutra.supernet.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.network.Network;
import dev.lutra.supernet.BatchStatistics;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Normalizer;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.RunningStatistics;
import dev.lutra.supernet.blockwise.BlockTeacher;
import java.util.ArrayList;
import java.util.List;

/** Holds stages against what a teacher makes of the same images, each by itself, on one device. */
final class StageJudge {

    private final BlockTeacher teacher;
    private final EvaluationSettings settings;
    private final KeptBatches recalibration;
    private final KeptBatches validation;

    StageJudge(BlockTeacher teacher, EvaluationSettings settings, KeptBatches recalibration, KeptBatches validation) {
        this.teacher = teacher;
        this.settings = settings;
        this.recalibration = recalibration;
        this.validation = validation;
    }

    /**
     * One way to make a stage.
     *
     * @param number of the stage
     * @param network its part of a network
     */
    record Part(int number, Network network) {}

    /**
     * How far parts are from their teacher on all validation images: mean absolute difference over the teacher's standard deviation (Li et al.
     * 2020, equation 10). The teacher sees every image once for all of them.
     *
     * @param weights of parts and teacher
     * @param manager owns statistics, and lives for as long as the weights
     */
    double[] errors(List<Part> parts, Parameters weights, NDManager manager) {
        List<Normalizer> normalizers = normalizers(parts, weights, manager);
        double[] absolute = new double[parts.size()];
        Moments[] moments = new Moments[teacher.stages().all().size()];
        for (int stage = 0; stage < moments.length; stage++) {
            moments[stage] = new Moments();
        }
        validation.forEach((images, shown) -> {
            List<NDArray> features = teacher.features(weights, images);
            for (int stage = 0; stage < moments.length; stage++) {
                moments[stage].add(features.get(stage + 1));
            }
            for (int i = 0; i < parts.size(); i++) {
                int stage = parts.get(i).number();
                try (NDManager pass = images.getManager().newSubManager()) {
                    NDArray given = Forward.inference(parts.get(i).network(), weights, normalizers.get(i), on(pass, features.get(stage)));
                    absolute[i] += given.sub(features.get(stage + 1)).abs().mean().getFloat() * features.get(stage + 1).size();
                }
            }
        });
        for (int i = 0; i < absolute.length; i++) {
            Moments own = moments[parts.get(i).number()];
            absolute[i] /= own.count * own.deviation();
        }
        return absolute;
    }

    /** Batch norm of the parts, measured on what the teacher gives them. */
    private List<Normalizer> normalizers(List<Part> parts, Parameters weights, NDManager manager) {
        List<Normalizer> normalizers = new ArrayList<>();
        if (!settings.recalibration().isMeasured()) {
            parts.forEach(part -> normalizers.add(new BatchStatistics(manager)));
            return normalizers;
        }
        List<RunningStatistics> measured = parts.stream().map(part -> new RunningStatistics(manager, settings.recalibration().averaging())).toList();
        recalibration.forEach((images, shown) -> {
            List<NDArray> features = teacher.features(weights, images);
            for (int i = 0; i < parts.size(); i++) {
                measured.get(i).nextBatch(shown.size());
                try (NDManager pass = images.getManager().newSubManager()) {
                    Forward.inference(parts.get(i).network(), weights, measured.get(i), on(pass, features.get(parts.get(i).number())));
                }
            }
        });
        measured.forEach(statistics -> normalizers.add(RunningStatistics.given(statistics)));
        return normalizers;
    }

    /** The same values, whose results belong to a manager. */
    private static NDArray on(NDManager manager, NDArray values) {
        NDArray own = values.stopGradient();
        own.attach(manager);
        return own;
    }

    /** Of all that a stage of the teacher gives. */
    private static final class Moments {

        private long count;
        private double sum;
        private double squares;

        void add(NDArray values) {
            try (NDArray mean = values.mean(); NDArray squared = values.square(); NDArray meanSquare = squared.mean()) {
                count += values.size();
                sum += (double) mean.getFloat() * values.size();
                squares += (double) meanSquare.getFloat() * values.size();
            }
        }

        double deviation() {
            double mean = sum / count;
            return Math.sqrt(Math.max(squares / count - mean * mean, Double.MIN_NORMAL));
        }
    }
}
