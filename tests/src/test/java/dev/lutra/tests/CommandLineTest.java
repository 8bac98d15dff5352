package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lutra.onnx.OnnxFile;
import dev.lutra.onnx.OnnxMetadata;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.weights.SafetensorsFile;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The contract other programs rely on: what commands print, and how they fail. */
class CommandLineTest {

    private static final String SPOS = "0,0,3,1,1,1,0,0,2,0,2,1,1,0,2,0,2,1,3,2";

    @TempDir
    private Path folder;

    private void assertRejected(LutraProcess.Result result, String message) {
        assertThat(result.message()).as("%s", result.errors()).contains(message);
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.output()).isEmpty();
        assertThat(result.errors().stream().filter(line -> line.startsWith("lutra: "))).hasSize(1);
    }

    @Test
    void describeAnswersInJson() {
        LutraProcess.Result result = LutraProcess.run(folder, "describe", "spos-shufflenetv2", "--arch", SPOS, "--json");
        assertThat(result.code()).isZero();
        assertThat(result.output()).contains("\"macs\":318729024").contains("\"params\":3345088");
        assertThat(result.output().lines()).hasSize(1);
    }

    @Test
    void describeAnswersALineForALine() {
        LutraProcess.Result result = LutraProcess.runWith(folder, SPOS + "\n" + SPOS.replace('3', '0') + "\n",
            "describe", "spos-shufflenetv2", "--arch", "-");
        assertThat(result.code()).isZero();
        assertThat(result.output().lines()).hasSize(2);
        assertThat(result.output()).contains("318729024");
    }

    @Test
    void spacesListsWhatIsBuiltIn() {
        LutraProcess.Result result = LutraCall.run("spaces", "--json");
        assertThat(result.code()).isZero();
        assertThat(result.output()).contains("\"spos-shufflenetv2\"").contains("1099511627776");
    }

    @Test
    void exportedArchitecturesSayWhatTheyAre() {
        Path file = folder.resolve("net.onnx");
        assertThat(LutraCall.run("export-arch", "shufflenetv2-cifar", "--arch", "random", "--out", file.toString()).code()).isZero();
        LutraProcess.Result described = LutraCall.run("describe", "--from", file.toString(), "--json");
        assertThat(described.code()).as("%s", described.errors()).isZero();
        assertThat(described.output()).contains("shufflenetv2-cifar");
    }

    @Test
    void anExportedFileNeedsNoOtherToBeDescribed() throws IOException {
        Path space = Files.writeString(folder.resolve("mine.yaml"), """
            name: mine
            title: Mine
            source: This test
            input: {channels: 3, size: 16}
            classes: 4
            choices: {k3: {block: mb, kernel: 3, expand: 3}, k5: {block: mb, kernel: 5, expand: 3}}
            layers:
              - {choices: [k3, k5], channels: 16, repeat: 2, stride: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """);
        Path file = folder.resolve("net.onnx");
        assertThat(LutraCall.run("export-arch", space.toString(), "--arch", "k5,k3", "--image-size", "32", "--out", file.toString())
            .code()).isZero();
        LutraProcess.Result before = LutraCall.run("describe", "--from", file.toString());
        assertThat(before.output()).contains("mine  k5,k3", "3x32x32");
        Files.writeString(space, Files.readString(space).replace("channels: 16", "channels: 24"));
        assertThat(LutraCall.run("describe", "--from", file.toString()).output()).isEqualTo(before.output());
        Files.delete(space);
        assertThat(LutraCall.run("describe", "--from", file.toString()).output()).isEqualTo(before.output());
    }

    /** From the weights that somebody published to a file for a device: every value is theirs, to the bit. */
    @Test
    void publishedWeightsAreThoseOfTheExportedFile() throws IOException {
        String arch = "k3,k5,k7,xception,k3,k5,k7,xception,k3,k5,k7,xception";
        SearchSpace space = SpaceFile.load("shufflenetv2-cifar");
        Random random = new Random(3);
        Map<String, float[]> published = new TreeMap<>();
        List<SafetensorsFile.Entry> theirs = new ArrayList<>();
        space.build(space.parse(arch)).ops().stream().flatMap(op -> op.weights().stream()).forEach(weight -> {
            float[] values = new float[Math.toIntExact(weight.elements())];
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextFloat();
            }
            published.put(weight.tensor().name(), values);
            theirs.add(new SafetensorsFile.Entry("net." + weight.tensor().name(), weight.dims(), () -> values));
        });
        Path from = folder.resolve("theirs.safetensors");
        SafetensorsFile.write(from, Map.of(), theirs);
        Path mapping = Files.writeString(folder.resolve("mapping.yaml"), "tensors:\n" + IntStream.rangeClosed(2, 6)
            .mapToObj(words -> IntStream.range(0, words).mapToObj(i -> "{" + (char) ('a' + i) + "}").collect(Collectors.joining(".")))
            .map(name -> "  '" + name + "': 'net." + name + "'\n").collect(Collectors.joining()));
        Path mine = folder.resolve("mine.safetensors");
        LutraProcess.Result imported = LutraCall.run("import-weights", "shufflenetv2-cifar", "--arch", arch, "--from", from.toString(),
            "--mapping", mapping.toString(), "--out", mine.toString());
        assertThat(imported.code()).as("%s", imported.errors()).isZero();
        assertThat(imported.output()).as("nothing of either is left over").isEmpty();
        assertThat(imported.message()).isEqualTo("wrote " + mine + ": " + published.size() + " tensors from " + from);

        Path file = folder.resolve("net.onnx");
        LutraProcess.Result exported = LutraCall.run("export-arch", "shufflenetv2-cifar", "--arch", arch, "--weights", mine.toString(),
            "--no-fold", "--out", file.toString());
        assertThat(exported.code()).as("%s", exported.errors()).isZero();
        Map<String, float[]> written = new TreeMap<>();
        OnnxFile.read(file).getGraph().getInitializerList().forEach(tensor -> {
            float[] values = new float[tensor.getRawData().size() / Float.BYTES];
            tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
            written.put(tensor.getName(), values);
        });
        assertThat(written).containsOnlyKeys(published.keySet());
        published.forEach((name, values) -> assertThat(written.get(name)).as(name).isEqualTo(values));
        assertThat(OnnxFile.metadata(file)).containsEntry(OnnxMetadata.WEIGHTS, "mine.safetensors");

        String other = arch.replace("k7", "k3");
        assertRejected(LutraCall.run("export-arch", "shufflenetv2-cifar", "--arch", other, "--weights", mine.toString(), "--out",
            folder.resolve("other.onnx").toString()), mine + ": ");
        assertThat(folder.resolve("other.onnx")).doesNotExist();
    }

    @Test
    void loadTellsOfARateBesideBackToBack() {
        Path file = folder.resolve("net.onnx");
        LutraCall.run("export-arch", "shufflenetv2-cifar", "--arch", "random", "--precision", "float16", "--out", file.toString());

        LutraProcess.Result slow = LutraProcess.run(folder, "load", "net.onnx", "--rate", "20/s", "--for", "500 ms", "--json");
        assertThat(slow.code()).as("%s", slow.errors()).isZero();
        assertThat(slow.output()).contains("\"kept_up\":true", "\"loaded\":{\"runs\":10,", "\"nodes_by_provider\":{\"cpu\":");
        LutraProcess.Result fast = LutraProcess.run(folder, "load", "net.onnx", "--rate", "100000", "--for", "200ms");
        assertThat(fast.code()).as("%s", fast.errors()).isZero();
        assertThat(fast.output()).contains("back to back", "at 100000/s", "the device does not keep up");
        LutraProcess.Result refused = LutraProcess.run(folder, "load", "net.onnx", "--rate", "20", "--option", "frob=1");
        assertThat(refused.message()).contains("device local").contains("provider cpu: option frob (expected: allow_cpu_nodes)");
        assertThat(refused.code()).as("the device failed, not whoever typed").isEqualTo(1);
    }

    /** A baseline of half the latency stands for a model that has become twice as slow. */
    @Test
    void verifyHoldsAFileAgainstItsBaseline() throws IOException {
        LutraCall.run("export-arch", "shufflenetv2-cifar", "--arch", "random", "--out", folder.resolve("net.onnx").toString());
        Path baseline = folder.resolve("base.json");

        LutraProcess.Result written = LutraProcess.run(folder, "verify", "net.onnx", "--baseline", "base.json", "--update", "--time-limit", "1 s");
        assertThat(written.code()).as("%s", written.errors()).isZero();
        assertThat(written.output()).startsWith("net.onnx: ").contains(", written to base.json");
        long nanos = new JsonMapper().readTree(baseline.toFile()).path("latency").path("p50Nanos").asLong();
        String half = Files.readString(baseline).replace("\"p50Nanos\": \"" + nanos + "\"", "\"p50Nanos\": \"" + nanos / 2 + "\"");
        Files.writeString(baseline, half);

        LutraProcess.Result slower = LutraProcess.run(folder, "verify", "net.onnx", "--baseline", "base.json", "--max-regression", "20%",
            "--time-limit", "1 s", "--junit", "verdict.xml");
        assertThat(slower.code()).as("%s", slower.errors()).isEqualTo(1);
        assertThat(slower.output()).contains("let pass 20.0 %): slower");
        assertThat(folder.resolve("verdict.xml")).content().contains("failures=\"1\"", "<failure type=\"slower\"");
        assertThat(baseline).as("nothing is written without --update").hasContent(half);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "verify net.onnx | --baseline: missing (expected: with FILE.onnx, the file to hold it against, or to write with --update)",
        "verify run.yaml --baseline b.json | --baseline: given with run.yaml (expected: with FILE.onnx)",
        "verify net.onnx --baseline none.json | none.json: not there (expected: a baseline; --update writes one)",
        "verify net.onnx --baseline none.json --max-regression 3 | --max-regression: 3 (expected: more than 0% and less than 100%, such as 3%)",
        "describe resnet --arch 0 | space: resnet (expected: a .yaml file or one of ",
        "describe spos-shufflenetv2 --arch 0,9,3,1,1,1,0,0,2,0,2,1,1,0,2,0,2,1,3,2 | layer2.choice: '9' (expected: one of 0 k3,",
        "describe spos-shufflenetv2 --arch 0,1 | architecture of 2 entries (expected: 20",
        "describe | expected SPACE, alone or with --arch A, --bits B or --random N, or --from FILE alone",
        "describe spos-shufflenetv2 --arch random --random 2 | expected SPACE, alone or with --arch A, --bits B or --random N",
        "describe spos-shufflenetv2 --random 0 | --random: 0 (expected: 1 or more)",
        "describe spos-shufflenetv2 --arch - --svg a.svg | --svg: changes nothing here",
        "describe spos-shufflenetv2 --random 2 --to a.yaml | --to: changes nothing here",
        "describe spos-shufflenetv2 --lut missing.json | --lut: changes nothing here",
        "describe spos-shufflenetv2 --arch random --json --lut missing.json | missing.json: no such file",
        "describe spos-shufflenetv2 --seed 3 | --seed: changes nothing here (expected: with --arch random or --random)",
        "lut check missing.json --classes 3 | --classes: changes nothing here (expected: with --space)",
        "lut check missing.json --image-size 64 | --image-size: changes nothing here (expected: with --space)",
        "predict spos-shufflenetv2 --arch 0 --lut t.json --image-size 0 | --image-size: 0 (expected: 1 to 16384, or height x width as 96x160)",
        "describe spos-shufflenetv2 --image-size 100000 | --image-size: 100000 (expected: 1 to 16384, or height x width as 96x160)",
        "describe spos-shufflenetv2 --classes 0 | --classes: 0 (expected: 1 to 1048576)",
        "calibrate spos-shufflenetv2 --networks n.csv --lut t.json --device d --out o.json | --device: given with --lut",
        "agents --server 127.0.0.1:9 --token none-of-your-business --token-file t | --token: given with --token-file",
        "load missing.onnx --rate 50 --device at/tic | --device: 'at/tic' (expected: a name of at most 64 letters",
        "serve --listen ::1:7411 | --listen: ::1:7411 (expected: host:port, an IPv6 address in brackets)",
        "describe --from missing.onnx | missing.onnx: no such file",
        "describe spos-shufflenetv2 --arch random --counting flops | flops (expected: one of ",
        "predict spos-shufflenetv2 --arch 0,0,3,1,1,1,0,0,2,0,2,1,1,0,2,0,2,1,3,2 --lut missing.json | missing.json",
        "lut show missing.json | missing.json",
        "lut | lut: no command (expected: lut list, show, import, check, diff or forget)",
        "lut import fbnet missing.csv --out t.json | format: fbnet (expected: one of proxylessnas, ofa, singlepath, tfnas)",
        "lut import proxylessnas missing.csv --out t.json | missing.csv: no such file",
        "lut import proxylessnas --out t.json | Missing required parameter: 'FILE'",
        "lut check missing.json | missing.json: no such file",
        "lut check missing.json --max-age 3 | --max-age: 3 (expected: a time such as 36h, 180d or 26w)",
        "lut forget missing.json 0123456789abcdef | missing.json: no such file",
        "lut forget missing.json | Missing required parameter: 'ENTRY'",
        "lut diff missing.json other.json | missing.json: no such file",
        "run missing.yaml | missing.yaml: no such file",
        "load missing.onnx --rate 50 | missing.onnx: no such file",
        "load missing.onnx --rate 0 | --rate: 0 (expected: requests a second, such as 50 or 50/s)",
        "load missing.onnx --rate 50 --for 10 | --for: 10 (expected: a duration with its unit, such as 10s)",
        "load missing.onnx --rate 50 --threads 0 | --threads: 0 (expected: 1 or more)",
        "load missing.onnx --rate 50 --device attic | --device: attic (expected: with --server, or local)",
        "export-arch shufflenetv2-cifar --arch random --out a.onnx --precision int4 | precision: int4 (expected: one of float32",
        "agents --server 127.0.0.1:9 --token none-of-your-business | 127.0.0.1:9",
        "serve --tls-cert cert.pem | --tls-cert: alone (expected: --tls-cert and --tls-key)",
        "serve --tls --tls-cert cert.pem --tls-key key.pem | --tls: given with --tls-cert (expected: one of them",
        "serve --insecure | --insecure: changes nothing here (expected: with an address that other machines reach, without --tls)",
        "serve --listen 0.0.0.0:0 --data fleet | --listen 0.0.0.0:0: other machines reach it, and nothing is encrypted (expected: lutra serve"
            + " --listen 0.0.0.0:0 --tls",
        "serve --http 0.0.0.0:0 --data fleet | --http 0.0.0.0:0: other machines reach it, and nothing is encrypted (expected: lutra serve"
            + " --http 0.0.0.0:0 --tls",
        "agents --server nowhere | --server: nowhere (expected: HOST:PORT, port 1 to 65535)",
        "agents --server h:1#sha256:12 --token none-of-your-business | --server: sha256:12 (expected: sha256: and 64 of 0-9 and a-f)",
        "token | token: no command (expected: token create, list or revoke)",
        "token create --role king | --role: king (expected: agent, viewer or operator)",
        "token create --for ever | --for: ever (expected: a duration with its unit, such as '24 h')",
        "token list --server . | .: no server was started on it (expected: 'lutra serve --data .', or --server)",
        "devices | devices: no command (expected: devices list, drain, undrain or remove)",
        "serve --http 7412 | --http: 7412 (expected: host:port, an IPv6 address in brackets)",
        "fly | Unmatched argument"})
    void wrongInputGivesOneLine(String arguments, String message) {
        assertRejected(LutraCall.run(arguments.split(" ")), message);
    }

    @Test
    void describeTellsOfASpace() {
        LutraProcess.Result text = LutraCall.run("describe", "shufflenetv2-cifar");
        assertThat(text.code()).as("%s", text.errors()).isZero();
        assertThat(text.output()).contains("12 genes, 16,777,216 networks").contains("cheapest  6,608,128 MACs (macs), 215,560 parameters")
            .contains("largest   9,856,256 MACs (macs), 261,024 parameters").contains("k3, k5, k7, xception");
        LutraProcess.Result drawn = LutraCall.run("describe", "shufflenetv2-cifar", "--random", "5", "--seed", "3");
        assertThat(drawn.output().lines()).hasSize(6);
        assertThat(LutraCall.run("describe", "shufflenetv2-cifar", "--random", "5", "--seed", "3").output())
            .isEqualTo(drawn.output());
        assertThat(LutraCall.run("describe", "shufflenetv2-cifar", "--random", "5", "--seed", "4").output())
            .isNotEqualTo(drawn.output());
    }

    /** A network that is fixed is a space too, of one. */
    @Test
    void aSpaceWithoutChoicesIsDescribed() throws IOException {
        String space = Files.writeString(folder.resolve("fixed.yaml"), """
            name: fixed
            title: One network
            source: This test
            input: {channels: 3, size: 16}
            classes: 4
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """).toString();
        LutraProcess.Result whole = LutraCall.run("describe", space);
        assertThat(whole.code()).as("%s", whole.errors()).isZero();
        assertThat(whole.output()).contains("0 genes, 1 networks").contains("stem").contains("fixed");
        LutraProcess.Result one = LutraCall.run("describe", space, "--arch", "", "--svg", folder.resolve("one.svg").toString());
        assertThat(one.code()).as("%s", one.errors()).isZero();
        assertThat(one.output()).contains("total  55,328 MACs (macs), 268 parameters");
        assertThat(folder.resolve("one.svg")).content().contains("55,328 MACs", "stem");
    }

    /** Whatever the system's locale says, and whatever bytes a file's name has. */
    @Test
    void namesOfFilesInAnyLocale() throws IOException {
        String script = """
            set -e
            export LC_ALL=C
            umlaut=$(printf 'gr\\303\\266\\303\\237e \\344\\270\\255')
            mkdir "$umlaut"
            cp "$1/lut/note10-ofa.json" "$umlaut"
            "$1/lutra" lut list "$umlaut"
            latin=$(printf 'tables/\\351t\\351.json')
            mkdir tables
            echo '[]' >"$latin"
            "$1/lutra" lut list tables
            """;
        LutraProcess.Result result = LutraProcess.shell(folder, script, LutraProcess.CHECKOUT.toString());
        assertThat(result.output()).contains("gr\u00f6\u00dfe \u4e2d/note10-ofa.json");
        assertThat(result.message()).contains("tables/\\xe9t\\xe9.json: not a JSON object");
        assertThat(result.code()).isEqualTo(2);
    }

    @Test
    void whatCannotBeWrittenFails() throws IOException {
        assumeThat(Files.exists(Path.of("/dev/full"))).as("/dev/full").isTrue();
        for (String command : List.of("describe shufflenetv2-cifar --arch -", "spaces", "--help")) {
            LutraProcess.Result result = LutraProcess.shell(folder, "printf '0,0,0,0,0,0,2,2,2,2,2,2\\n' | \"$@\" >/dev/full",
                (LutraProcess.CHECKOUT.resolve("lutra") + " " + command).split(" "));
            assertThat(result.code()).as(command).isEqualTo(1);
            assertThat(result.message()).isEqualTo("lutra: standard output: cannot be written (expected: somewhere that takes the answer)");
        }
    }

    /** Latencies of whole networks are enough for a table that predicts, with an interval. */
    @Test
    void aTableFromWholeNetworks() throws IOException {
        StringBuilder csv = new StringBuilder("arch,ms\n");
        for (int i = 0; i < 40; i++) {
            int wide = i * 7 % 13;
            csv.append("0".repeat(12 - Math.min(12, wide))).append("2".repeat(Math.min(12, wide))).append(',')
                .append(1 + 0.1 * wide).append('\n');
        }
        String networks = Files.writeString(folder.resolve("networks.csv"), csv).toString();
        String table = folder.resolve("table.json").toString();
        LutraProcess.Result fitted = LutraCall.run("calibrate", "shufflenetv2-cifar", "--networks", networks,
            "--column", "ms", "--out", table);
        assertThat(fitted.code()).as("%s", fitted.errors()).isZero();
        assertThat(fitted.output()).contains("held out 8 networks").contains("100 % within 5 %");
        LutraProcess.Result predicted = LutraCall.run("predict", "shufflenetv2-cifar",
            "--arch", "0,0,0,0,0,0,2,2,2,2,2,2", "--lut", table, "--json");
        assertThat(predicted.code()).as("%s", predicted.errors()).isZero();
        assertThat(predicted.output()).containsPattern("\"latency_ms\":1\\.[56]\\d*,").contains("\"interval_ms\":[1.");
        assertRejected(LutraCall.run("calibrate", "shufflenetv2-cifar", "--networks", networks,
            "--out", table), "networks.csv:1: no column 'latency_ms'");
        String infinite = Files.writeString(folder.resolve("infinite.csv"), csv.append("0".repeat(12)).append(",Infinity\n")).toString();
        assertRejected(LutraCall.run("calibrate", "shufflenetv2-cifar", "--networks", infinite, "--column", "ms",
            "--out", table), "infinite.csv:42: ms: 'Infinity' (expected: milliseconds, more than 0)");
    }

    private static String table(String name) {
        return LutraProcess.CHECKOUT.resolve("lut").resolve(name).toString();
    }

    @Test
    void publishedTablesAreImportedPredictedAndCompared() throws IOException {
        String figures = "layer,op,ms\n1,0,4.5\n1,3,11.5\n";
        Path csv = Files.writeString(folder.resolve("pixel.csv"), figures);
        LutraProcess.Result imported = LutraCall.run("lut", "import", "singlepath", csv.toString(),
            "--out", folder.resolve("tables").toString(), "--json");
        assertThat(imported.code()).as("%s", imported.errors()).isZero();
        assertThat(imported.output()).contains("\"entries\":4").contains("\"used\":4").contains("\"covered\":4")
            .contains("layer 2 option 0");
        assertThat(folder.resolve("tables/pixel1-singlepath.json")).exists();

        String arch = "k3e3,k3e3,skip,skip,k5e4,k3e3,k3e4,skip,k5e4,k3e3,k5e4,skip,k3e6,k3e4,k3e4,skip,k3e6,k3e3,k3e4,k3e6";
        LutraProcess.Result predicted = LutraCall.run("predict", "ofa-mobilenetv3-12", "--arch", arch, "--lut",
            table("note10-ofa.json"));
        assertThat(predicted.output()).contains("29.965").contains("not calibrated");
        LutraProcess.Result smaller = LutraCall.run("predict", "ofa-mobilenetv3-12", "--arch", arch, "--lut",
            table("note10-ofa.json"), "--image-size", "160");
        assertThat(smaller.output()).as("%s", smaller.errors()).contains("sum of segments and one call  16.8641 ms");
        LutraProcess.Result described = LutraCall.run("describe", "ofa-mobilenetv3-12", "--arch", arch, "--lut",
            table("note10-ofa.json"), "--image-size", "160");
        assertThat(described.output()).as("%s", described.errors()).contains("3x160x160", "latency  16.8641 ms");
        LutraProcess.Result lacking = LutraCall.run("predict", "proxylessnas", "--arch",
            String.join(",", Collections.nCopies(21, "k3e3")), "--lut", table("pixel1-proxylessnas.json"));
        assertRejected(lacking, "expanded_conv-input:112x112x16-output:56x56x32-expand:3-kernel:3-stride:2-idskip:0");

        LutraProcess.Result diff = LutraCall.run("lut", "diff", table("pixel1-singlepath.json"),
            folder.resolve("tables/pixel1-singlepath.json").toString());
        assertThat(diff.code()).isZero();
        assertThat(diff.output()).contains("only in " + table("pixel1-singlepath.json")).contains("4 entries in common: ")
            .contains("no intervals to judge them by");
    }

    @Test
    void checkEndsWithOneWhereSomethingIsSerious() {
        LutraProcess.Result good = LutraCall.run("lut", "check", table("note10-ofa.json"),
            "--space", "ofa-mobilenetv3-12",
            "--image-size", "160", "--json");
        assertThat(good.code()).as("%s", good.output()).isZero();
        assertThat(good.output()).contains("\"serious\":false").contains("\"check\":\"source\"");
        assertThat(good.output().lines()).hasSize(1);
        LutraProcess.Result lacking = LutraCall.run("lut", "check", table("note10-ofa.json"),
            "--space", "ofa-mobilenetv3-12",
            "--classes", "10");
        assertThat(lacking.code()).isEqualTo(1);
        assertThat(lacking.output().lines().toList()).satisfiesExactly(
            line -> assertThat(line).startsWith("This table is not to be relied on: "),
            line -> assertThat(line).startsWith("458 entries, none with an interval"),
            line -> assertThat(line).isEqualTo("1 serious, 0 warnings, 2 notes: missing."),
            line -> assertThat(line).startsWith("serious  missing: ")
                .contains("r224 Logits-input:1x1x1536-output:10 (ofa-mobilenetv3-12 head)"),
            line -> assertThat(line).startsWith("note  calibration: "),
            line -> assertThat(line).startsWith("note  source: "));
        assertThat(lacking.errors()).isEmpty();
    }

    /** A table, a space and weights may be a stranger's. */
    @Test
    void whatOthersNamedDoesNotReachTheTerminal() throws IOException {
        String source = "han-cai/files";
        String text = Files.readString(Path.of(table("note10-ofa.json")));
        assertThat(text).contains(source);
        Path table = Files.writeString(folder.resolve("table.json"), text.replace(source, "\\u001b[2J" + source));
        assertThat(LutraCall.run("lut", "show", table.toString()).output()).contains("source   \\u{1b}[2J" + source).doesNotContain("\u001b");
        Path space = Files.writeString(folder.resolve("theirs.yaml"), """
            name: "\\e[2Jtheirs"
            title: "a\\nb"
            source: This test
            input: {channels: 3, size: 16}
            classes: 4
            choices: {k3: {block: mb, kernel: 3, expand: 3}, k5: {block: mb, kernel: 5, expand: 3}}
            layers:
              - {choices: [k3, k5], channels: 16, stride: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """);
        assertThat(LutraCall.run("describe", space.toString()).output()).startsWith("\\u{1b}[2Jtheirs: a\\u{a}b\n");
        assertThat(LutraCall.run("describe", space.toString(), "--arch", "k3").output()).startsWith("\\u{1b}[2Jtheirs  k3\n");
    }

    @Test
    void listAndShowReadTheTablesHere() {
        LutraProcess.Result list = LutraCall.run("lut", "list", LutraProcess.CHECKOUT.resolve("lut").toString());
        assertThat(list.output()).contains("note10-ofa.json").contains("titan-rtx").contains("AberHu/TF-NAS (MIT)");
        LutraProcess.Result show = LutraCall.run("lut", "show", table("pixel1-singlepath.json"));
        assertThat(show.output()).contains("fixed parts").contains("19.5999").contains("mean of layer 2 option 0;");
    }

    @Test
    void wrongToken() throws IOException {
        try (LutraProcess server = LutraProcess.start(folder, "serve", "--listen", "127.0.0.1:0", "--data", "fleet")) {
            String address = "127.0.0.1:" + servedPort(server);
            assertRejected(LutraCall.run("agents", "--server", address, "--token", "wrong-token-of-some-length"), "token");
            LutraProcess.Result agent = LutraProcess.run(folder, "agent", "--server", address, "--token",
                "wrong-token-of-some-length");
            assertThat(agent.code()).isEqualTo(2);
            assertThat(agent.message()).contains("token");
            LutraProcess.Result known = LutraCall.run("agents", "--server", address, "--token-file", token());
            assertThat(known.code()).as("%s", known.errors()).isZero();
            LutraProcess.Result second = LutraProcess.run(folder, "serve", "--listen", "127.0.0.1:0", "--data", "fleet");
            assertThat(second.errors()).containsExactly("lutra: fleet: another lutra process works in this folder (expected: one at a time)");
            assertThat(second.code()).isEqualTo(2);
        }
    }

    /** Encrypted, by the server's key and a token that is good once; from then on by the agent's own key. */
    @Test
    void agentsJoinByAnyAddress() throws IOException {
        String before;
        try (LutraProcess server = LutraProcess.start(folder, "serve", "--listen", "[::1]:0", "--data", "fleet", "--tls")) {
            servedPort(server);
            String data = folder.resolve("fleet").toString();
            LutraProcess.Result made = LutraCall.run("token", "create", "--device", "bench.v6", "--server", data);
            String printed = made.output().lines().filter(line -> line.startsWith("on the device: lutra ")).findFirst().orElseThrow();
            List<String> join = List.of(printed.replace("on the device: lutra ", "").split(" "));
            assertThat(join.get(2)).matches("\\[::1]:\\d+#sha256:[0-9a-f]{64}|localhost:\\d+#sha256:[0-9a-f]{64}");
            String address = Files.readString(folder.resolve("fleet/address")).strip();
            for (List<String> arguments : List.of(List.of("agent", "--server", address, "--token", join.get(4), "--device", "bench.v6"),
                List.of("agent", "--server", address, "--device", "bench.v6"))) {
                try (LutraProcess agent = LutraProcess.start(folder, arguments.toArray(String[]::new))) {
                    assertThat(agent.awaitLine(line -> line.contains("joined"), java.time.Duration.ofSeconds(60))).as("%s", agent.errors())
                        .isTrue();
                    assertThat(LutraCall.run("devices", "list", "--server", data).output()).contains("bench.v6");
                }
            }
            LutraProcess.Result used = LutraProcess.run(folder, "agent", "--server", address, "--token", join.get(4), "--device", "other");
            assertThat(used.message()).contains("used token");
            LutraProcess.Result refused = LutraProcess.run(folder, "agent", "--server", address, "--token-file", "fleet/token",
                "--device", "a\u001b[2Jb");
            assertThat(refused.message()).contains("'a\\u{1b}[2Jb' (expected: a name of at most 64 letters");
            assertThat(refused.code()).isEqualTo(2);
            assertThat(server.errors()).as("what a log would have").noneMatch(line -> line.contains(join.get(4)));
            before = address;
        }
        try (LutraProcess moved = LutraProcess.start(folder, "serve", "--listen", "127.0.0.1:0", "--data", "fleet", "--tls")) {
            String address = "127.0.0.1:" + servedPort(moved) + before.substring(before.indexOf('#'));
            try (LutraProcess agent = LutraProcess.start(folder, "agent", "--server", address, "--device", "bench.v6")) {
                assertThat(agent.awaitLine(line -> line.contains("joined"), java.time.Duration.ofSeconds(60))).as("%s", agent.errors()).isTrue();
            }
        }
        assertThat(folder.resolve("state/lutra/other")).as("of a join that failed").isDirectoryNotContaining("glob:**.pem");
    }

    private String token() {
        return folder.resolve("fleet/token").toString();
    }

    /** As a line for people, or within one for programs. */
    private static final Pattern SERVES = Pattern.compile("serving on \\S+:(\\d+),");

    static int servedPort(LutraProcess server) {
        StringBuilder port = new StringBuilder();
        boolean served = server.awaitLine(line -> {
            Matcher says = SERVES.matcher(line);
            boolean isFound = says.find();
            if (isFound) {
                port.append(says.group(1));
            }
            return isFound;
        }, java.time.Duration.ofMinutes(5));
        assertThat(served).as("%s", server.errors()).isTrue();
        return Integer.parseInt(port.toString());
    }

    /** Experiments with one mistake each. */
    static final class BadExperimentTest {

        @TempDir
        private Path folder;

        private Path images;

        @BeforeEach
        void drawImages() throws IOException {
            images = folder.resolve("images");
            TestImages.draw(images, 12, "cat", "dog");
        }

        private Path experiment(String change, String by) throws IOException {
            String text = """
                name: bad
                space: shufflenetv2-cifar
                data: {train: images}
                supernet: {epochs: 1, batch: 4}
                targets:
                  - {device: local}
                constraints: {macs: 100M}
                search: {population: 4, generations: 1}
                """;
            assertThat(text).contains(change);
            return Files.writeString(folder.resolve("bad.yaml"), text.replace(change, by));
        }

        private void assertRejected(String command, Path experiment, String message) {
            LutraProcess.Result result = LutraCall.run(command, experiment.toString(), "--out", folder.resolve("run").toString());
            assertThat(result.message()).as("%s", result.errors()).startsWith("lutra: ").contains(message);
            assertThat(result.code()).isEqualTo(2);
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', value = {
            "space: shufflenetv2-cifar | space: shufflenet | space: shufflenet (expected: ",
            "macs: 100M | macs: many | bad.yaml:7: constraints.macs: many (expected: a count such as 40M",
            "device: local | device: local, latency: {p50: 3} | bad.yaml:6: targets[0].latency.p50: 3 (expected: a positive duration",
            "epochs: 1 | epochs: 0 | bad.yaml:4: supernet.epochs: 0 (expected: a whole number of at least 1)",
            "epochs: 1 | epochen: 1 | bad.yaml:4: supernet.epochen: unknown key (expected: one of",
            "device: local | device: local, precision: half | bad.yaml:6: targets[0].precision: half (expected: one of",
            "device: local | device: local, options: cuda | bad.yaml:6: targets[0].options: 'cuda' (expected: key: value pairs)",
            "train: images | train: elsewhere | elsewhere"})
        void wrongValues(String change, String by, String message) throws IOException {
            assertRejected("train", experiment(change, by), message);
        }

        @Test
        void corruptImage() throws IOException {
            Path broken = images.resolve("cat").resolve("broken.jpg");
            Files.write(broken, new byte[]{(byte) 0xff, (byte) 0xd8, 1, 2, 3});
            assertRejected("train", experiment("epochs: 1", "epochs: 1"), "broken.jpg");
            assertThat(folder.resolve("run/supernet.safetensors")).doesNotExist();
        }

        @Test
        void emptyClass() throws IOException {
            Files.createDirectory(images.resolve("elk"));
            assertRejected("train", experiment("epochs: 1", "epochs: 1"), "elk: no images");
        }

        @Test
        void constraintThatNothingSatisfies() throws IOException {
            assertRejected("run", experiment("macs: 100M", "macs: 10k"), "constraints.macs: 10k is below the smallest possible, ");
            assertThat(folder.resolve("run/supernet.safetensors")).doesNotExist();
        }

        @Test
        void searchBeforeTraining() throws IOException {
            assertRejected("search", experiment("epochs: 1", "epochs: 1"), "lutra train");
        }
    }
}
