package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.data.Batch;
import dev.lutra.data.Batches;
import dev.lutra.identity.NamedValues;
import dev.lutra.lowering.Precision;
import dev.lutra.network.Network;
import dev.lutra.proto.content.Sha256;
import dev.lutra.server.cluster.LoneAssignment;
import dev.lutra.server.cluster.LoneTrainings;
import dev.lutra.server.event.RunEvent.NetworkRetrained;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment.FirstWeights;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.outcome.NetworkFolder;
import dev.lutra.server.outcome.RetrainedNetwork;
import dev.lutra.server.retrain.LoneNetwork;
import dev.lutra.server.retrain.LoneTraining;
import dev.lutra.server.retrain.RetrainRequest;
import dev.lutra.server.retrain.Sibling;
import dev.lutra.server.retrain.Taught;
import dev.lutra.server.training.Probes;
import dev.lutra.server.training.TrainingProgress;
import dev.lutra.server.training.TrainingTurn;
import dev.lutra.server.winner.DeviceCheck;
import dev.lutra.server.winner.Winner;
import dev.lutra.server.winner.WinnerExport;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.evaluation.Hits;
import dev.lutra.supernet.evaluation.SubnetEvaluator;
import dev.lutra.supernet.training.Checkpoint;
import dev.lutra.supernet.training.Start;
import dev.lutra.supernet.training.Trainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Trains networks by themselves, each in a folder of its own, writes them as ONNX in the precisions of the targets, and has the targets'
 * devices confirm the files. Without any named they are the winners that devices confirmed, or while no device was asked the first.
 */
final class RetrainStage implements Stage<List<RetrainedNetwork>> {

    private final RetrainRequest request;

    RetrainStage(RetrainRequest request) {
        this.request = request;
    }

    @Override
    public String name() {
        return "retrain";
    }

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return request.isForWinners() ? Set.of(Artifact.FRONT) : Set.of();
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of();
    }

    /**
     * @throws InputException if the experiment has no images to train on, a network that is named is none or has no weights to begin
     *     with, or a device cannot be reached
     */
    @Override
    public void check(RunContext run) {
        run.requireDevices();
        run.experiment().dataSpec(run.experiment().baseSpace());
        if (request.isForWinners() && run.experiment().retraining().space().isEmpty()) {
            WinnerExport.check(run.experiment(), run.space());
        }
        request.networks(run.space()).stream().map(network -> grown(run, network)).forEach(network -> requireStart(run, network));
        new Taught(run).close();
        if (asksDevices(run)) {
            run.requireReachable(run.experiment().targets());
        }
    }

    private boolean asksDevices(RunContext run) {
        return request.asksDevices() && !run.experiment().targets().isEmpty();
    }

    @Override
    public List<RetrainedNetwork> run(RunContext run) {
        List<RetrainedNetwork> retrained = new ArrayList<>();
        List<LoneNetwork> networks = (request.isForWinners() ? winners(run) : request.networks(run.space())).stream()
            .map(network -> grown(run, network)).toList();
        networks.forEach(network -> requireStart(run, network)); // before the first of them is trained for days
        onCluster(run, networks, name());
        for (LoneNetwork network : networks) {
            Optional<Hits> before = before(run, network);
            RetrainedNetwork done = alone(run, network, "retrain " + network.name(), trained -> finished(run, network, before, trained));
            run.events().emit(told(run, done));
            retrained.add(done);
        }
        run.renewReport();
        return retrained;
    }

    /** What is told of a network: where no device was asked, with what they said of it before. */
    private NetworkRetrained told(RunContext run, RetrainedNetwork done) {
        SortedMap<String, String> files = new TreeMap<>();
        done.files().forEach(file -> files.put(inFolder(run, file), Sha256.ofFile(file)));
        NetworkRetrained told = NetworkRetrained.of(inFolder(run, done.file()), files, done);
        if (asksDevices(run)) {
            return told;
        }
        NetworkRetrained standing = run.history().all(NetworkRetrained.class).stream().filter(earlier -> earlier.file().equals(told.file()))
            .findFirst().map(told::withVerdictsOf).orElse(told);
        standing.refusedBy().forEach(device -> run.events().emit(new RunEvent.Warning(name(), done.name() + ": " + device
            + " refused " + told.file() + " before and was not asked again")));
        return standing;
    }

    private static String inFolder(RunContext run, Path file) {
        return run.folder().root().relativize(file).toString();
    }

    private static List<LoneNetwork> winners(RunContext run) {
        List<LoneNetwork> winners = new ArrayList<>();
        run.chosen(false).forEach((rank, candidate) -> winners.add(new LoneNetwork("winner-" + rank, run.space(), candidate.architecture())));
        return winners;
    }

    /**
     * A network of the experiment's space in the space that it is to be retrained in, where that is another.
     *
     * @throws InputException if that space has other genes
     */
    private static LoneNetwork grown(RunContext run, LoneNetwork network) {
        Optional<String> wanted = run.experiment().retraining().space();
        return wanted.isEmpty() || !network.space().equals(run.space())
            ? network
            : new Sibling(wanted.get()).of(network);
    }

    /** With the supernet's weights, where there is a trained one that has the network. */
    private static Optional<Hits> before(RunContext run, LoneNetwork network) {
        return network.shared(run.space()).filter(shared -> run.isSupernetTrained()).map(shared -> run.evaluator().hits(shared));
    }

    private RetrainedNetwork finished(RunContext run, LoneNetwork network, Optional<Hits> before, Trained trained) {
        WinnerExport.Retrained written = run.exporter().exportRetrained(trained.folder(), network, exported(run, trained), trained.judge(),
            run.data());
        Cost cost = Cost.of(network.space().build(network.architecture()));
        return new RetrainedNetwork(network.name(), network.architecture().toString(), written.files(), cost.macs(),
            cost.params(), before, trained.judge().hits(network.architecture()),
            asksDevices(run) ? devices(run, network, trained, written.integers()) : List.of());
    }

    /** What the weights in a file follow from: the training, and the images that batch norm is measured on unless training did that. */
    private static NamedValues exported(RunContext run, Trained trained) {
        NamedValues.Builder origin = NamedValues.builder().putAll(trained.origin());
        if (!run.experiment().retraining().training().recipe().batchNormEpoch()) {
            origin.putAll(run.experiment().evaluation().leaving());
        }
        return origin.build();
    }

    private static List<RetrainedNetwork.OnDevice> devices(RunContext run, LoneNetwork network, Trained trained,
        Optional<WinnerExport.IntegerFile> integers) {
        DeviceCheck check = new DeviceCheck(run.experiment(), run.id(), run.fleet());
        List<RetrainedNetwork.OnDevice> devices = new ArrayList<>();
        try (Batches images = run.data().validation().inOrder(DeviceCheck.COMPARED_IMAGES, DeviceCheck.COMPARED_IMAGES)) {
            Batch batch = images.next();
            Optional<float[]> ofIntegers = integers.map(file -> trained.judge().logits(file.subnet(), Precision.FLOAT32, batch));
            for (Experiment.Target target : run.experiment().targets()) {
                float[] expected = trained.judge().logits(network.architecture(), target.precision(), batch);
                DeviceCheck.Observed observed = check.observe(target, trained.folder().file(target.precision()),
                    network.space().build(network.architecture()), batch, expected);
                devices.add(new RetrainedNetwork.OnDevice(target.device(), observed.measured().getLatency().getP50Nanos(), observed.difference(),
                    observed.difference() <= Winner.tolerance(target.precision(), network.space().build(network.architecture())),
                    check.isWithinLimits(target, observed.measured()),
                    integers.map(file -> check.inIntegers(target, file, batch, ofIntegers.orElseThrow()))));
            }
        }
        return devices;
    }

    /**
     * A network that has been trained by itself.
     *
     * @param origin what its weights follow from
     * @param judge of them
     * @param folder what belongs to it
     */
    record Trained(NamedValues origin, SubnetEvaluator judge, NetworkFolder folder) {}

    /**
     * Trains one network, or what is left of that, as the experiment's {@code retrain} says.
     *
     * @param name of the training on a console
     * @param use of what has been trained
     * @return what {@code use} gives
     */
    static <T> T alone(RunContext run, LoneNetwork network, String name, Function<Trained, T> use) {
        LoneTraining training = new LoneTraining(run, network);
        Start start = start(run, network);
        try (Taught taught = new Taught(run)) {
            NamedValues origin = training.origin(start, taught.teaching());
            NetworkFolder folder = run.folder().retrained(origin.fingerprint("training", 1));
            Start first = pretrained(run, network).map(weights -> weights.told(run, LoneTraining.key(origin), folder.weights())).orElse(start);
            return trained(run, network, name, training.trainer(first, taught.teaching(), folder.weights()), origin, folder, use);
        }
    }

    /**
     * Trains networks on the experiment's cluster, if it has one, several at a time: what is left to do here finds them trained. Those that
     * begin with weights for perhaps other classes, or come from another tool's file, are trained here.
     *
     * @param what the work is called on a console
     */
    static void onCluster(RunContext run, List<LoneNetwork> networks, String what) {
        if (run.experiment().spark().isEmpty() || run.experiment().retraining().weights() instanceof FirstWeights.Pretrained) {
            return;
        }
        List<LoneAssignment> left = new ArrayList<>();
        try (Taught taught = new Taught(run)) {
            for (LoneNetwork network : networks) {
                network.shared(run.space()).ifPresent(shared -> {
                    NamedValues origin = new LoneTraining(run, network).origin(start(run, network), taught.teaching());
                    Path weights = run.folder().retrained(origin.fingerprint("training", 1)).weights();
                    if (!Files.exists(weights) || !Checkpoint.read(weights).isFinished()) {
                        left.add(LoneAssignment.of(network.name(), shared, !network.space().equals(run.space()), origin, weights));
                    }
                });
            }
        }
        if (!left.isEmpty()) {
            new LoneTrainings(run.cluster(), run.events(), run.experiment().retraining().training().epochs())
                .train(run.assignment(NamedValues.builder().build()), run.trainedCheckpoint(), left, what);
        }
    }

    /** What the weights of networks of the experiment's space would follow from, were they trained by themselves now. */
    static List<NamedValues> origins(RunContext run, List<LoneNetwork> networks) {
        Start start = start(run, networks.get(0));
        try (Taught taught = new Taught(run)) {
            return networks.stream().map(network -> new LoneTraining(run, network).origin(start, taught.teaching())).toList();
        }
    }

    private static <T> T trained(RunContext run, LoneNetwork network, String name, Trainer trainer, NamedValues origin, NetworkFolder folder,
        Function<Trained, T> use) {
        try (SupernetWeights weights = train(run, name, trainer, origin, folder);
            SubnetEvaluator judge = new SubnetEvaluator(network.space(), weights, run.data(), run.experiment().evaluation().alone())) {
            return use.apply(new Trained(origin, judge, folder));
        }
    }

    private static SupernetWeights train(RunContext run, String name, Trainer trainer, NamedValues origin, NetworkFolder folder) {
        try (TrainingTurn.Held device = run.turn(folder.weights());
            TrainingProgress training = new TrainingProgress(run.events(), name, LoneTraining.key(origin), Probes.NONE)) {
            return trainer.train(training);
        }
    }

    /** @throws InputException if not all weights are there that a network begins with, or it cannot be written as the experiment says */
    private static void requireStart(RunContext run, LoneNetwork network) {
        WinnerExport.check(run.experiment(), network.space());
        Network built = network.space().build(network.architecture());
        run.experiment().retraining().training().recipe().layers().requireFit("retrain", PretrainedStart.learned(List.of(built)));
        Optional<PretrainedStart> pretrained = pretrained(run, network);
        if (pretrained.isPresent()) {
            pretrained.get().check("retrain");
        } else {
            start(run, network).require(built);
        }
    }

    private static Optional<PretrainedStart> pretrained(RunContext run, LoneNetwork network) {
        return run.experiment().retraining().weights() instanceof FirstWeights.Pretrained wanted
            ? Optional.of(PretrainedStart.ofNetwork(wanted, network.space(), network.space().build(network.architecture())))
            : Optional.empty();
    }

    /** @throws InputException if there are no such weights */
    private static Start start(RunContext run, LoneNetwork network) {
        return pretrained(run, network).map(PretrainedStart::unopened).orElseGet(() -> new LoneTraining(run, network).start());
    }
}
