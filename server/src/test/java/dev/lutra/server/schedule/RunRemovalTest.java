package dev.lutra.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.proto.Role;
import dev.lutra.proto.RunName;
import dev.lutra.proto.RunState;
import dev.lutra.proto.SubmitRunRequest;
import dev.lutra.server.access.Caller;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.store.Database;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are forgotten with their folders, and those that are not. */
class RunRemovalTest {

    @TempDir
    private Path folder;
    private Database database;
    private RunCalls runs;
    private RunStore rows;
    private RunRemoval removal;

    @BeforeEach
    void open() {
        database = Database.open(folder.resolve("lutra.db"));
        runs = SubmittedRuns.of(database, new TaskQueue(database, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE), folder);
        rows = new RunStore(database, Clock.systemUTC());
        removal = new RunRemoval(rows, folder);
    }

    @AfterEach
    void close() {
        database.close();
    }

    private RunName submitted() {
        String id = runs
            .submit(SubmitRunRequest.newBuilder().setExperiment("name: old\nspace: /data/space.yaml\naccuracy: {table: /data/known.csv}\n")
                .build(), new Caller(Role.OPERATOR, "somebody", Optional.empty()))
            .getId();
        return RunName.newBuilder().setId(id).build();
    }

    private Path found(RunName run, int bytes) throws IOException {
        Path of = folder.resolve("runs").resolve(run.getId());
        Files.createDirectories(of.resolve("export"));
        Files.write(of.resolve("export/winner-1.onnx"), new byte[bytes]);
        return of;
    }

    @Test
    void oneThatHasEndedGoesWithItsFolderAndNoOther() throws IOException {
        RunName old = submitted();
        RunName other = submitted();
        Path gone = found(old, 1000);
        Path stays = found(other, 10);
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Files.createSymbolicLink(gone.resolve("lut"), elsewhere);
        Files.writeString(elsewhere.resolve("table.json"), "{}");
        for (String state : new String[]{"waiting", "paused"}) {
            assertThatThrownBy(() -> runs.remove(old)).as(state).isInstanceOf(InputException.class)
                .hasMessage("run 1: has not ended (expected: to remove, one that has; 'lutra cancel 1' ends it)");
            assertThat(gone.resolve("export/winner-1.onnx")).hasSize(1000);
            runs.pause(old);
        }
        runs.cancel(old);
        try (RunFolder.Lock process = new RunFolder(gone).lock()) {
            assertThatThrownBy(() -> runs.remove(old)).isInstanceOf(InputException.class)
                .hasMessage("run 1: a process still works in its folder (expected: to remove, one that has ended)");
        }
        assertThat(runs.remove(old).getBytes()).isEqualTo(1000);
        assertThat(gone).doesNotExist();
        assertThat(elsewhere.resolve("table.json")).as("what a link leads to").exists();
        assertThat(folder.resolve("runs")).isDirectoryNotContaining("glob:**removed");
        assertThatThrownBy(() -> runs.get(old)).isInstanceOf(UnknownRunException.class);
        assertThatThrownBy(() -> runs.remove(old)).isInstanceOf(UnknownRunException.class);
        assertThat(runs.list().getRunsList()).extracting(RunState::getId).containsExactly(other.getId());
        assertThat(stays.resolve("export/winner-1.onnx")).hasSize(10);
        assertThat(submitted().getId()).as("its name is nobody else's").isEqualTo("3");
    }

    /** Killed after the folder has its other name, before the row is gone; and after that, before all files are. */
    @Test
    void whatAKilledOneLeftIsTheRunsOrGoes() throws IOException {
        RunName half = submitted();
        runs.cancel(half);
        Path its = found(half, 1000);
        Path left = its.resolveSibling("1.removed");
        Files.move(its, left);
        removal.finish();
        assertThat(its.resolve("export/winner-1.onnx")).as("of a run that is still there").hasSize(1000);
        Files.move(its, left);
        assertThat(runs.remove(half).getBytes()).isEqualTo(1000);
        Files.createDirectories(left.resolve("export"));
        removal.finish();
        assertThat(folder.resolve("runs")).isEmptyDirectory();
    }

    /** Both or none: a folder that cannot be moved keeps its run. */
    @Test
    void aRunWhoseFolderStaysIsThere() {
        RunName run = submitted();
        runs.cancel(run);
        assertThatThrownBy(() -> rows.remove(1, () -> {
            throw new UncheckedIOException(new IOException("not now"));
        })).hasMessageContaining("not now");
        assertThat(runs.get(run).getState()).isEqualTo("cancelled");
    }

    @Test
    void thoseThatEndedBeforeATimeGoTogether() throws IOException {
        RunName ended = submitted();
        RunName goesOn = submitted();
        found(ended, 1000);
        found(goesOn, 10);
        runs.cancel(ended);
        Instant later = Instant.now().plus(Duration.ofDays(1));
        assertThat(removal.wouldRemove(Instant.now().minus(Duration.ofDays(1)))).isEqualTo(new RunRemoval.Removed(0, 0));
        assertThat(removal.wouldRemove(later)).isEqualTo(new RunRemoval.Removed(1, 1000));
        assertThat(runs.list().getRunsCount()).as("nothing is gone yet").isEqualTo(2);
        assertThat(removal.remove(later)).isEqualTo(new RunRemoval.Removed(1, 1000));
        assertThat(folder.resolve("runs/1")).doesNotExist();
        assertThat(folder.resolve("runs/2/export/winner-1.onnx")).exists();
    }
}
