package dev.lutra.supernet.evaluation;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.ImageData;
import dev.lutra.data.Split;
import dev.lutra.lowering.BatchNormFolding;
import dev.lutra.lowering.HalfPrecision;
import dev.lutra.lowering.LoweredNetwork;
import dev.lutra.lowering.Lowering;
import dev.lutra.lowering.Precision;
import dev.lutra.lowering.WeightRounding;
import dev.lutra.network.Network;
import dev.lutra.network.SharedTensor.Role;
import dev.lutra.network.Weight;
import dev.lutra.network.WeightSource;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.UniformBits;
import dev.lutra.supernet.BatchStatistics;
import dev.lutra.supernet.Forward;
import dev.lutra.supernet.Images;
import dev.lutra.supernet.Inference;
import dev.lutra.supernet.Normalizer;
import dev.lutra.supernet.Parameters;
import dev.lutra.supernet.RunningStatistics;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.Views;
import dev.lutra.supernet.blockwise.BlockTeacher;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;

/** Judges architectures on one device, with images of its own there. */
final class SubnetJudge {

    private final SearchSpace space;
    private final SupernetWeights weights;
    private final NDManager manager;
    private final boolean isElsewhere;
    private final EvaluationSettings settings;
    private final Split train;
    private final int batch;
    private final KeptBatches recalibration;
    private final KeptBatches validation;
    private final int validationImages;

    /**
     * @param manager of the device, owns the images
     * @param isElsewhere whether the weights are on another device
     */
    SubnetJudge(SearchSpace space, SupernetWeights weights, NDManager manager, boolean isElsewhere, ImageData data,
        EvaluationSettings settings) {
        this.space = space;
        this.weights = weights;
        this.manager = manager;
        this.isElsewhere = isElsewhere;
        this.settings = settings;
        train = data.train();
        batch = Math.min(settings.batch(), train.size());
        long imageBytes = space.input().elements() * Float.BYTES;
        recalibration = new KeptBatches(() -> settings.recalibration() == Recalibration.WEIGHTED
            ? train.sampleToTheLast(batch, settings.recalibrationImages(), settings.seed())
            : train.sample(batch, settings.recalibrationImages(), settings.seed()), manager,
            Math.min(settings.recalibrationImages(), train.size()) * imageBytes);
        validationImages = Math.min(settings.validationImages(), data.validation().size());
        validation = new KeptBatches(() -> data.validation().inOrder(settings.batch(), settings.validationImages()), manager,
            validationImages * imageBytes);
    }

    /**
     * How an architecture is judged on validation images.
     *
     * @param least accuracy that it is to reach
     */
    Judged judge(Architecture architecture, double least) {
        if (weights.measured().isEmpty() && !settings.recalibration().isMeasured()) {
            try (NDManager candidate = manager.newSubManager()) {
                Network network = space.build(architecture);
                Parameters shared = shared(candidate);
                Normalizer own = new BatchStatistics(candidate);
                return judged(images -> Forward.inference(network, shared, own, images), least);
            }
        }
        try (Inference inference = inference(subnet(architecture), Precision.FLOAT32)) {
            return judged(inference::logits, least);
        }
    }

    private Judged judged(UnaryOperator<NDArray> logits, double least) {
        Hits[] hits = {Hits.NONE};
        boolean[] isHopeless = {false};
        validation.whileTrue((images, shown) -> {
            int before = hits[0].images();
            hits[0] = hits[0].plus(Hits.of(logits.apply(images).toFloatArray(), shown, settings.threshold()));
            isHopeless[0] = settings.stopping().filter(stopping -> stopping.looks(before, hits[0].images(), validationImages)
                && stopping.atMost(hits[0], validationImages) < least).isPresent();
            return !isHopeless[0];
        });
        return new Judged(hits[0], isHopeless[0]
            ? OptionalDouble.of(settings.stopping().orElseThrow().atMost(hits[0], validationImages))
            : OptionalDouble.empty());
    }

    /** The subnet as it is exported unless a file is to keep its batch norm: what is judged is what will be used. */
    private Inference inference(Subnet subnet, Precision precision) {
        List<Lowering> passes = precision == Precision.FLOAT16
            ? List.of(new BatchNormFolding(), new WeightRounding(), new HalfPrecision())
            : List.of(new BatchNormFolding(), new WeightRounding());
        return new Inference(LoweredNetwork.of(subnet.network(), subnet.weights()).after(passes), manager.newSubManager());
    }

    /** How far ways to make stages are from their teacher. */
    double[] errors(BlockTeacher teacher, List<StageJudge.Part> parts) {
        try (NDManager work = manager.newSubManager()) {
            return new StageJudge(teacher, settings, recalibration, validation).errors(parts, shared(work), work);
        }
    }

    /** What an architecture gets right of all images of another split. */
    Hits hits(Architecture architecture, Split split) {
        try (Inference inference = inference(subnet(architecture), Precision.FLOAT32);
            Batches batches = split.inOrder(batch, split.size())) {
            Hits hits = Hits.NONE;
            while (batches.hasNext()) {
                Batch next = batches.next();
                try (NDManager pass = manager.newSubManager()) {
                    hits = hits.plus(Hits.of(inference.logits(Images.of(next, pass)).toFloatArray(), next.shown(), settings.threshold()));
                }
            }
            return hits;
        }
    }

    /** Outputs of a subnet for some images, row-major: images, then classes. */
    float[] logits(Subnet subnet, Precision precision, Batch images) {
        try (Inference inference = inference(subnet, precision)) {
            return inference.logits(images);
        }
    }

    /** An architecture ready for use. */
    Subnet subnet(Architecture architecture) {
        Network network = space.build(architecture);
        if (!weights.measured().isEmpty()) {
            return subnet(architecture, network, weights.measured()); // of the one network that has these weights
        }
        try (NDManager candidate = manager.newSubManager()) {
            Parameters shared = shared(candidate);
            if (settings.ranges().isEmpty() || !network.isQuantized()) {
                return subnet(architecture, network, recalibrate(network, shared, candidate).values());
            }
            Normalizer own = new BatchStatistics(candidate);
            Map<String, float[]> steps = steps(network, settings.ranges().get(),
                (images, ranges) -> Forward.inference(network, shared, own, images, ranges));
            Map<String, NDArray> arrays = new HashMap<>();
            Parameters ranged = weight -> weight.tensor().role() == Role.STEP
                ? arrays.computeIfAbsent(weight.tensor().name(), name -> candidate.create(steps.get(name)))
                : shared.get(weight);
            Subnet learned = subnet(architecture, network, recalibrate(network, ranged, candidate).values());
            return new Subnet(architecture, network, withSteps(steps, learned.weights()));
        }
    }

    private static WeightSource withSteps(Map<String, float[]> steps, WeightSource others) {
        return weight -> weight.tensor().role() == Role.STEP ? steps.get(weight.tensor().name()).clone() : others.read(weight);
    }

    /**
     * The steps of a network's grids by what comes to them, in parts of their units.
     *
     * @param look a forward pass of some images that the hook sees
     */
    private Map<String, float[]> steps(Network quantized, Calibration calibration, BiConsumer<NDArray, Forward.Hook> look) {
        Ranges ranges = new Ranges(quantized);
        try (Batches batches = train.sample(batch, Math.min(calibration.images(), train.size()), settings.seed())) {
            while (batches.hasNext()) {
                try (NDManager pass = manager.newSubManager()) {
                    NDArray images = Images.of(batches.next(), pass);
                    ranges.images(images);
                    look.accept(images, ranges);
                }
            }
        }
        return ranges.steps(calibration);
    }

    /**
     * An architecture ready for use in few bits, with the weights of one in real numbers.
     *
     * @param architecture in real numbers
     * @param bits whose space has the same layers
     */
    Subnet subnet(Architecture architecture, UniformBits bits, Calibration calibration) {
        Subnet real = subnet(architecture);
        Architecture chosen = bits.architecture(architecture);
        Network network = bits.space().build(chosen);
        try (NDManager candidate = manager.newSubManager()) {
            Map<Weight, NDArray> arrays = new HashMap<>();
            Parameters parameters = weight -> arrays.computeIfAbsent(weight,
                key -> candidate.create(real.weights().read(key), Views.shape(key)));
            Map<String, float[]> steps = steps(network, calibration,
                (images, ranges) -> Forward.inference(real.network(), parameters, RunningStatistics.given(parameters), images, ranges));
            return new Subnet(chosen, network, withSteps(steps, real.weights()));
        }
    }

    private RunningStatistics recalibrate(Network network, Parameters parameters, NDManager candidate) {
        RunningStatistics statistics = new RunningStatistics(candidate, settings.recalibration().averaging());
        recalibration.forEach((images, shown) -> {
            statistics.nextBatch(shown.size());
            Forward.inference(network, parameters, statistics, images);
        });
        return statistics;
    }

    private Subnet subnet(Architecture architecture, Network network, Map<String, float[]> running) {
        WeightSource source = weight -> weight.tensor().role().isParameter()
            ? weights.read(weight)
            : running(running, weight, architecture);
        return new Subnet(architecture, network, source);
    }

    private static float[] running(Map<String, float[]> values, Weight weight, Architecture architecture) {
        float[] found = values.get(weight.tensor().name());
        if (found == null) {
            throw new IllegalArgumentException(weight.tensor().name() + ": not in " + architecture);
        }
        return found.clone();
    }

    private Parameters shared(NDManager owner) {
        Map<Weight, NDArray> views = new HashMap<>();
        return weight -> views.computeIfAbsent(weight, key -> {
            NDArray view = Views.detached(weights.tensor(key.tensor()), key, owner);
            return isElsewhere ? copied(view, owner) : view;
        });
    }

    private static NDArray copied(NDArray view, NDManager owner) {
        try (view) {
            NDArray copy = view.toDevice(owner.getDevice(), true);
            copy.attach(owner);
            return copy;
        }
    }
}
