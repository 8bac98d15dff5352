package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lutra.agent.link.DeviceKey;
import dev.lutra.agent.link.Passport;
import dev.lutra.agent.link.PatientLink;
import dev.lutra.agent.link.ServerLink;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.proto.Device;
import dev.lutra.proto.JoinRequest;
import dev.lutra.proto.Task;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.proto.content.Sha256;
import dev.lutra.server.cli.Main;
import dev.lutra.server.rpc.RemoteFleet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Every command that there is, asked by another program: one JSON document on standard output and nothing else. */
class JsonAnswersTest {

    private static final String ARCH = "k3,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3,k3";
    private static final JsonMapper JSON = JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    /** What the answer of a run of minutes is, the continuous integration's own run of it shows. */
    private static final Set<String> NOT_RUN = Set.of("demo");

    /** Those that start other processes, or are ended from outside; all others need none of their own. */
    private static final Set<String> PROCESSES = Set.of("plan", "profile", "verify", "run", "retrain", "load");

    /** Those that speak to a server. */
    private static final Set<String> OF_A_SERVER = Set.of("serve", "agents", "token create", "token list", "token revoke", "devices list",
        "devices drain", "devices undrain", "devices remove", "tasks list", "tasks cancel", "backup", "restore", "gc", "submit", "runs", "watch",
        "pause", "resume", "cancel", "get", "priority", "remove");

    @TempDir
    private Path folder;

    /**
     * A command line that ends, and what its answer has to be like.
     *
     * @param arguments in which @ stands for the test's folder
     */
    private record Asked(String arguments, Predicate<JsonNode> answer) {

        String[] words(Path folder) {
            return (arguments.replace("@", folder + "/") + " --json").split(" ");
        }

        Asked with(String argument) {
            return new Asked(arguments + " " + argument, answer);
        }
    }

    /** In an order in which each finds what it needs. */
    private static Map<String, Asked> asked() {
        String table = LutraProcess.CHECKOUT.resolve("lut/note10-ofa.json").toString();
        Map<String, Asked> asked = new LinkedHashMap<>();
        asked.put("spaces", new Asked("spaces", answer -> answer.size() > 20));
        asked.put("describe", new Asked("describe shufflenetv2-cifar", answer -> answer.path("cheapest").path("macs").asLong() > 0));
        asked.put("export-arch", new Asked("export-arch shufflenetv2-cifar --arch " + ARCH + " --out @net.onnx",
            answer -> answer.path("arch").asText().equals(ARCH)));
        asked.put("import-weights", new Asked("import-weights shufflenetv2-cifar --arch " + ARCH
            + " --from @run/supernet.safetensors --mapping @mapping.yaml --partial --out @mine.safetensors",
            answer -> answer.has("unmatched")));
        asked.put("calibrate", new Asked("calibrate shufflenetv2-cifar --networks @networks.csv --out @fitted.json",
            answer -> answer.path("held_out").asInt() == 8));
        asked.put("predict", new Asked("predict shufflenetv2-cifar --arch " + ARCH + " --lut @fitted.json",
            answer -> answer.path("latency_ms").asDouble() > 0));
        asked.put("lut list", new Asked("lut list " + LutraProcess.CHECKOUT.resolve("lut"), answer -> answer.size() == 5));
        asked.put("lut show", new Asked("lut show " + table, answer -> answer.path("entries").size() == 458));
        asked.put("lut check", new Asked("lut check " + table, answer -> answer.path("verdict").size() == 3));
        asked.put("lut diff", new Asked("lut diff " + table + " " + table, answer -> answer.path("common").asInt() == 458));
        asked.put("lut forget", new Asked("lut forget @measured.json ffffffffffffffff", answer -> answer.path("entries").asInt() == 1));
        asked.put("lut import", new Asked("lut import singlepath @pixel.csv --out @pixel.json", answer -> answer.path("entries").asInt() == 4));
        asked.put("recipes", new Asked("recipes", answer -> answer.size() > 10 && answer.path(0).has("title")));
        asked.put("init", new Asked("init --recipe spos-block-cifar --out @recipe.yaml", answer -> answer.has("file")));
        asked.put("plan", new Asked("plan @small.yaml", answer -> answer.path("seconds").asDouble() > 0 && answer.has("lacks")));
        asked.put("prepare", new Asked("prepare @photos.yaml --to @prepared --images-per-shard 3 --out @preparing",
            answer -> answer.path("train").path("shards").asInt() == 3 && answer.path("train").path("content").asText().length() == 64));
        asked.put("train", new Asked("train @small.yaml --out @run", answer -> answer.has("supernet")));
        asked.put("rank", new Asked("rank @small.yaml --out @run", answer -> answer.path("baselines").size() == 3));
        asked.put("profile", new Asked("profile @small.yaml --out @run --listen 127.0.0.2:0", answer -> answer.path("tables").size() == 1));
        asked.put("search", new Asked("search @small.yaml --out @run", answer -> !answer.path("candidates").isEmpty()));
        asked.put("export", new Asked("export @small.yaml --out @run", answer -> answer.path("files").size() == 1));
        asked.put("verify", new Asked("verify @small.yaml --out @run",
            answer -> answer.path("winners").size() == 1 && answer.path("winners").path(0).path("verified").asBoolean()));
        asked.put("run", new Asked("run @small.yaml --out @run", answer -> answer.path("winners").size() == 1));
        asked.put("pick", new Asked("pick @run", answer -> answer.path("fronts").path("latency:local").path(0).path("accuracy_low").isNumber()));
        asked.put("compare", new Asked("compare @run @run", answer -> answer.path("hypervolume").size() == 2 && answer.path("settings").isEmpty()));
        asked.put("retrain", new Asked("retrain @small.yaml --out @run",
            answer -> answer.path("networks").path(0).path("devices").path("local").path("verified").asBoolean()));
        // the winner with shared weights, then its files in both precisions
        asked.put("test", new Asked("test @small.yaml --out @run", answer -> answer.path("networks").size() == 3));
        asked.put("load", new Asked("load @net.onnx --rate 20 --for 300ms", answer -> answer.has("kept_up")));
        asked.put("completion", new Asked("completion bash", answer -> answer.path("script").asText().contains("complete -F")));
        asked.put("serve", new Asked("serve --listen 127.0.0.1:0 --data @fleet --allow-data @", answer -> answer.has("join_link")));
        asked.put("agents", new Asked("agents --token-file @fleet/token", JsonNode::isArray));
        asked.put("token create", new Asked("token create --role viewer --server @fleet", answer -> answer.path("token").asText().length() == 43));
        asked.put("token list", new Asked("token list --server @fleet", answer -> answer.path(0).path("role").asText().equals("operator")));
        asked.put("token revoke", new Asked("token revoke --server @fleet", answer -> answer.has("revoked")));
        asked.put("devices list", new Asked("devices list --server @fleet", JsonNode::isArray));
        asked.put("devices drain", new Asked("devices drain box --server @fleet", answer -> answer.path("draining").asBoolean()));
        asked.put("devices undrain", new Asked("devices undrain box --server @fleet", answer -> !answer.path("draining").asBoolean(true)));
        asked.put("tasks list",
            new Asked("tasks list --device gone --server @fleet", answer -> answer.findValuesAsText("task").equals(List.of("left", "too"))));
        asked.put("tasks cancel", new Asked("tasks cancel left --server @fleet", answer -> answer.path("cancelled").asInt() == 1));
        asked.put("devices remove", new Asked("devices remove gone --server @fleet", answer -> answer.path("failed_tasks").asInt() == 1));
        asked.put("submit", new Asked("submit @team.yaml --server @fleet", answer -> answer.path("id").asText().equals("1")));
        asked.put("priority", new Asked("priority 1 5 --server @fleet", answer -> answer.path("priority").asInt() == 5));
        asked.put("pause", new Asked("pause 1 --server @fleet", answer -> answer.path("state").asText().equals("paused")));
        asked.put("cancel", new Asked("cancel 1 --server @fleet", answer -> answer.path("state").asText().equals("cancelled")));
        asked.put("resume", new Asked("resume 1 --server @fleet", answer -> answer.path("state").asText().matches("waiting|running")));
        asked.put("watch", new Asked("watch 1 --server @fleet", answer -> answer.path("state").asText().equals("done")));
        asked.put("runs", new Asked("runs --server @fleet", answer -> answer.path("runs").size() == 1));
        asked.put("get", new Asked("get 1 --server @fleet --out @got", answer -> answer.path("files").size() > 3));
        asked.put("remove", new Asked("remove 1 --server @fleet", answer -> answer.path("bytes").asLong() > 0));
        asked.put("backup", new Asked("backup @saved.zip --data @fleet", answer -> answer.path("bytes").asLong() > 0));
        asked.put("restore", new Asked("restore @saved.zip --data @restored", answer -> answer.path("data").asText().endsWith("restored")));
        asked.put("gc", new Asked("gc --dry-run --data @restored", answer -> answer.path("dry_run").asBoolean()));
        return asked;
    }

    @Test
    void everyCommand() throws Exception {
        List<String> commands = new ArrayList<>();
        walk(Main.commandLine(), "", commands);
        Map<String, Asked> asked = asked();
        List<String> known = new ArrayList<>(asked.keySet());
        known.addAll(NOT_RUN);
        assertThat(commands).as("what the program has and what is asked here").containsExactlyInAnyOrderElementsOf(known);
        CommandInputs.write(folder, "small", "local");
        TestImages.draw(folder.resolve("photos"), 4, "ash", "birch");
        Files.writeString(folder.resolve("photos.yaml"), "name: photos\nspace: shufflenetv2-cifar\ndata: {train: photos}\n");
        OF_A_SERVER.forEach(asked::remove);
        // weights to import come from a trained supernet
        Asked imported = asked.remove("import-weights");
        asked.put("import-weights", imported);
        for (Map.Entry<String, Asked> one : asked.entrySet()) {
            String[] words = one.getValue().words(folder);
            LutraProcess.Result result = PROCESSES.contains(one.getKey()) ? LutraProcess.run(folder, words) : LutraCall.run(words);
            assertThat(result.code()).as("%s: %s", one.getKey(), result.errors()).isZero();
            assertAnswer(one.getKey(), result.output(), one.getValue());
        }
        theDeviceHadTheFileInItsPrecision();
        aServerAndItsAgents();
    }

    /** What the target computes in is what was exported for it, given to it and verified. */
    private void theDeviceHadTheFileInItsPrecision() throws Exception {
        Path half = folder.resolve("run/export/winner-1-float16.onnx");
        assertThat(OnnxFile.metadata(half)).containsEntry(OnnxMetadata.PRECISION, "float16");
        String hash = Sha256.of(Files.readAllBytes(half));
        assertThat(folder.resolve("run/models").resolve(hash + ".onnx")).as("a model that the device was given").exists();
        JsonNode verified = JSON.readTree(folder.resolve("run/verification.json").toFile()).path(0);
        assertThat(verified.path("devices").path("local").path("p50NanosInFloat32").asLong()).as("both precisions side by side").isPositive();
        assertThat(verified.path("verified").asBoolean()).as("%s", verified).isTrue();
        assertThat(folder.resolve("run/report.html")).as("tested").content().contains("/network.onnx", "/network-float16.onnx");
    }

    private void aServerAndItsAgents() throws IOException {
        Map<String, Asked> asked = asked();
        try (LutraProcess server = LutraProcess.start(folder, asked.get("serve").words(folder))) {
            int port = CommandLineTest.servedPort(server);
            LutraProcess.Result agents = LutraCall.run(
                (String.join(" ", asked.get("agents").words(folder)) + " --server 127.0.0.1:" + port).split(" "));
            assertThat(agents.code()).as("%s", agents.errors()).isZero();
            assertAnswer("agents", agents.output(), asked.get("agents"));
            String token = Files.readString(folder.resolve("fleet/token")).strip();
            try (RemoteFleet fleet = RemoteFleet.connect(new ServerAddress("127.0.0.1", port), token)) {
                String model = fleet.putModel(Files.readAllBytes(folder.resolve("net.onnx")));
                Task left = Task.newBuilder().setId("left").setThreads(1).setModelSha256(model).build();
                fleet.submit("gone", List.of(left, left.toBuilder().setId("too").build()));
            }
            join(new ServerAddress("127.0.0.1", port), token, "box");
            String made = answerOf("token create", asked).path("id").asText();
            answerOf("token list", asked);
            answerOf("token revoke", Map.of("token revoke", asked.get("token revoke").with(made)));
            answerOf("devices list", asked);
            answerOf("devices drain", asked);
            answerOf("devices undrain", asked);
            answerOf("tasks list", asked);
            answerOf("tasks cancel", asked);
            answerOf("devices remove", asked);
            for (String ofRuns : List.of("submit", "priority", "pause", "cancel", "resume", "watch", "runs", "get", "remove")) {
                answerOf(ofRuns, asked);
            }
            answerOf("backup", asked);
            answerOf("restore", asked);
            answerOf("gc", asked);
            server.kill();
            assertAnswer("serve", server.output(), asked.get("serve"));
        }
    }

    private void join(ServerAddress server, String token, String device) {
        try (ServerLink link = new ServerLink(server)) {
            link.show(new Passport(device, DeviceKey.make(folder.resolve("keys"), server, device), Optional.of(token)));
            JoinRequest request = JoinRequest.newBuilder().setDevice(Device.newBuilder().setName(device)).build();
            link.call(PatientLink.ANSWER, stub -> stub.join(request));
        }
    }

    private JsonNode answerOf(String name, Map<String, Asked> asked) throws IOException {
        LutraProcess.Result answer = LutraCall.run(asked.get(name).words(folder));
        assertThat(answer.code()).as("%s: %s", name, answer.errors()).isZero();
        assertAnswer(name, answer.output(), asked.get(name));
        return JSON.readTree(answer.output());
    }

    /** Commands that do something themselves, by their names from the first on; each has to know the option. */
    private static void walk(CommandLine command, String name, List<String> found) {
        command.getSubcommands().forEach((sub, line) -> {
            String path = (name + " " + sub).strip();
            if (line.getSubcommands().isEmpty()) {
                assertThat(line.getCommandSpec().findOption("--json")).as("lutra %s --json", path).isNotNull();
                found.add(path);
            }
            walk(line, path, found);
        });
    }

    private static void assertAnswer(String command, String output, Asked asked) throws IOException {
        JsonNode answer = JSON.readTree(output);
        assertThat(asked.answer().test(answer)).as("%s: %s", command, output).isTrue();
    }
}
