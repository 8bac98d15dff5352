package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lutra.proto.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Experiments of a team on one server: server, runs and agents are processes of their own. */
class SubmittedRunsTest {

    private static final JsonMapper JSON = new JsonMapper();
    private static final List<String> AGENTS = List.of("box-a", "box-b");
    /** Both figures of each network are the same wherever it is measured, so the front is known. */
    private static final String OBJECTIVES = "objectives: [accuracy, params]\nsearch: {population: 8, generations: 3}\n";

    @TempDir
    private Path folder;
    private final List<LutraProcess> open = new ArrayList<>();
    private LutraProcess server;
    private String[] serve;
    private String fleet;

    @BeforeEach
    void write() throws IOException {
        Path data = Files.createDirectory(folder.resolve("data"));
        Files.copy(LutraProcess.NINE_NETWORKS, data.resolve("nine.yaml"));
        Files.writeString(data.resolve("known.csv"), """
            arch,accuracy
            "0,0",0.50
            "0,1",0.60
            "0,2",0.55
            "1,0",0.40
            "1,1",0.70
            "1,2",0.65
            "2,0",0.52
            "2,1",0.61
            "2,2",0.69
            """);
        serve = new String[]{"serve", "--log", "json", "--http", "127.0.0.1:0", "--data", "fleet", "--allow-data", data.toString(), "--listen",
            "127.0.0.1:0"};
        fleet = folder.resolve("fleet").toString();
    }

    @AfterEach
    void close() {
        open.forEach(LutraProcess::close);
    }

    private LutraProcess start(String... arguments) {
        LutraProcess started = LutraProcess.start(folder, arguments);
        open.add(started);
        return started;
    }

    private int startServer() {
        server = start(serve);
        return CommandLineTest.servedPort(server);
    }

    /** What a network scores is known, what it takes is measured on devices. */
    private Path measured(String name, String devices) throws IOException {
        return Files.writeString(folder.resolve(name + ".yaml"), "name: " + name + "\nspace: " + folder + "/data/nine.yaml\naccuracy: {table: "
            + folder + "/data/known.csv}\n" + OBJECTIVES + devices);
    }

    private Path trained(String name, int epochs) throws IOException {
        return Files.writeString(folder.resolve(name + ".yaml"), "name: " + name + "\nspace: " + folder
            + "/data/nine.yaml\ndata: {train: 'synthetic:4x60'}\nsupernet: {epochs: " + epochs + ", batch: 16}\n"
            + "evaluation: {recalibration-images: 32, validation-images: 24}\nexport: {top: 1}\n" + OBJECTIVES);
    }

    private static LutraProcess.Result call(String... arguments) {
        LutraProcess.Result answer = LutraCall.run(arguments);
        assertThat(answer.code()).as("%s: %s", String.join(" ", arguments), answer.errors()).isZero();
        return answer;
    }

    private String submit(Path experiment, String... more) throws IOException {
        List<String> words = new ArrayList<>(List.of("submit", experiment.toString(), "--server", fleet, "--json"));
        words.addAll(List.of(more));
        return JSON.readTree(call(words.toArray(String[]::new)).output()).path("id").asText();
    }

    private JsonNode run(String id) throws IOException {
        for (JsonNode run : JSON.readTree(call("runs", "--server", fleet, "--json").output()).path("runs")) {
            if (run.path("id").asText().equals(id)) {
                return run;
            }
        }
        throw new AssertionError("no run " + id);
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    private void await(String what, Condition condition) throws Exception {
        for (long deadline = System.nanoTime() + SmallJob.PATIENCE.toNanos(); !condition.holds(); Thread.sleep(50)) {
            assertThat(System.nanoTime()).as(what + ": " + call("runs", "--server", fleet).output() + server.errors()).isLessThan(deadline);
        }
    }

    private Path folderOf(String id) {
        return folder.resolve("fleet/runs").resolve(id);
    }

    private Optional<JsonNode> progress(String id) throws IOException {
        Path file = folderOf(id).resolve("progress.json");
        return Files.exists(file) ? Optional.of(JSON.readTree(Files.readString(file))) : Optional.empty();
    }

    /** Networks of a front with what is known of them, without what follows from where and when they were found. */
    private static String front(Path run) throws IOException {
        StringBuilder front = new StringBuilder();
        for (JsonNode candidate : JSON.readTree(run.resolve("front.json").toFile()).path("candidates")) {
            front.append(candidate.path("arch")).append(' ').append(candidate.path("accuracy")).append('\n');
        }
        assertThat(front).isNotEmpty();
        return front.toString();
    }

    /** As a process like those of a server: how many threads PyTorch has decides the order of sums. */
    private String alone(Path experiment) throws IOException {
        Path out = folder.resolve("alone").resolve(experiment.getFileName().toString());
        LutraProcess.Result ended = LutraProcess.run(folder, "run", experiment.toString(), "--out", out.toString());
        assertThat(ended.code()).as("%s", ended.errors()).isZero();
        return front(out);
    }

    /** One gives way at a checkpoint for another that is urgent, devices measure for a third, and the server is killed in the middle of it. */
    @Test
    void threeAtOnceEndAsAloneThoughTheServerIsKilled() throws Exception {
        Path patient = trained("patient", 40);
        Path urgent = trained("urgent", 30);
        String ofPatient = alone(patient);
        String ofUrgent = alone(urgent);
        String ofMeasured = alone(measured("alone", ""));
        int port = startServer();
        serve[serve.length - 1] = "127.0.0.1:" + port;
        List<LutraProcess> logging = new ArrayList<>(List.of(server));
        List<LutraProcess> agents = AGENTS.stream().map(name -> start("agent", "--server", "127.0.0.1:" + port, "--token-file", "fleet/token",
            "--device", name, "--log", "json")).toList();
        String first = submit(patient);
        await("it trains", () -> run(first).path("done").asDouble() > 0);
        String third = submit(measured("measured", "targets: [{device: box-a}, {device: box-b}]\nprofile: {calibrate: 0, half-width: 0.5, rounds: 2, "
            + "slice: 20 ms, time-limit: 200 ms}\n"));
        String second = submit(urgent, "--priority", "5");
        await("the first waits for the urgent one", () -> run(first).path("message").asText().equals("waits for its turn to train on cpu, where run "
            + second + " trains"));
        TaskTable tasks = new TaskTable(folder.resolve("fleet/lutra.db"));
        await("something is measured", () -> !tasks.done().isEmpty());
        List<Long> processes = new ArrayList<>();
        for (String id : List.of(second, third)) {
            process(id).ifPresent(processes::add);
        }
        List<String> done = wellMeasured(tasks);
        server.kill();
        startServer();
        logging.add(server);
        for (String id : List.of(first, second, third)) {
            LutraProcess.Result ended = LutraCall.run("watch", id, "--server", fleet);
            assertThat(ended.code()).as("%s %s", ended, Files.readString(folderOf(id).resolve("run.log"))).isZero();
        }
        assertThat(processes).as("of the server that was killed").isNotEmpty().noneMatch(process -> ProcessHandle.of(process).isPresent());
        assertThat(front(folderOf(first))).isEqualTo(ofPatient);
        assertThat(front(folderOf(second))).isEqualTo(ofUrgent);
        assertThat(front(folderOf(third))).isEqualTo(ofMeasured);
        assertThat(Files.readString(folderOf(first).resolve("run.log"))).contains("train: told to end, keeps where it stands");
        assertThat(tasks.done()).as("what was measured well before is not measured again").containsAll(done);
        assertThat(folderOf(third).resolve("lut")).isDirectoryContaining("glob:**box-a*").isDirectoryContaining("glob:**box-b*");
        saysForPrograms(log(logging), log(agents), third);
    }

    /** Every line that processes have written, each a JSON object. */
    private static List<JsonNode> log(List<LutraProcess> processes) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (LutraProcess process : processes) {
            for (String line : process.errors()) {
                lines.add(JSON.readTree(line));
            }
        }
        return lines;
    }

    /** Who gathers the logs of all finds in them what the server did with a run, and what came of each of its tasks on both sides. */
    private static void saysForPrograms(List<JsonNode> server, List<JsonNode> agents, String run) {
        assertThat(server).filteredOn(line -> line.at("/mdc/run").asText().equals(run))
            .allMatch(line -> line.at("/mdc/experiment").asText().equals("measured")).extracting(line -> line.path("formattedMessage").asText())
            .contains("run " + run + ": has a process", "run " + run + ": is done");
        List<String> told = tasks(server.stream().filter(line -> line.at("/mdc/owner").asText().equals("run-" + run)).toList());
        assertThat(told).isNotEmpty();
        assertThat(tasks(agents)).containsAnyElementsOf(told);
        assertThat(server).filteredOn(line -> line.at("/mdc").has("task")).extracting(line -> line.at("/mdc/device").asText())
            .isSubsetOf(AGENTS);
    }

    /** The tasks that lines are about. */
    private static List<String> tasks(List<JsonNode> lines) {
        return lines.stream().map(line -> line.path("mdc")).filter(about -> about.has("task"))
            .filter(about -> about.path("task").asText().startsWith(about.path("experiment").asText() + "/"))
            .map(about -> about.path("task").asText()).distinct().toList();
    }

    /** What is not known well enough is measured again by a run that asks again. */
    private static List<String> wellMeasured(TaskTable tasks) throws IOException {
        List<String> well = new ArrayList<>();
        for (String task : tasks.done()) {
            if (Outcome.parseFrom(HexFormat.of().parseHex(task.split(" ")[1])).getMeasured().getCircumstances().getConverged()) {
                well.add(task);
            }
        }
        return well;
    }

    /** The process that works on a run, if one does. */
    private Optional<Long> process(String id) throws IOException {
        return progress(id).map(now -> now.path("pid").asLong()).filter(process -> ProcessHandle.of(process).isPresent());
    }

    @Test
    void aRunIsPausedGoesOnAndIsGivenUpWhenItIsKilledAgainAndAgain() throws Exception {
        startServer();
        String id = submit(trained("often", 2000));
        await("it trains", () -> run(id).path("done").asDouble() > 0);
        call("pause", id, "--server", fleet);
        await("its process ends", () -> process(id).isEmpty());
        assertThat(run(id).path("state").asText()).isEqualTo("paused");
        assertThat(Files.readString(folderOf(id).resolve("run.log"))).contains("train: told to end, keeps where it stands");
        call("resume", id, "--server", fleet);
        for (int kill = 0; kill < 5; kill++) {
            await("it has a process", () -> process(id).isPresent());
            long process = process(id).orElseThrow();
            ProcessHandle.of(process).ifPresent(ProcessHandle::destroyForcibly);
            await("another takes its place", () -> run(id).path("state").asText().equals("failed")
                || process(id).filter(next -> next != process).isPresent());
        }
        assertThat(run(id).path("message").asText()).isEqualTo("its process was killed 5 times, at last by signal 9 (expected: enough memory for it; "
            + "'lutra resume " + id + "' goes on)");
    }

    @Test
    void whoMayWhatAndWhatIsRefused() throws Exception {
        startServer();
        String viewer = JSON.readTree(call("token", "create", "--role", "viewer", "--server", fleet, "--json").output()).path("token").asText();
        String address = Files.readString(folder.resolve("fleet/address")).strip();
        Path relative = Files.writeString(folder.resolve("relative.yaml"), "name: relative\nspace: nine.yaml\naccuracy: {table: known.csv}\n");
        assertRefused("experiment.yaml: known.csv: relative to the file, which is elsewhere (expected: an absolute path on the server within "
            + folder.resolve("data") + ")", "submit", relative.toString(), "--server", fleet);
        String id = submit(measured("waits", "targets: [{device: never-there}]\n" + SmallJob.PROFILE + "\n"));
        for (List<String> words : List.of(List.of("submit", relative.toString()), List.of("pause", id), List.of("resume", id), List.of("cancel", id),
            List.of("remove", id), List.of("priority", id, "3"))) {
            List<String> all = new ArrayList<>(words);
            all.addAll(List.of("--server", address, "--token", viewer));
            LutraProcess.Result refused = LutraCall.run(all.toArray(String[]::new));
            assertThat(refused.code()).as("%s", words).isEqualTo(2);
            assertThat(refused.message()).contains("not for viewer tokens");
        }
        assertThat(call("runs", "--server", address, "--token", viewer).output()).contains("waits");
        assertRefused("run 77: not known (expected: one of 'lutra runs')", "watch", "77", "--server", fleet);
        assertRefused("run " + id + ": has found nothing yet (expected: after its search)", "get", id, "--server", fleet, "--out",
            folder.resolve("got").toString());
        assertRefused("--priority: 101 (expected: -100 to 100)", "submit", relative.toString(), "--priority", "101", "--server", fleet);
        await("it says what it waits for", () -> run(id).path("message").asText().contains("never-there"));
        call("cancel", id, "--server", fleet);
        await("its process ends", () -> process(id).isEmpty());
        assertThat(LutraCall.run("watch", id, "--server", fleet).code()).isEqualTo(1);
        assertThat(folderOf(id)).isDirectory();
        await("its process is over for the server, too", () -> LutraCall.run("remove", id, "--server", fleet).code() == 0);
        assertThat(folderOf(id)).doesNotExist();
        assertRefused("run " + id + ": not known (expected: one of 'lutra runs')", "get", id, "--server", fleet);
    }

    private static void assertRefused(String line, String... arguments) {
        LutraProcess.Result refused = LutraCall.run(arguments);
        assertThat(refused.message()).endsWith(line);
        assertThat(refused.errors()).hasSize(1);
        assertThat(refused.code()).isEqualTo(2);
    }

    /** Agents have something to do whenever there is something to be done. */
    @Test
    @Tag("slow")
    void agentsAreBusyWhileThereIsWork() throws Exception {
        int port = startServer();
        AGENTS.forEach(name -> start("agent", "--server", "127.0.0.1:" + port, "--token-file", "fleet/token", "--device", name));
        String devices = "targets: [{device: box-a}, {device: box-b}]\nprofile: {calibrate: 0, half-width: 0.05, rounds: 2, "
            + "time-limit: 500 ms}\n";
        List<String> ids = new ArrayList<>();
        for (String name : List.of("one", "two", "three")) {
            ids.add(submit(measured(name, devices)));
        }
        TaskTable tasks = new TaskTable(folder.resolve("fleet/lutra.db"));
        int[] withWork = new int[AGENTS.size()];
        int[] busy = new int[AGENTS.size()];
        await("all are done", () -> {
            for (int agent = 0; agent < AGENTS.size(); agent++) {
                String device = " FROM tasks WHERE device = '" + AGENTS.get(agent) + "' AND state <> 'done'";
                List<String> found = tasks.rows("SELECT count(*) || ' ' || coalesce(sum(under_way), 0)" + device);
                if (!found.isEmpty() && !found.get(0).startsWith("0 ")) {
                    withWork[agent]++;
                    busy[agent] += found.get(0).endsWith(" 0") ? 0 : 1;
                }
            }
            boolean isOver = true;
            for (String id : ids) {
                isOver &= Files.exists(folderOf(id).resolve("front.json"));
            }
            return isOver;
        });
        for (int agent = 0; agent < AGENTS.size(); agent++) {
            assertThat(withWork[agent]).isGreaterThan(100);
            assertThat((double) busy[agent] / withWork[agent]).as(AGENTS.get(agent)).isGreaterThanOrEqualTo(0.9);
        }
    }
}
