package dev.lutra.server.run;

import dev.lutra.InputException;
import dev.lutra.data.Batches;
import dev.lutra.data.Split;
import dev.lutra.identity.NamedValues;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.proto.content.Sha256;
import dev.lutra.search.Candidate;
import dev.lutra.server.event.Progress;
import dev.lutra.server.event.RunEvent.NetworkRetrained;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.outcome.TestedNetwork;
import dev.lutra.server.predictor.Classifier;
import dev.lutra.supernet.evaluation.EvaluationSettings;
import dev.lutra.supernet.evaluation.Hits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What networks get right of the test split, which no earlier stage has looked at: the winners with the supernet's weights, and every
 * file of a network that was trained by itself on the experiment's images, in each of its precisions. Those that devices refused are left
 * out unless they are wanted as well.
 */
final class TestStage implements Stage<List<TestedNetwork>> {

    private final boolean evenRefused;

    TestStage(boolean evenRefused) {
        this.evenRefused = evenRefused;
    }

    /** A file with weights of a network's own. */
    private record OwnFile(String architecture, String file) {}

    @Override
    public String name() {
        return "test";
    }

    @Override
    public Set<Artifact> needs(Experiment experiment) {
        return Set.of(); // shared weights, or files of networks with weights of their own: which, shows when it runs
    }

    @Override
    public Set<Artifact> leaves(Experiment experiment) {
        return Set.of();
    }

    /**
     * @throws InputException if the experiment has no test images
     */
    @Override
    public void check(RunContext run) {
        Optional<Experiment.DataSource> data = run.experiment().data();
        if (data.isPresent() && data.get().test().isEmpty()) {
            throw new InputException("data.test: missing (expected: a source of test images)");
        }
    }

    @Override
    public List<TestedNetwork> run(RunContext run) {
        List<OwnFile> retrained = retrained(run);
        Collection<Candidate> shared = List.of();
        if (retrained.isEmpty() || run.isSupernetTrained() && Files.exists(run.folder().front())) {
            Artifact.SUPERNET.require(run);
            Artifact.FRONT.require(run);
            shared = run.chosen(evenRefused).values();
        }
        Split split = run.data().test().orElseThrow();
        List<TestedNetwork> tested = new ArrayList<>();
        run.events().emit(new RunEvent.BegunAnew("test/network"));
        try (Progress.Work work = run.events().begin("test", shared.size() + retrained.size(), "networks")) {
            for (Candidate candidate : shared) {
                Hits hits = run.evaluator().hits(candidate.architecture(), split);
                tested.add(told(run, new TestedNetwork(candidate.architecture().toString(), Optional.empty(), hits, run.data().classes())));
                work.at(tested.size(), "");
            }
            for (OwnFile network : retrained) {
                Hits hits = hits(run.folder().root().resolve(network.file()), split, run.experiment().evaluation());
                tested.add(told(run, new TestedNetwork(network.architecture(), Optional.of(network.file()), hits, run.data().classes())));
                work.at(tested.size(), "");
            }
        }
        run.renewReport();
        return tested;
    }

    /** Those that are still there, that no device has refused, and that have learned the experiment's images, of which no other may be tested. */
    private List<OwnFile> retrained(RunContext run) {
        List<OwnFile> files = new ArrayList<>();
        for (NetworkRetrained network : run.history().all(NetworkRetrained.class)) {
            network.files().keySet().stream().filter(file -> Files.exists(run.folder().root().resolve(file)))
                .map(file -> new OwnFile(network.architecture(), file)).forEach(file -> problem(run, network, file)
                    .ifPresentOrElse(problem -> run.events().emit(new RunEvent.Warning(name(), file.file() + ": left out: " + problem)),
                        () -> files.add(file)));
        }
        return files;
    }

    /** Why a file is not to be judged by this experiment's test images; empty if it is. */
    private Optional<String> problem(RunContext run, NetworkRetrained network, OwnFile file) {
        if (!evenRefused && !network.refusedBy().isEmpty()) {
            return Optional.of("refused by " + String.join(", ", network.refusedBy()) + " (lutra test --refused tests it)");
        }
        Map<String, String> metadata = OnnxFile.metadata(run.folder().root().resolve(file.file()));
        if (!file.architecture().equals(metadata.getOrDefault(OnnxMetadata.QUANTIZED_ARCHITECTURE, metadata.get(OnnxMetadata.ARCHITECTURE)))) {
            return Optional.of("holds another network than " + file.architecture());
        }
        NamedValues images = run.data().train().origin();
        Map<String, String> learned = new TreeMap<>();
        images.shown().keySet().forEach(name -> Optional.ofNullable(metadata.get(OnnxMetadata.ORIGIN + name))
            .ifPresent(value -> learned.put(name, value)));
        return images.differenceFrom(learned).map(difference -> "trained on other images: " + difference);
    }

    private static Hits hits(Path file, Split split, EvaluationSettings settings) {
        Hits hits = Hits.NONE;
        try (Classifier classifier = Classifier.open(file); Batches batches = split.inOrder(settings.batch(), split.size())) {
            while (batches.hasNext()) {
                hits = hits.plus(classifier.hits(batches.next(), settings.threshold()));
            }
        }
        return hits;
    }

    private static TestedNetwork told(RunContext run, TestedNetwork network) {
        run.events().emit(RunEvent.NetworkTested.of(network.file().orElse(null), judge(run, network.file()), network));
        return network;
    }

    /** What the accuracy of a file on test images, or of a network with the shared weights, follows from. */
    private static String judge(RunContext run, Optional<String> file) {
        return NamedValues.builder().putAll(run.data().test().orElseThrow().origin())
            .putLater("evaluation.threshold", NamedValues.text(run.experiment().evaluation().threshold()),
                NamedValues.text(EvaluationSettings.DEFAULT_THRESHOLD))
            .put("test.weights", file.map(name -> Sha256.ofFile(run.folder().root().resolve(name))).orElseGet(() -> run.candidates().judge()))
            .build().fingerprint("test", 1);
    }

    /** What is known by now: accuracies of weights that are still there, on the images that the experiment names. */
    static List<RunEvent.NetworkTested> known(RunContext run) {
        List<RunEvent.NetworkTested> tested = run.history().all(RunEvent.NetworkTested.class);
        if (tested.isEmpty() || run.experiment().data().flatMap(Experiment.DataSource::test).isEmpty()) {
            return List.of();
        }
        return tested.stream().filter(network -> {
            Optional<String> file = Optional.ofNullable(network.file());
            return file.map(name -> Files.exists(run.folder().root().resolve(name))).orElse(true) && judge(run, file).equals(network.judge());
        }).toList();
    }
}
