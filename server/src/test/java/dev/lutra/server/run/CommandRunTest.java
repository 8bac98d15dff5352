package dev.lutra.server.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.search.Front;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunHistory;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
        return ExperimentRun.open(ExperimentFile.read(Files.writeString(folder.resolve("commanded.yaml"), """
            name: commanded
            space: nine.yaml
            data: {train: "synthetic:4x20"}
            supernet: {epochs: 1, batch: 8}
            evaluation: {recalibration-images: 16}
            search: {algorithm: {random: {budget: 6}}}
            export: {top: 1}
            """ + "accuracy: " + accuracy + "\n")), new RunFolder(folder.resolve("run")), OwnServer.onThisMachine(), progress, "test");
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
