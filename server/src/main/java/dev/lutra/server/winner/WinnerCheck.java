package dev.lutra.server.winner;

import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.data.ImageData;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.Prediction;
import dev.lutra.latency.correction.CorrectedLatency;
import dev.lutra.search.Candidate;
import dev.lutra.search.Measure;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.winner.Winner;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Has the targets' devices confirm exported winners, and holds against their tables what they measure. */
public final class WinnerCheck {

    private final Experiment experiment;
    private final SearchSpace space;
    private final WinnerExport files;
    private final Map<String, LatencyModel> models;
    private final DeviceCheck devices;

    /**
     * @param tables by device
     */
    public WinnerCheck(Experiment experiment, SearchSpace space, WinnerExport files, Map<String, LookupTable> tables, DeviceCheck devices) {
        this.experiment = experiment;
        this.space = space;
        this.files = files;
        models = tables.entrySet().stream().collect(Collectors.toMap(Map.Entry::getKey, table -> new LatencyModel(table.getValue())));
        this.devices = devices;
    }

    /** Runs an exported winner on every target. */
    public Winner verify(int rank, Candidate candidate, SubnetEvaluator evaluator, ImageData data) {
        List<Winner.Check> checks = new ArrayList<>();
        try (Batches images = data.validation().inOrder(DeviceCheck.COMPARED_IMAGES, DeviceCheck.COMPARED_IMAGES)) {
            Batch batch = images.next();
            for (Experiment.Target target : experiment.targets()) {
                float[] expected = evaluator.logits(candidate.architecture(), target.precision(), batch);
                checks.add(check(target, devices.observe(target, files.file(rank, target.precision()), batch, expected), candidate));
            }
        }
        return new Winner(candidate.architecture().toString(), WinnerExport.fileName(rank), candidate.measures().values(), checks);
    }

    private Winner.Check check(Experiment.Target target, DeviceCheck.Observed observed, Candidate candidate) {
        Prediction predicted = models.get(target.device()).predict(space.build(candidate.architecture()));
        return new Winner.Check(target.device(), predicted.nanos(), predicted.interval(), observed.latency().getP50Nanos(),
            observed.latency().getP90Nanos(), observed.latency().getP99Nanos(), devices.limit(Measure.latency(target.device())),
            predicted.p99().map(CorrectedLatency.Tail::nanos), devices.limit(Measure.p99(target.device())),
            observed.difference(), observed.difference() <= Winner.tolerance(target.precision()));
    }
}
