package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.latency.table.EstimatedTable;
import dev.lutra.proto.Device;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.LookupTable;
import dev.lutra.proto.Role;
import dev.lutra.proto.RunName;
import dev.lutra.proto.Runtime;
import dev.lutra.proto.SubmitRunRequest;
import dev.lutra.server.access.Access;
import dev.lutra.server.access.Caller;
import dev.lutra.server.device.OwnServer;
import dev.lutra.server.event.RunEvent;
import dev.lutra.server.event.RunListener;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.server.fleet.FleetState;
import dev.lutra.server.fleet.TaskQueue;
import dev.lutra.server.folder.RunFolder;
import dev.lutra.server.run.ExperimentRun;
import dev.lutra.server.schedule.Allowance;
import dev.lutra.server.schedule.RunCalls;
import dev.lutra.server.schedule.RunLimits;
import dev.lutra.server.schedule.RunStore;
import dev.lutra.server.schedule.Scheduler;
import dev.lutra.server.store.Database;
import dev.lutra.server.store.ModelStore;
import dev.lutra.server.web.DeviceRoutes;
import dev.lutra.server.web.RunRoutes;
import dev.lutra.server.web.ShareRoutes;
import dev.lutra.server.web.ViewRoutes;
import dev.lutra.server.web.WebServer;
import dev.lutra.space.SpaceFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real pages in a real browser, on a real run while it works: submit, watch, explore, download, share, compare, cancel, and the report
 * without a server. The run is held where the test looks at it, so nothing depends on how fast either is. The time limit only ends a test
 * that would hang.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class DashboardTest {

    private static final Duration SOON = Duration.ofMinutes(2);
    private static final Pattern AN_INTERVAL = Pattern.compile("\\d to \\d");
    private static final String TOKEN = "the-token-of-this-test";

    @TempDir
    private Path folder;
    private Database database;
    private TaskQueue queue;
    private RunCalls runs;
    private Access access;
    private WebServer server;
    private Chromium browser;

    @BeforeEach
    void start() throws Exception {
        browser = Chromium.start(folder);
        database = Database.open(folder.resolve("lutra.db"));
        queue = new TaskQueue(database, Clock.systemUTC(), TaskQueue.DEFAULT_LEASE);
        RunStore rows = new RunStore(database, Clock.systemUTC());
        // runs have no processes of the server's: the test works on one itself, so that it can hold it
        RunLimits none = new RunLimits(0, 1, Duration.ofMinutes(10), 20, "");
        runs = new RunCalls(rows, new Scheduler(rows, queue, folder, new Allowance(List.of(folder), false), none, Clock.systemUTC()));
        access = Access.open(database, Clock.systemUTC(), TOKEN);
        serve(0);
    }

    private void serve(int port) {
        server = WebServer.start(new WebServer.Settings("127.0.0.1", port, List.of()), Optional.empty(), access,
            queue, new ModelStore(folder.resolve("models")), new RunRoutes(runs), new ViewRoutes(this::folder),
            new ShareRoutes(access, this::folder, Clock.systemUTC()), new DeviceRoutes(new FleetState(database, queue)));
        access.reachedAt(new Access.Places("127.0.0.1:1", server.address()));
    }

    @AfterEach
    void stop() {
        browser.close();
        server.close();
        database.close();
    }

    private RunFolder folder(String id) {
        return runs.folder(id);
    }

    private String experiment() throws Exception {
        Path space = Files.copy(LutraProcess.NINE_NETWORKS, folder.resolve("nine.yaml"), StandardCopyOption.REPLACE_EXISTING);
        return """
            name: watched
            space: %s
            data: {train: "synthetic:4x20", test: "synthetic:4x10"}
            supernet: {epochs: 2, batch: 8}
            evaluation: {recalibration-images: 16}
            search: {population: 4, generations: 2}
            export: {top: 2}
            objectives: [accuracy, macs, max params]
            """.formatted(space);
    }

    /** A listener that holds a run once, at an event, until it is let go. */
    private static final class Hold implements RunListener {
        private final Class<? extends RunEvent> at;
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch go = new CountDownLatch(1);

        Hold(Class<? extends RunEvent> at) {
            this.at = at;
        }

        @Override
        public void heard(RunEvent event) {
            if (at.isInstance(event)) {
                reached.countDown();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    @Test
    void aRunFromSubmittingItToItsReport() throws Exception {
        logIn();
        submit(experiment());
        Hold training = new Hold(RunEvent.EpochSaved.class);
        Hold search = new Hold(RunEvent.GenerationEnded.class);
        CompletableFuture<Void> run = CompletableFuture.runAsync(() -> work(List.of(training, search)));
        try {
            assertThat(training.reached.await(5, TimeUnit.MINUTES)).isTrue();
            browser.run("location.href = '/runs/1'");
            browser.await("now", text -> text.contains("train running"), SOON);
            browser.await("training", text -> text.contains("Loss of sampled paths"), SOON);
            browser.await("explore", text -> text.contains("The search has evaluated nothing yet"), SOON);
            isFitForAll("training");
            browser.run("window.same = true");
            training.go.countDown();
            assertThat(search.reached.await(5, TimeUnit.MINUTES)).isTrue();
            browser.await("explore", text -> text.contains("candidates keep the limits"), SOON);
            browser.await("explore", text -> AN_INTERVAL.matcher(text).find(), SOON);
            isFitForAll("search");
            search.go.countDown();
            run.get(5, TimeUnit.MINUTES);
            browser.await("winners", text -> text.contains("winner-1.onnx"), SOON);
            assertThat(browser.run("return window.same")).as("live, without loading the page anew").isEqualTo(true);
        } finally {
            training.go.countDown();
            search.go.countDown();
        }
        explore();
        download();
        isFitForAll("run");
        share();
        compare();
        cancel();
        report();
        assertThat(browser.complaints()).as("what scripts and the policy complained of").isEmpty();
    }

    /** A table of accuracies and one of times: all of a run but training and devices, in a moment. */
    @Test
    void theTableOfADeviceAndAServerThatComesAgain() throws Exception {
        Path space = Files.copy(LutraProcess.NINE_NETWORKS, folder.resolve("nine.yaml"), StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(folder.resolve("known.csv"), "arch,accuracy\n" + IntStream.range(0, 9)
            .mapToObj(i -> "\"" + i / 3 + "," + i % 3 + "\",0." + (40 + 5 * i) + "\n").collect(Collectors.joining()));
        LookupTable.Builder table = EstimatedTable.of(SpaceFile.load(space.toString()), Device.newBuilder().setName("box").build(),
            Runtime.newBuilder().setName("onnxruntime").setProvider("cpu").setThreads(1).build(), "float32", 1).content().toBuilder();
        table.getEntriesBuilderList().forEach(entry -> entry.getLatencyBuilder().setRelativeHalfWidth(0.05));
        dev.lutra.latency.LookupTable.of(table.build()).save(folder.resolve("box.json"));
        runs.submit(SubmitRunRequest.newBuilder().setExperiment("""
            name: watched
            space: %1$s/nine.yaml
            accuracy: {table: %1$s/known.csv}
            targets: [{device: box, table: %1$s/box.json}]
            search: {population: 8, generations: 6}
            """.formatted(folder)).build(), new Caller(Role.OPERATOR, "test", Optional.empty()));
        work(List.of());
        browser.open(server.address() + "/runs/1#token=" + TOKEN);
        browser.await("front", text -> text.contains("what more accuracy costs"), SOON);
        browser.run("document.querySelector('#tables details').open = true");
        browser.await("tables", text -> text.contains("layer2"), SOON);
        assertThat(browser.run("return document.querySelectorAll('#tables table.heat tbody td').length")).isEqualTo(6L);
        browser.run("document.querySelector('#tables table.heat button').click()");
        browser.await("tables", text -> text.contains("k7: "), SOON);
        browser.await("tables", text -> browser.run("const canvas = document.querySelector('#tables canvas'); return canvas !== null"
            + " && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(byte => byte > 0)").equals(true), SOON);
        isFitForAll("table");
        assertThat(browser.complaints()).isEmpty();
        browser.run("window.same = true");
        server.close();
        browser.await("notice", text -> text.contains("connection to the server was lost") || text.contains("does not answer"), SOON);
        serve(server.port());
        browser.await("notice", String::isEmpty, SOON);
        assertThat(browser.run("return window.same")).isEqualTo(true);
    }

    private void work(List<RunListener> listeners) {
        Experiment experiment = ExperimentFile.read(new Experiment.Text(folder.resolve("watched.yaml"),
            runs.get(RunName.newBuilder().setId("1").build()).getExperiment()));
        try (ExperimentRun run = ExperimentRun.open(experiment, folder("1"), OwnServer.onThisMachine(), listeners, "test")) {
            run.all();
        }
    }

    private void logIn() {
        queue.join(JoinRequest.newBuilder().setDevice(Device.newBuilder().setName("box").setCpu("a processor")).build());
        browser.open(server.address() + "/");
        browser.await("page", text -> text.contains("A token to look with"), SOON);
        hasNoBarriers("login");
        browser.run("document.getElementById('token').value = 'wrong'; document.querySelector('#login button').click()");
        browser.await("page", text -> text.contains("does not accept this token"), SOON);
        browser.run("document.getElementById('token').value = arguments[0]; document.querySelector('#login button').click()", TOKEN);
        browser.await("runs", text -> text.contains("No run was submitted to this server yet"), SOON);
        browser.await("fleet", text -> text.contains("box") && text.contains("a processor"), SOON);
        isFitForAll("empty");
        browser.complaints(); // of the wrong token
    }

    private void submit(String experiment) {
        browser.run("document.getElementById('experiment').value = arguments[0]; document.querySelector('#submit button').click()", "name: [");
        browser.await("submitted", text -> text.contains("expected"), SOON);
        browser.complaints(); // of what is no experiment
        browser.run("document.getElementById('experiment').value = arguments[0]; document.querySelector('#submit button').click()", experiment);
        browser.await("submitted", text -> text.contains("watched (1)"), SOON);
        browser.await("runs", text -> text.contains("watched (1)") && text.contains("waiting"), SOON);
    }

    private void explore() {
        String before = browser.text("explore");
        assertThat(before).contains("To choose from", "knee");
        browser.run("const x = document.querySelectorAll('#explore select')[0]; x.value = 'params'; x.dispatchEvent(new Event('change'))");
        browser.await("explore", text -> text.contains("candidates keep the limits"), SOON);
        // a limit that one network misses: the most parameters that any has
        Object most = browser
            .run("return Math.max(...[...document.querySelectorAll('#explore tbody tr')].map(row => parseFloat(row.cells[0].innerText)))");
        assertThat(((Number) most).doubleValue()).isPositive();
        browser.run("const one = document.querySelector('#explore [aria-label=\"most accuracy (%)\"]'); one.value = '0.001';"
            + " one.dispatchEvent(new Event('input'))");
        browser.await("explore", text -> text.contains("0 of ") || text.contains("No candidate keeps all of these limits"), SOON);
        browser.run("[...document.querySelectorAll('#explore button')].find(button => button.innerText === 'Remove all limits').click()");
        browser.await("explore", text -> text.contains("To choose from"), SOON);
        browser.drag("#explore .layer.top", 0.3, 0.1, 0.9, 0.9);
        browser.await("explore", text -> browser.run("return location.hash").toString().contains("limit.params="), SOON);
        browser.run("document.querySelector('#explore button.arch').click()");
        browser.await("network", text -> text.contains("MACs") || text.contains("Time by segment"), SOON);
        assertThat(browser.run("return document.querySelectorAll('#network svg').length")).isEqualTo(1L);
        String view = browser.run("return location.hash").toString();
        assertThat(view).contains("x=params", "net=", "limit.params=").doesNotContain("token");
        browser.reload();
        browser.await("network", text -> text.contains("Time by segment"), SOON);
        assertThat(browser.run("return location.hash")).as("whoever has the address sees the same").isEqualTo(view);
        assertThat(browser.run("return document.querySelectorAll('#explore select')[0].value")).isEqualTo("params");
    }

    private void download() throws Exception {
        browser.run("[...document.querySelectorAll('#winners button')].find(button => button.innerText === 'winner-1.onnx').click()");
        assertThat(browser.downloaded("winner-1.onnx", SOON)).hasSameBinaryContentAs(folder.resolve("runs/1/export/winner-1.onnx"));
    }

    private void share() {
        browser.run("[...document.querySelectorAll('#controls button')].find(button => button.innerText === 'share').click()");
        browser.await("shared", text -> text.contains("may look at this run alone"), SOON);
        String link = browser.run("return document.getElementById('share-link').value").toString();
        browser.run("sessionStorage.clear()");
        browser.open("about:blank");
        browser.open(link);
        browser.await("winners", text -> text.contains("winner-1.onnx"), SOON);
        assertThat(browser.run("return location.href").toString()).as("the token does not stay where it shows").doesNotContain("token");
        assertThat(browser.evaluate("fetch('/api/runs', { headers: { authorization: 'Bearer ' + sessionStorage.getItem('lutra.look') } })"
            + ".then(answer => answer.status)")).isEqualTo(403L);
        browser.run("sessionStorage.setItem('lutra.look', arguments[0])", TOKEN);
        browser.complaints(); // of the refusal, which is none
    }

    private void compare() {
        browser.open(server.address() + "/compare?runs=1,1");
        browser.await("page", text -> text.contains("Nothing: the files say the same") && text.contains("Hypervolume over evaluations"), SOON);
        isFitForAll("compare");
    }

    private void cancel() throws Exception {
        browser.open(server.address() + "/");
        browser.await("runs", text -> text.contains("watched (1)"), SOON);
        submitAnother();
        browser.run("window.confirm = () => true; document.querySelector('[aria-label=\"cancel watched (2)\"]').click()");
        browser.await("runs", text -> text.contains("cancelled"), SOON);
        isFitForAll("home");
        browser.run("document.querySelector('[aria-label=\"remove watched (2)\"]').click()");
        browser.await("runs", text -> !text.contains("watched (2)"), SOON);
    }

    private void submitAnother() throws Exception {
        browser.run("document.getElementById('experiment').value = arguments[0]; document.querySelector('#submit button').click()", experiment());
        browser.await("runs", text -> text.contains("watched (2)"), SOON);
    }

    /** From the disk, with nothing behind it. */
    private void report() {
        browser.open(folder.resolve("runs/1/report.html").toUri().toString());
        browser.await("winners", text -> text.contains("winner-1.onnx"), SOON);
        browser.await("explore", text -> text.contains("To choose from"), SOON);
        assertThat(browser.text("now")).contains("export done").doesNotContain("stopped");
        browser.run("document.querySelector('#explore button.arch').click()");
        browser.await("network", text -> text.contains("Time by segment") || text.contains("drawings of the winners"), SOON);
        assertThat(browser.run("return performance.getEntriesByType('resource').filter(one => !/^(data|blob):/.test(one.name)).map(one => one.name)"))
            .as("it asks for nothing").isEqualTo(List.of());
        isFitForAll("report");
    }

    /** In light and dark and on a phone: no barriers, and nothing wider than the page. */
    private void isFitForAll(String name) {
        for (Chromium.Look look : Chromium.Look.values()) {
            browser.look(look);
            hasNoBarriers(name + "-" + look.name().toLowerCase(Locale.ROOT));
            assertThat(browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth"))
                .as("%s, %s: wider than the page", name, look).isEqualTo(0L);
        }
        browser.look(Chromium.Look.LIGHT);
    }

    private void hasNoBarriers(String name) {
        browser.picture(Path.of("target/screenshots"), name);
        assertThat(browser.barriers()).as(name).isEmpty();
    }
}
