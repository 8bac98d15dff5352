package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.server.folder.RunFolder;
import dev.lutra.InputException;
import dev.lutra.network.ConvSpec;
import dev.lutra.network.Network;
import dev.lutra.network.NetworkBuilder;
import dev.lutra.network.RandomWeights;
import dev.lutra.network.Shape;
import dev.lutra.network.Width;
import dev.lutra.onnx.OnnxExporter;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxOptions;
import dev.lutra.onnx.deploy.DeployedModel;
import dev.lutra.onnx.deploy.Deployment;
import dev.lutra.onnx.deploy.DetectorHead;
import dev.lutra.proto.onnx.ModelProto;
import dev.lutra.search.Front;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import dev.lutra.space.SpaceFile;
import dev.lutra.yaml.YamlNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Searches whose accuracies a program of the user's finds. */
class CommandRunTest {

    @TempDir
    private Path folder;

    /** Writes a program that calls files the better the smaller they are, and keeps how often it was called. */
    @BeforeEach
    void write() throws IOException {
        NineNetworks.write(folder);
        Files.writeString(folder.resolve("smaller.sh"), "head -c 4 \"$1\" >/dev/null || exit 1\necho . >>calls\n"
            + "wc -c <\"$1\" | awk '{ printf \"%.6f\\n\", 1 - $1 / 1000000 }'\n");
    }

    private ExperimentRun open(String accuracy, SaidLines progress) throws IOException {
        return open(accuracy, "{top: 1}", progress);
    }

    private ExperimentRun open(String accuracy, String export, SaidLines progress) throws IOException {
        return ExperimentRun.open(experiment(accuracy, export), new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), progress, "test");
    }

    private Experiment experiment(String accuracy, String export) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("commanded.yaml"), """
            name: commanded
            space: nine.yaml
            data: {train: "synthetic:4x20"}
            supernet: {epochs: 1, batch: 8}
            evaluation: {recalibration-images: 16}
            search: {algorithm: {random: {budget: 6}}}
            """ + "export: " + export + "\naccuracy: " + accuracy + "\n"));
    }

    private List<RunEvent.CandidateEvaluated> evaluated() {
        try (Database database = Database.open(folder.resolve("run/lutra.db"))) {
            return RunHistory.of(new ResultStore(database, "commanded")).all(RunEvent.CandidateEvaluated.class);
        }
    }

    @Test
    void aProgramJudgesWhatIsExported() throws IOException {
        String accuracy = "{command: [sh, smaller.sh], at-once: 2}";
        try (ExperimentRun run = open(accuracy, new SaidLines(what -> what.equals("search"), 3))) {
            assertThatThrownBy(run::all).hasMessage("cut off");
        }
        try (ExperimentRun run = open(accuracy, new SaidLines())) {
            run.all();
            long size = Files.size(folder.resolve("run/export/winner-1.onnx"));
            Front front = Front.readJson(folder.resolve("run/front.json"), SpaceFile.load(folder.resolve("nine.yaml").toString()));
            assertThat(front.candidates().stream().mapToDouble(candidate -> candidate.accuracy()).max().orElseThrow())
                .as("the command saw the file that was exported then").isEqualTo(Math.round(1e6 - size) / 1e6);
            assertThat(front.provenance()).containsEntry("accuracy.command", "sh smaller.sh").containsKey("accuracy.command.smaller.sh");
        }
        assertThat(evaluated()).hasSize(6);
        assertThat(Files.readAllLines(folder.resolve("calls"))).as("each once, whatever was cut off").hasSizeBetween(6, 8);
        int calls = Files.readAllLines(folder.resolve("calls")).size();
        try (ExperimentRun run = open(accuracy, new SaidLines())) {
            run.search();
        }
        assertThat(Files.readAllLines(folder.resolve("calls"))).as("known").hasSize(calls);
        Files.writeString(folder.resolve("smaller.sh"), "# another program\n" + Files.readString(folder.resolve("smaller.sh")));
        try (ExperimentRun run = open(accuracy, new SaidLines())) {
            run.search();
        }
        assertThat(Files.readAllLines(folder.resolve("calls"))).as("of another program nothing is known").hasSize(calls + 6);
    }

    /** A head that makes two numbers of what the last layer gives, as a user would bring it. */
    private void writeHead() {
        NetworkBuilder g = new NetworkBuilder("head", Shape.image(8, 8, 8), 1e-5);
        g.segment("only");
        Network head = g.build(g.flatten("flat", g.globalPool("pool", g.conv("boxes", g.input(), ConvSpec.of(Width.of(2), 3)))));
        ModelProto model = OnnxExporter.export(head, new RandomWeights(1), new OnnxOptions(true, OptionalInt.empty(), Map.of()));
        OnnxFile.write(folder.resolve("head.onnx"), DeployedModel.of(model, Deployment.read(YamlNode.parse("head.yaml",
            "{input: feature1, output: boxes}"), folder), head));
    }

    @Test
    void aProgramJudgesANetworkWithItsHead() throws IOException {
        writeHead();
        String detector = "{top: 1, deploy: {detector: {pixels: true, features: [1], head: head.onnx}}}";
        Files.writeString(folder.resolve("evaluate.sh"), "grep -q boxes \"$1\" && ! grep -q classifier.linear \"$1\" || exit 4\necho 0.25\n");
        try (ExperimentRun run = open("{command: [sh, evaluate.sh], form: detector}", detector, new SaidLines())) {
            run.all();
            Front front = Front.readJson(folder.resolve("run/front.json"), SpaceFile.load(folder.resolve("nine.yaml").toString()));
            assertThat(front.provenance()).containsEntry("accuracy.form.features", "1").containsKey("accuracy.form.head");
        }
        assertThat(OnnxFile.read(folder.resolve("run/export/winner-1-detector.onnx")).getGraph().getOutputList()).singleElement()
            .satisfies(output -> assertThat(output.getName()).isEqualTo("boxes"));
        try (Database database = Database.open(folder.resolve("run/lutra.db"))) {
            assertThat(RunHistory.of(new ResultStore(database, "commanded")).all(RunEvent.FileDeployed.class)).singleElement()
                .satisfies(deployed -> assertThat(deployed.difference()).isBetween(0.0, 1e-4));
        }
        assertThatThrownBy(() -> open("{command: [sh, evaluate.sh], form: other}", detector, new SaidLines())).isInstanceOf(InputException.class)
            .hasMessageContaining("accuracy.form: other (expected: a name under export.deploy)");
    }

    /** However many candidates are written with it. */
    @Test
    void theHeadOfAnExperimentIsReadOnce() throws IOException {
        writeHead();
        Experiment.Export export = experiment("{command: [sh, evaluate.sh], form: head}", "{head: head.onnx}").export();
        Deployment form = export.forms().get(DetectorHead.NAME);
        assertThat(form.features()).containsExactly(1);
        Files.delete(folder.resolve("head.onnx"));
        assertThat(export.forms()).containsEntry(DetectorHead.NAME, form);
    }

    @Test
    void whatItCannotStandBesideIsTold() {
        assertThatThrownBy(() -> open("{command: [], at-once: 2}", new SaidLines())).isInstanceOf(InputException.class)
            .hasMessageContaining("accuracy.command: ");
        assertThatThrownBy(() -> open("{command: sh x.sh, at-once: 0}", new SaidLines())).isInstanceOf(InputException.class)
            .hasMessageContaining("accuracy.at-once: 0 (expected: ");
        assertThatThrownBy(() -> open("{command: sh x.sh}\nrank: {train: 12, correct: 8}", new SaidLines())).isInstanceOf(InputException.class)
            .hasMessageContaining("rank.correct: given with accuracy.command");
    }
}
