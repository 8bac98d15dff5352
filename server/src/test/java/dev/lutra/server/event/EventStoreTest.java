package dev.lutra.server.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.server.store.Database;
import dev.lutra.server.store.ResultStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept of a run, and how it is told again. */
class EventStoreTest {

    @TempDir
    private Path folder;

    private Database database;
    private ResultStore results;
    private Instant now = Instant.parse("2030-01-01T00:00:00Z");

    @BeforeEach
    void open() {
        database = Database.open(folder.resolve("lutra.db"));
        results = new ResultStore(database, "run");
    }

    @AfterEach
    void close() {
        database.close();
    }

    private EventStore life() {
        return new EventStore(results, folder.resolve("metrics.jsonl"), new Clock() {
            @Override
            public ZoneOffset getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return now;
            }
        });
    }

    private List<String> lines() throws IOException {
        return Files.readAllLines(folder.resolve("metrics.jsonl"));
    }

    private static RunEvent.TrainingStep step(int epoch, long step, double loss) {
        return new RunEvent.TrainingStep("train", epoch, 2, step, 4, loss, 0.5, 0.1);
    }

    /** Other programs read these names, and runs that exist hold them. */
    @Test
    void everyKindHasItsLine() throws IOException {
        EventStore store = life();
        List.of(new RunEvent.StageBegan("train"), step(1, 1, 2.5), new RunEvent.EpochSaved("train", 1, 2),
            new RunEvent.OptionsDropped("train", 1, List.of(List.of("k3", "k5"), List.of("k5"))),
            new RunEvent.PathsJudged(List.of(0.25, 0.5)),
            new RunEvent.EntryMeasured("box", "cpu-t1-float32", "abc", "stem", 1000, 0.01),
            new RunEvent.TableFitted("box", 40, 12, 0.004, 0.013, 0.96, 0.92),
            new RunEvent.TableWritten("box", "lut/box.json", 35),
            new RunEvent.CandidateEvaluated(1, 8, "k3,k5", Map.of("macs", 5.0, "accuracy", 0.5), false),
            new RunEvent.GenerationEnded(1, 4, Map.of("max accuracy", 0.5), 0.75),
            new RunEvent.AccuracyCounted(250), new RunEvent.SearchTimed(8, 2.5, 0.25),
            new RunEvent.FrontFound(5, 0.5, "front.json"), new RunEvent.FileExported("winner-1.onnx", "k3,k5"),
            new RunEvent.FileDeployed("winner-1-phone.onnx", 1200, 1e-7),
            new RunEvent.FileQuantized("winner-1-int8.onnx", 400, 0.75, 0.5, 0.625, 0.125, List.of("stem.conv")),
            new RunEvent.FileVerified("winner-1.onnx", "k3,k5", "box", 900, 1000, 1e-6, true, false, 700L),
            new RunEvent.NetworkRetrained("retrain/ab/network.onnx", "k3,k5", 0.75, 0.875, 0.5, null,
                List.of(new RunEvent.NetworkRetrained.OnDevice("box", 1000, true, null)), new TreeMap<>(Map.of("retrain/ab/network.onnx", "c0ffee"))),
            new RunEvent.NetworkTested("k3,k5", "retrain/ab/network.onnx", "cd", 0.5, 0.75, 0.25, 0.375,
                new TreeMap<>(Map.of("cat", 0.5)), null, null),
            new RunEvent.FilesPassedOver("images", "3 .heic"), new RunEvent.ImagesSkipped("images", List.of("a.jpg: damaged"), 60),
            new RunEvent.ClassesUnequal("images", "cat", 5, "dog", 80, 0.5),
            new RunEvent.Warning("verify", "look"), new RunEvent.StageEnded("train")).forEach(store::heard);
        String now = "\"at\":\"2030-01-01T00:00:00Z\",\"life\":1,";
        assertThat(lines()).containsExactly(
            "{\"event\":\"stage-began\",\"key\":\"train/began/1\"," + now + "\"stage\":\"train\"}",
            "{\"event\":\"training-step\",\"key\":\"train/epoch/1/1\"," + now + "\"training\":\"train\",\"epoch\":1,\"epochs\":2,"
                + "\"step\":1,\"steps\":4,\"loss\":2.5,\"accuracy\":0.5,\"learning-rate\":0.1}",
            "{\"event\":\"epoch-saved\",\"key\":\"train/epoch/1/saved\"," + now + "\"training\":\"train\",\"epoch\":1,\"step\":2}",
            "{\"event\":\"options-dropped\",\"key\":\"train/epoch/1/options\"," + now + "\"training\":\"train\",\"epoch\":1,"
                + "\"options\":[[\"k3\",\"k5\"],[\"k5\"]]}",
            "{\"event\":\"paths-judged\",\"key\":\"train/paths\"," + now + "\"accuracies\":[0.25,0.5]}",
            "{\"event\":\"entry-measured\",\"key\":\"profile/entry/box/cpu-t1-float32/abc\"," + now + "\"device\":\"box\","
                + "\"setting\":\"cpu-t1-float32\",\"model\":\"abc\",\"label\":\"stem\",\"p50\":1000,\"half-width\":0.01}",
            "{\"event\":\"table-fitted\",\"key\":\"profile/fit/box\"," + now + "\"device\":\"box\",\"fitted\":40,\"held-out\":12,"
                + "\"mean-error\":0.004,\"worst-error\":0.013,\"inside-interval\":0.96,\"tau\":0.92}",
            "{\"event\":\"table-written\",\"key\":\"profile/table/box\"," + now + "\"device\":\"box\",\"file\":\"lut/box.json\","
                + "\"entries\":35}",
            "{\"event\":\"candidate-evaluated\",\"key\":\"search/candidate/k3,k5\"," + now + "\"number\":1,\"budget\":8,"
                + "\"architecture\":\"k3,k5\",\"measures\":{\"accuracy\":0.5,\"macs\":5.0},\"over\":false}",
            "{\"event\":\"generation-ended\",\"key\":\"search/generation/1\"," + now + "\"generation\":1,\"candidates\":4,"
                + "\"best\":{\"max accuracy\":0.5},\"hypervolume\":0.75}",
            "{\"event\":\"accuracy-counted\",\"key\":\"search/accuracy/images\"," + now + "\"images\":250}",
            "{\"event\":\"search-timed\",\"key\":\"search/time\"," + now + "\"asked\":8,\"seconds\":2.5,\"own\":0.25}",
            "{\"event\":\"front-found\",\"key\":\"search/front\"," + now + "\"candidates\":5,\"accuracy\":0.5,\"file\":\"front.json\"}",
            "{\"event\":\"file-exported\",\"key\":\"export/file/winner-1.onnx\"," + now + "\"file\":\"winner-1.onnx\","
                + "\"architecture\":\"k3,k5\"}",
            "{\"event\":\"file-deployed\",\"key\":\"export/file/winner-1-phone.onnx\"," + now + "\"file\":\"winner-1-phone.onnx\","
                + "\"bytes\":1200,\"difference\":1.0E-7}",
            "{\"event\":\"file-quantized\",\"key\":\"export/file/winner-1-int8.onnx/answers\"," + now
                + "\"file\":\"winner-1-int8.onnx\",\"bytes\":400,"
                + "\"accuracy-before\":0.75,\"accuracy\":0.5,\"alike\":0.625,\"difference\":0.125,\"real\":[\"stem.conv\"]}",
            "{\"event\":\"file-verified\",\"key\":\"verify/file/winner-1.onnx/box\"," + now + "\"file\":\"winner-1.onnx\","
                + "\"architecture\":\"k3,k5\",\"device\":\"box\",\"predicted\":900,\"p50\":1000,\"difference\":1.0E-6,\"confirmed\":true,\"learned\":false,"
                + "\"p50-int8\":700}",
            "{\"event\":\"network-retrained\",\"key\":\"retrain/file/retrain/ab/network.onnx\"," + now
                + "\"file\":\"retrain/ab/network.onnx\",\"architecture\":\"k3,k5\",\"accuracy\":0.75,\"top5\":0.875,\"before\":0.5,"
                + "\"before-top5\":null,\"devices\":[{\"device\":\"box\",\"p50\":1000,\"confirmed\":true}],"
                + "\"files\":{\"retrain/ab/network.onnx\":\"c0ffee\"}}",
            "{\"event\":\"network-tested\",\"key\":\"test/network/k3,k5/retrain/ab/network.onnx\"," + now
                + "\"architecture\":\"k3,k5\",\"file\":\"retrain/ab/network.onnx\",\"judge\":\"cd\",\"accuracy\":0.5,\"top5\":0.75,"
                + "\"balanced\":0.25,\"macro-f1\":0.375,\"recalls\":{\"cat\":0.5}}",
            "{\"event\":\"files-passed-over\",\"key\":\"decode/passed-over/images\"," + now + "\"source\":\"images\","
                + "\"files\":\"3 .heic\"}",
            "{\"event\":\"images-skipped\",\"key\":\"decode/skipped/images\"," + now + "\"source\":\"images\","
                + "\"reasons\":[\"a.jpg: damaged\"],\"total\":60}",
            "{\"event\":\"classes-unequal\",\"key\":\"decode/unequal/images\"," + now + "\"source\":\"images\","
                + "\"smallest\":\"cat\",\"least\":5,\"largest\":\"dog\",\"most\":80,\"balance\":0.5}",
            "{\"event\":\"warning\",\"key\":\"verify/warning/look\"," + now + "\"stage\":\"verify\",\"text\":\"look\"}",
            "{\"event\":\"stage-ended\",\"key\":\"train/ended/1\"," + now + "\"stage\":\"train\"}");
        assertThat(EventStore.all(results).values()).extracting(StoredEvent::event).hasSize(24)
            .contains(step(1, 1, 2.5), new RunEvent.OptionsDropped("train", 1, List.of(List.of("k3", "k5"), List.of("k5"))),
                new RunEvent.GenerationEnded(1, 4, Map.of("max accuracy", 0.5), 0.75));
    }

    /** JSON has no infinity. */
    @Test
    void whatASingleSliceCannotTellIsNull() throws IOException {
        RunEvent.EntryMeasured event = new RunEvent.EntryMeasured("box", "cpu-t1-float32", "abc", "stem", 1000, null);
        life().heard(event);
        assertThat(lines()).singleElement().asString().endsWith("\"p50\":1000,\"half-width\":null}");
        assertThat(EventStore.all(results).values()).extracting(StoredEvent::event).containsExactly(event);
    }

    @Test
    void aResumedRunReplacesWhatItRepeats() throws IOException {
        EventStore first = life();
        first.heard(step(1, 1, 3));
        first.heard(step(1, 2, 2));
        first.heard(step(2, 3, 1.5));
        EventStore second = life();
        second.heard(step(2, 3, 1));
        second.heard(step(2, 4, 0.5));
        second.heard(new RunEvent.StageEnded("train"));
        assertThat(RunHistory.of(results).curve("train")).extracting(RunEvent.TrainingStep::loss).containsExactly(3.0, 2.0, 1.0, 0.5);
        assertThat(lines()).hasSize(5).filteredOn(line -> line.contains("train/epoch/2/3")).singleElement().asString()
            .contains("\"life\":2", "\"loss\":1.0");
    }

    @Test
    void whatBeginsAnewForgetsWhatWasToldBefore() {
        EventStore store = life();
        store.heard(step(1, 1, 3));
        store.heard(new RunEvent.StageBegan("train"));
        store.heard(new RunEvent.BegunAnew("train/epoch"));
        store.heard(step(1, 2, 2));
        assertThat(RunHistory.of(results).curve("train")).extracting(RunEvent.TrainingStep::step).containsExactly(2L);
        assertThat(RunHistory.of(results).all(RunEvent.StageBegan.class)).hasSize(1);
    }

    /** A file of many candidates is not written again for nothing, nor read. */
    @Test
    void whatBeginsWithNothingToForgetLeavesTheFileAsItIs() {
        EventStore store = life();
        store.heard(new RunEvent.StageBegan("train"));
        EventLines lines = new EventLines(folder.resolve("metrics.jsonl"));
        assertThat(lines.next().lines()).hasSize(1);
        store.heard(new RunEvent.BegunAnew("train/epoch"));
        assertThat(lines.next().isEmpty()).isTrue();
        store.heard(step(1, 1, 3));
        assertThat(lines.next()).matches(news -> !news.isAnew()).extracting(EventLines.News::lines).asList().hasSize(1);
        store.heard(new RunEvent.BegunAnew("train/epoch"));
        assertThat(lines.next()).matches(EventLines.News::isAnew).extracting(EventLines.News::lines).asList().hasSize(1);
    }

    /** Also by a second life that goes on where an epoch begins, and never across the end of one. */
    @Test
    void someTenStepsOfAnEpochAreKeptWithTheMeansOfThose() {
        EventStore first = life();
        tell(first, 1, 1_500);
        List<RunEvent.TrainingStep> before = RunHistory.of(results).curve("train");
        tell(life(), 1_006, 2_010);
        List<RunEvent.TrainingStep> curve = RunHistory.of(results).curve("train");
        assertThat(curve).hasSize(20).extracting(RunEvent.TrainingStep::step).startsWith(100L, 200L).endsWith(2_005L);
        assertThat(curve).extracting(RunEvent.TrainingStep::loss).startsWith(50.5, 150.5).contains(1_055.5);
        assertThat(curve).containsAll(before);
    }

    /** Two epochs of 1005 steps, whose loss is their number. */
    private static void tell(EventStore store, long from, long to) {
        for (long step = from; step <= to; step++) {
            store.heard(new RunEvent.TrainingStep("train", step <= 1_005 ? 1 : 2, 2, step, 2_010, step, 0.5, 0.1));
        }
    }

    /** What a console shows beside bars comes from the event itself. */
    @Test
    void eventsThatConcernWhoeverWatchesHaveALine() {
        List<String> said = new ArrayList<>();
        WatchedProgress console = new WatchedProgress(new Progress() {
            @Override
            public Work begin(String what, long total, String unit) {
                throw new AssertionError("no work");
            }

            @Override
            public void say(String line) {
                said.add(line);
            }
        });
        List.of(step(1, 1, 3), new RunEvent.Warning("verify", "look"), new RunEvent.FrontFound(5, 0.5, "front.json"),
            new RunEvent.TableWritten("box", "box.json", 35), new RunEvent.FilesPassedOver("images", "3 .heic"),
            new RunEvent.ImagesSkipped("images", List.of("a: x", "b: x", "c: x", "d: x"), 60),
            new RunEvent.ClassesUnequal("images", "cat", 5, "dog", 80, 0),
            new RunEvent.OptionsDropped("train", 1, List.of(List.of("k3"))), new RunEvent.Noted("hello")).forEach(console::heard);
        assertThat(said).containsExactly("warning: look", "search: 5 architectures on the front, best accuracy 50.00 %, wrote front.json",
            "profile: wrote box.json", "decode images: passed over 3 .heic",
            "decode images: skipped 4 of 60 images that cannot be read: a: x; b: x; c: x; the others in metrics.jsonl",
            "decode images: classes of unequal size, from cat with 5 images to dog with 80; data.balance draws them more evenly",
            "train: options left: [[k3]]", "hello");
    }

    @Test
    void aStagesDurationIsThatOfAllItsLives() {
        EventStore first = life();
        first.heard(new RunEvent.StageBegan("train"));
        now = now.plusSeconds(60);
        first.heard(step(1, 1, 3));
        now = now.plusSeconds(3_600); // nobody works on it
        EventStore second = life();
        second.heard(new RunEvent.StageBegan("train"));
        now = now.plusSeconds(30);
        second.heard(step(2, 3, 1));
        second.heard(new RunEvent.StageEnded("train"));
        assertThat(RunHistory.of(results).durations()).containsExactly(Map.entry("train", Duration.ofSeconds(90)));
    }

    /** A search tells its candidates anew, and a table its entries, when they go on. */
    @Test
    void aLifeThatWasCutOffCountsAlsoWhenWhatItToldIsToldAgain() {
        EventStore first = life();
        first.heard(new RunEvent.StageBegan("search"));
        now = now.plusSeconds(60);
        first.heard(new RunEvent.CandidateEvaluated(1, 8, "k3,k5", Map.of("accuracy", 0.5), false));
        now = now.plusSeconds(3_600); // nobody works on it
        EventStore second = life();
        second.heard(new RunEvent.StageBegan("search"));
        second.heard(new RunEvent.BegunAnew("search/candidate"));
        second.heard(new RunEvent.CandidateEvaluated(1, 8, "k3,k5", Map.of("accuracy", 0.5), false));
        now = now.plusSeconds(30);
        second.heard(new RunEvent.StageEnded("search"));
        life();
        assertThat(RunHistory.of(results).durations()).containsExactly(Map.entry("search", Duration.ofSeconds(90)));
        assertThat(RunHistory.of(results).all(RunEvent.StageCutOff.class)).hasSize(1);
    }

    /** The ranking trains networks, which tell under keys of their own; what a stage is under way with counts to it. */
    @Test
    void whatAStageTellsUnderOtherKeysIsItsTimeToo() {
        EventStore first = life();
        first.heard(new RunEvent.StageBegan("rank"));
        now = now.plusSeconds(60);
        first.heard(new RunEvent.EpochSaved("retrain/0123", 1, 2));
        now = now.plusSeconds(3_600); // nobody works on it
        EventStore second = life();
        second.heard(new RunEvent.StageBegan("rank"));
        second.heard(new RunEvent.EpochSaved("retrain/0123", 1, 2)); // again
        now = now.plusSeconds(30);
        second.heard(new RunEvent.StageEnded("rank"));
        now = now.plusSeconds(5);
        second.heard(new RunEvent.StageBegan("retrain"));
        now = now.plusSeconds(7);
        second.heard(new RunEvent.StageEnded("retrain"));
        life();
        assertThat(RunHistory.of(results).durations()).containsExactly(Map.entry("rank", Duration.ofSeconds(90)),
            Map.entry("retrain", Duration.ofSeconds(7)));
        assertThat(RunHistory.of(results).all(RunEvent.StageCutOff.class)).containsExactly(new RunEvent.StageCutOff("rank"));
    }
}
