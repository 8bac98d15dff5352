package dev.lutra.server.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgressFileTest {

    private static final long SECOND = 1_000_000_000L;

    @TempDir
    private Path folder;
    private Path file;
    private long now = 5 * SECOND;
    private RunEvents events;
    private ProgressFile progress;

    @BeforeEach
    void open() {
        file = folder.resolve("progress.json");
        progress = new ProgressFile(file, () -> now);
        events = new RunEvents(List.of(progress));
    }

    @Test
    void itTellsRateAndTimeLeftOfWhatWasDoneInThisLife() {
        events.stage(2, 5, "train");
        events.emit(new RunEvent.StageBegan("train"));
        Progress.Work work = events.begin("train", 1000, "steps");
        work.at(400, "loss 2"); // an earlier life has done them
        now += 10 * SECOND;
        work.at(500, "loss 1.5");
        RunProgress told = RunProgress.read(file).orElseThrow();
        assertThat(told.stage()).isEqualTo("train");
        assertThat(told.number()).isEqualTo(2);
        assertThat(told.count()).isEqualTo(5);
        assertThat(told.work()).singleElement().satisfies(one -> {
            assertThat(one.done()).isEqualTo(500);
            assertThat(one.rate()).isCloseTo(10, within(1e-9));
            assertThat(one.secondsLeft()).isCloseTo(50, within(1e-9));
            assertThat(one.note()).isEqualTo("loss 1.5");
        });
    }

    @Test
    void workOfSecondsHasNoRate() {
        Progress.Work work = events.begin("profile", 60, Progress.SECONDS);
        now += 2 * SECOND;
        work.at(15, "");
        assertThat(RunProgress.read(file).orElseThrow().work()).singleElement().satisfies(one -> {
            assertThat(one.rate()).isNull();
            assertThat(one.secondsLeft()).isEqualTo(45);
        });
    }

    @Test
    void itIsWrittenOnceASecondAtMost() {
        Progress.Work work = events.begin("search", 100, "candidates");
        work.at(1, "");
        now += SECOND / 2;
        work.at(2, "");
        assertThat(RunProgress.read(file).orElseThrow().work()).as("of when it was opened").isEmpty();
        now += SECOND / 2;
        work.at(3, "");
        assertThat(RunProgress.read(file).orElseThrow().work()).extracting(RunProgress.Work::done).containsExactly(3.0);
    }

    @Test
    void itGoesWithItsProcess() throws Exception {
        String told = Files.readString(file);
        progress.close();
        assertThat(file).doesNotExist();
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        Files.writeString(file, told.replaceFirst("\"pid\":\\d+", "\"pid\":" + gone.pid()));
        assertThat(RunProgress.read(file)).as("of a process that was killed").isEmpty();
        Files.writeString(file, told.replaceFirst("\"started\":\\d+", "\"started\":1"));
        assertThat(RunProgress.read(file)).as("of an earlier process of the same number").isEmpty();
    }
}
