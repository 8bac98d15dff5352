package dev.lutra.server.winner;

import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.ImageData;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Prediction;
import dev.lutra.latency.correction.CorrectedLatency;
import dev.lutra.latency.correction.EnergyModel;
import dev.lutra.latency.correction.Interval;
import dev.lutra.latency.correction.MemoryModel;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.onnx.deploy.DetectorSpace;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Energy;
import dev.lutra.proto.Measured;
import dev.lutra.proto.WholeNetwork;
import dev.lutra.search.Candidate;
import dev.lutra.search.Measure;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.outcome.InIntegers;
import dev.lutra.server.profile.Profiler;
import dev.lutra.server.profile.TargetTable;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Has the targets' devices confirm exported winners, and holds against their tables what they measure. */
public final class WinnerCheck {

    private final Experiment experiment;
    private final SearchSpace timed;
    private final SearchSpace whole;
    private final WinnerExport files;
    private final Map<String, LatencyModel> models;
    private final DeviceCheck devices;
    private final Map<String, Map<String, Long>> firstPredicted;

    /**
     * @param timed the space whose networks devices time
     * @param tables by device
     * @param firstPredicted medians in nanoseconds, by device and architecture, of networks that tables have learned from since
     */
    public WinnerCheck(Experiment experiment, SearchSpace timed, WinnerExport files, Map<String, LookupTable> tables, DeviceCheck devices,
        Map<String, Map<String, Long>> firstPredicted) {
        this.firstPredicted = firstPredicted;
        this.experiment = experiment;
        this.timed = timed;
        whole = timed instanceof DetectorSpace detector ? detector.whole() : timed;
        this.files = files;
        models = tables.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, table -> new LatencyModel(table.getValue())));
        this.devices = devices;
    }

    /**
     * What devices said of a network.
     *
     * @param points its latency by device, as a table takes it to be corrected by
     */
    public record Verified(Candidate candidate, Winner winner, Map<String, WholeNetwork> points) {}

    /**
     * Runs an exported network on every target.
     *
     * @param name of its files
     */
    public Verified verify(String name, Candidate candidate, SubnetEvaluator evaluator, ImageData data) {
        List<Winner.Check> checks = new ArrayList<>();
        Map<String, WholeNetwork> points = new LinkedHashMap<>();
        Optional<WinnerExport.IntegerFile> integers = files.integers(name, candidate, evaluator);
        try (Batches images = data.validation().inOrder(DeviceCheck.COMPARED_IMAGES, DeviceCheck.COMPARED_IMAGES)) {
            Batch batch = images.next();
            Optional<float[]> ofIntegers = integers.map(file -> evaluator.logits(file.subnet(), Precision.FLOAT32, batch));
            for (Experiment.Target target : experiment.targets()) {
                float[] expected = evaluator.logits(candidate.architecture(), target.precision(), batch);
                LatencyModel model = models.get(target.device());
                Network network = timed.build(candidate.architecture());
                DeviceCheck.Observed observed = devices.observe(target, files.file(name, target.precision()), whole.build(candidate.architecture()),
                    batch, expected);
                Optional<Long> full = target.precision() == Precision.FLOAT32
                    ? Optional.empty()
                    : Optional.of(devices.time(target, files.file(name, Precision.FLOAT32), timed.imageSize()).getP50Nanos());
                WholeNetwork point = Profiler.point(timed, candidate.architecture(), model, network, observed.measured()).setVerified(true).build();
                Optional<InIntegers> integer = integers.map(file -> devices.inIntegers(target, file, batch, ofIntegers.orElseThrow()));
                checks.add(check(target, observed, model, network, full, integer, learned(target, model, point)));
                points.put(target.device(), point);
            }
        }
        return new Verified(candidate,
            new Winner(candidate.architecture().toString(), WinnerExport.fileName(name), candidate.measures().values(), checks), points);
    }

    private Winner.Check check(Experiment.Target target, DeviceCheck.Observed observed, LatencyModel model, Network network,
        Optional<Long> fullNanos, Optional<InIntegers> integers, Optional<Winner.Learned> learned) {
        Prediction predicted = model.predict(network);
        Optional<MemoryModel.Predicted> peak = model.memory().map(memory -> memory.predict(model.memoryOf(network)));
        Optional<EnergyModel.Predicted> energy = model.energy().map(sums -> sums.predict(
            predicted.parts().stream().map(Prediction.Part::key).toList()));
        Distribution measured = observed.measured().getLatency();
        return new Winner.Check(target.device(), target.batch(),
            experiment.superkernel().map(kernels -> kernels.targets().get(target.device())).map(Duration::toNanos),
            new Comparison(devices.limit(Measure.latency(target.device())), Optional.of(predicted.nanos()), predicted.interval(),
                measured.getP50Nanos(), around(measured.getP50Nanos(), measured.getRelativeHalfWidth())),
            new Comparison(devices.limit(Measure.p99(target.device())), predicted.p99().map(CorrectedLatency.Tail::nanos),
                predicted.p99().map(CorrectedLatency.Tail::interval), measured.getP99Nanos(), Optional.empty()),
            new Comparison(devices.limit(Measure.memory(target.device())), peak.map(MemoryModel.Predicted::bytes),
                peak.map(MemoryModel.Predicted::interval), observed.measured().getMemory().getPeakBytes(), Optional.empty()),
            new Comparison(devices.limit(Measure.energy(target.device())), energy.map(EnergyModel.Predicted::nanojoules),
                energy.map(EnergyModel.Predicted::interval), nanojoules(observed.measured()), around(observed.measured().getEnergy())),
            fullNanos, integers, measured.getP90Nanos(), observed.measured().getMemory().getRunningBytes(), observed.difference(),
            observed.difference() <= Winner.tolerance(target.precision(), network),
            learned);
    }

    private Optional<Winner.Learned> learned(Experiment.Target target, LatencyModel model, WholeNetwork point) {
        return TargetTable.hasLearned(model.table(), point)
            ? Optional.of(new Winner.Learned(Optional.ofNullable(firstPredicted.getOrDefault(target.device(), Map.of())
                .get(point.getArchitecture()))))
            : Optional.empty();
    }

    /** At least 1 where it was told: 0 is what nobody told. */
    static long nanojoules(Measured measured) {
        return measured.hasEnergy() ? Math.max(1, Math.round(measured.getEnergy().getNanojoules())) : 0;
    }

    private static Optional<Interval> around(Energy energy) {
        double half = energy.getHalfWidthNanojoules();
        return energy.getWindows() == 0
            ? Optional.empty()
            : Optional.of(new Interval(Math.round(Math.max(0, energy.getNanojoules() - half)), Math.round(energy.getNanojoules() + half)));
    }

    /** Of a single slice nobody knows how well it tells the median. */
    private static Optional<Interval> around(long nanos, double halfWidth) {
        return halfWidth > 0 && Double.isFinite(halfWidth)
            ? Optional.of(new Interval(Math.round(nanos * Math.max(0, 1 - halfWidth)), Math.round(nanos * (1 + halfWidth))))
            : Optional.empty();
    }
}
