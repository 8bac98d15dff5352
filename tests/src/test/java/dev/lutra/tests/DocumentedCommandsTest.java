package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lutra.proto.Task;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.cli.Main;
import dev.lutra.server.rpc.RemoteFleet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every command on a page is run, in a folder with what it needs. {@code documented-commands.txt} has them in an order in which each finds what
 * it needs, and what is typed in the place of words such as FILE; {@code docs/not-executed.txt} has the few that cannot be run here, each with its reason.
 */
class DocumentedCommandsTest {

    private static final Path NOT_EXECUTED = LutraProcess.CHECKOUT.resolve("docs/not-executed.txt");
    private static final int MOST_NOT_EXECUTED = 10;
    /** What a command may be given beyond what its page shows, so that it is done soon and touches nothing else. */
    private static final Set<String> ADDED = Set.of("--data", "--out", "--server", "--token", "--time-limit", "--max-regression", "--join-timeout",
        "--device",
        "--join-only", "--listen", "--partial", "--allow-data");
    private static final String ARCH = "k3,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3";

    @TempDir
    private Path folder;
    private final List<Process> background = new ArrayList<>();

    private static List<DocumentedCommand> documented() throws IOException {
        List<DocumentedCommand> all = new ArrayList<>();
        try (Stream<Path> docs = Files.walk(LutraProcess.CHECKOUT.resolve("docs"))) {
            List<Path> pages = new ArrayList<>(docs.filter(file -> file.toString().endsWith(".md")).sorted().toList());
            pages.remove(LutraProcess.CHECKOUT.resolve("docs/reference/commands.md")); // made of --help
            pages.add(LutraProcess.CHECKOUT.resolve("README.md"));
            pages.add(LutraProcess.CHECKOUT.resolve("CONTRIBUTING.md"));
            for (Path page : pages) {
                all.addAll(DocumentedCommand.of(page));
            }
        }
        return all;
    }

    /** What stands in a file of lines, without empty ones and remarks. */
    private static List<String> lines(String text) {
        return text.lines().map(String::strip).filter(line -> !line.isEmpty() && !line.startsWith("#")).toList();
    }

    /** By command as documented, what is run; in order. */
    private static Map<String, String> executed() throws IOException {
        Map<String, String> executed = new LinkedHashMap<>();
        try (var in = DocumentedCommandsTest.class.getResourceAsStream("documented-commands.txt")) {
            for (String line : lines(new String(in.readAllBytes(), StandardCharsets.UTF_8))) {
                String[] parts = line.split(" +=> +", 2);
                executed.put(parts[0], parts[parts.length - 1]);
            }
        }
        return executed;
    }

    private static Map<String, String> notExecuted() throws IOException {
        Map<String, String> reasons = new LinkedHashMap<>();
        for (String line : lines(Files.readString(NOT_EXECUTED))) {
            String[] parts = line.split(" +-- +", 2);
            assertThat(parts).as("a command and a reason: %s", line).hasSize(2);
            reasons.put(parts[0], parts[1]);
        }
        return reasons;
    }

    @Test
    void everyNameOfACommandOrOptionExists() throws IOException {
        for (DocumentedCommand command : documented()) {
            if (command.isOfLutra()) {
                for (String text : command.alternatives()) {
                    DocumentedCommand one = DocumentedCommand.of(command.page(), text, false);
                    assertThat(one.words().size() == 1 || one.words().get(1).startsWith("-") || one.named() > 1).as("%s: %s", command.page(), text)
                        .isTrue();
                    assertThat(one.command().optionsMap().keySet()).as("%s: %s", command.page(), text).containsAll(one.options());
                }
            }
        }
    }

    @Test
    void everyCommandIsExecutedOrSaysWhyNot() throws IOException {
        Set<String> wanted = new LinkedHashSet<>();
        documented().stream().filter(command -> !command.isOfLutra() || !command.isName()).filter(command -> command.alternatives().size() == 1)
            .forEach(command -> wanted.add(command.text()));
        Map<String, String> executed = executed();
        Map<String, String> not = notExecuted();
        assertThat(not).hasSizeLessThanOrEqualTo(MOST_NOT_EXECUTED).doesNotContainKeys(executed.keySet().toArray(String[]::new));
        Set<String> known = new LinkedHashSet<>(executed.keySet());
        known.addAll(not.keySet());
        assertThat(wanted).as("commands on pages, and those of documented-commands.txt and docs/not-executed.txt").isEqualTo(known);
        executed.forEach((documented, run) -> {
            DocumentedCommand shown = DocumentedCommand.of(NOT_EXECUTED, documented, true);
            DocumentedCommand typed = DocumentedCommand.of(NOT_EXECUTED, run, true);
            assertThat(typed.command().qualifiedName()).as(run).isEqualTo(shown.command().qualifiedName());
            Set<String> more = typed.options();
            assertThat(more).as("%s has what %s shows", run, documented).containsAll(shown.options());
            more.removeAll(shown.options());
            assertThat(ADDED).as(run).containsAll(more);
        });
        not.forEach((command, reason) -> System.out.println("not executed: " + command + " (" + reason + ")"));
    }

    /** The time limit only ends a test that would hang. */
    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void everyCommandDoesWhatThePageSays() throws Exception {
        layOut();
        List<String> problems = new ArrayList<>();
        Set<String> done = new LinkedHashSet<>();
        try (CommandSession session = CommandSession.start(folder)) {
            for (Map.Entry<String, String> entry : executed().entrySet()) {
                if (!done.add(entry.getValue().replaceFirst("^\\./", ""))) {
                    continue; // the same command, as another page shows it
                }
                DocumentedCommand command = DocumentedCommand.of(NOT_EXECUTED, filled(entry.getValue(), session), true);
                long start = System.nanoTime();
                if (command.isOfTheAgent()) {
                    startAgent(command);
                } else if (command.named() > 1 && command.words().get(1).equals("serve")) {
                    startServer(command);
                } else {
                    LutraProcess.Result result = session.run(command.words().subList(1, command.words().size()));
                    if (result.code() != 0) {
                        problems.add(command.text() + ": " + result.errors());
                        System.out.println("FAILED " + command.text() + ": " + result.message());
                    }
                }
                System.out.printf("%6.1f s  %s%n", (System.nanoTime() - start) / 1e9, entry.getKey());
            }
        } finally {
            for (Process process : background) {
                process.descendants().forEach(ProcessHandle::destroy);
                process.destroy();
                process.waitFor();
            }
        }
        assertThat(problems).as("commands that failed").isEmpty();
    }

    /** A space of nine networks, so that whatever measures or trains is done soon; tables and lists of a larger one. */
    private void layOut() throws IOException {
        CommandInputs.write(folder, "unused", "local");
        Files.writeString(folder.resolve("tiny.yaml"), """
            name: tiny
            title: Nine networks
            source: This test
            input: {channels: 3, size: 16}
            classes: 2
            choices:
              k3: {block: mb, kernel: 3, expand: 2}
              k5: {block: mb, kernel: 5, expand: 2}
              k7: {block: mb, kernel: 7, expand: 2}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8, stride: 2}
              - {choices: [k3, k5, k7], channels: 16, repeat: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """);
        Files.writeString(folder.resolve("known.csv"), "arch,accuracy\n\"0,0\",0.6\n\"1,1\",0.7\n\"2,2\",0.8\n");
        writeExperiment("flowers", "targets: [{device: local}]\nobjectives: [accuracy, latency, macs]");
        writeExperiment("boards", "targets: [{device: board}]");
        writeExperiment("searched", "objectives: [accuracy, macs]");
        Files.writeString(folder.resolve("searched.yaml"), Files.readString(folder.resolve("searched.yaml"))
            .replace("supernet: {epochs: 1, batch: 16}", "supernet: {from: runs/flowers}"));
        Files.writeString(folder.resolve("submitted.yaml"), Files.readString(folder.resolve("searched.yaml"))
            .replace("space: tiny.yaml", "space: " + folder.resolve("tiny.yaml")).replace("{from: runs/flowers}", "{epochs: 1, batch: 16}")
            .replace("known.csv", folder.resolve("known.csv").toString()));
        Files.writeString(folder.resolve("spos.txt"), "0,0,3,1,1,1,0,0,2,0,2,1,1,0,2,0,2,1,3,2\n");
        Files.copy(new Authority(folder, "authority").certificate(), folder.resolve("ca.pem"));
        Files.createSymbolicLink(folder.resolve("lut"), LutraProcess.CHECKOUT.resolve("lut"));
        Files.writeString(folder.resolve("architectures.txt"), ARCH + "\n" + ARCH.replace("k3", "k5") + "\n");
    }

    private void writeExperiment(String name, String more) throws IOException {
        Files.writeString(folder.resolve(name + ".yaml"), """
            name: %s
            space: tiny.yaml
            data: {train: "synthetic:2x40", test: "synthetic:2x8"}
            supernet: {epochs: 1, batch: 16}
            evaluation: {recalibration-images: 16, validation-images: 8, batch: 8}
            profile: {calibrate: 0, half-width: 0.5, rounds: 2, slice: 20 ms, time-limit: 200 ms}
            verify: {repairs: 0}
            search: {population: 4, generations: 1, seed: 1}
            export: {top: 1}
            retrain: {epochs: 1}
            rank: {table: known.csv}
            %s
            """.formatted(name, more));
    }

    /** Words in braces are what only earlier commands have found out. */
    private String filled(String command, CommandSession session) throws IOException {
        String filled = command.replace("{arch}", ARCH).replace("{own}", "k3,k5").replace("{here}", folder.toString());
        if (filled.contains("{revocable}")) {
            filled = filled.replace("{revocable}", answer(session, "token", "create", "--role", "viewer").path("id").asText());
        }
        if (filled.contains("{token}")) {
            filled = filled.replace("{token}", answer(session, "token", "create").path("token").asText());
        }
        if (filled.contains("{task}")) {
            filled = filled.replace("{task}", queuedTask());
        }
        if (filled.contains("{server}")) {
            filled = filled.replace("{server}", Files.readString(folder.resolve("runs/fleet/address")).strip());
        }
        return filled;
    }

    /** One that waits for a device which is not there. */
    private String queuedTask() throws IOException {
        String address = Files.readString(folder.resolve("runs/fleet/address")).strip();
        try (RemoteFleet fleet = RemoteFleet.connect(ServerAddress.parse(address), Files.readString(folder.resolve("runs/fleet/token")).strip())) {
            String model = fleet.putModel(Files.readAllBytes(folder.resolve("net.onnx")));
            fleet.submit("elsewhere", List.of(Task.newBuilder().setId("waiting").setThreads(1).setModelSha256(model).build()));
        }
        return "waiting";
    }

    private static JsonNode answer(CommandSession session, String... words) throws IOException {
        List<String> all = new ArrayList<>(List.of(words));
        all.add("--json");
        return new JsonMapper().readTree(session.run(all).output());
    }

    /** The one of before ends: it has the folder. */
    private void startServer(DocumentedCommand command) throws Exception {
        for (Process earlier : List.copyOf(background)) {
            earlier.destroy();
            earlier.waitFor();
            background.remove(earlier);
        }
        start(command.words().subList(1, command.words().size()), Main.class.getName(), "a device joins by");
    }

    private void startAgent(DocumentedCommand command) throws Exception {
        List<String> arguments = command.words().subList(2, command.words().size());
        start(arguments, dev.lutra.agent.Main.class.getName(), arguments.contains("--help") || arguments.contains("--join-only") ? "" : "joined as");
    }

    private void start(List<String> arguments, String main, String ready) throws Exception {
        Path said = Files.createTempFile(folder, "said", "");
        Process process = CommandSession.java(folder, List.of(), main, arguments).redirectErrorStream(true).redirectOutput(said.toFile()).start();
        background.add(process);
        if (ready.isEmpty()) {
            assertThat(process.waitFor()).as("%s: %s", arguments, Files.readString(said)).isZero();
        }
        while (!Files.readString(said).contains(ready)) {
            assertThat(process.isAlive()).as("%s: %s", arguments, Files.readString(said)).isTrue();
            Thread.sleep(50);
        }
    }
}
