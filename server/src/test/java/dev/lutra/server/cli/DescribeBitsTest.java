package dev.lutra.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code lutra describe} says of bits, and of operations apart. */
class DescribeBitsTest {

    /** MicroNet Challenge entry OneShot-S+, whose published float32, float16 and int8 scores are 1.03, 0.640 and 0.280. */
    private static final String S_PLUS = "0:8,0:7,0:6,1:8,0:5,0:7,1:3,0:4,3:2,2:4,0:2,1:3,2:4,2:5,1:6,"
        + "2:6,0:3,0:3,2:4,0:6";

    private record Answer(int status, String out, String problem) {

        JsonNode json() throws Exception {
            return new ObjectMapper().readTree(out);
        }
    }

    private static Answer describe(String... arguments) {
        PrintStream out = System.out;
        PrintStream problems = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        ByteArrayOutputStream wrong = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(wrong, true, StandardCharsets.UTF_8));
        try {
            String[] all = new String[arguments.length + 1];
            all[0] = "describe";
            System.arraycopy(arguments, 0, all, 1, arguments.length);
            int status = Main.run(all);
            return new Answer(status, said.toString(StandardCharsets.UTF_8), wrong.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(problems);
        }
    }

    @Test
    void bitOpsAreWholeNumbersOfAllSearchedLayers() throws Exception {
        JsonNode answer = describe("spos-resnet18-bits", "--bits", "4.4", "--counting", "bitops", "--json").json();
        assertThat(answer.path("bitops").isIntegralNumber()).isTrue();
        assertThat(answer.path("bitops").asLong()).isEqualTo(16 * 1_695_547_392L);
        assertThat(answer.path("macs").asLong()).isGreaterThan(1_695_547_392L); // with the first convolution and the classifier
        assertThat(answer.path("arch").asText()).isEqualTo("basic@4" + ",basic@4".repeat(7));
        assertThat(answer.path("model_bits").asLong()).isLessThan(32 * answer.path("params").asLong());
        assertThat(answer.path("layers").get(1).path("choice").asText()).isEqualTo("basic@4");
    }

    @Test
    void bitsReplaceThoseOfAnArchitecture() throws Exception {
        String arch = "k3" + ",k5@8".repeat(11);
        assertThat(describe("shufflenetv2-cifar-bits", "--arch", arch, "--bits", "32", "--json").json().path("arch").asText())
            .isEqualTo("k3" + ",k5".repeat(11));
        assertThat(describe("shufflenetv2-cifar-bits", "--arch", arch).out()).contains("BitOps", "bytes as stored", "k5@8");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "spos-resnet18-bits --bits 5 | layer1.bits: '@5' (expected: @ and one of 2, 2.3, 2.4",
        "spos-resnet18-bits --bits 1 | --bits: 1.1 (expected: 2 to 8 bits, or 32",
        "shufflenetv2-cifar --arch random --bits 8 | bits 8: shufflenetv2-cifar has none to choose (expected: a space with 'bits')",
        "nao-cell --arch random --bits 8 | --bits: nao-cell has cells",
        "shufflenetv2-cifar-bits --bits 8 | --bits: layer1.choice is to be chosen too (expected: --arch A beside it)",
        "shufflenetv2-cifar-bits --random 3 --bits 8 | --bits: changes nothing here",
        "shufflenetv2-cifar-bits --ops | --ops: changes nothing here"})
    void mistakesAreOneLine(String line, String problem) {
        Answer answer = describe(line.split(" "));
        assertThat(answer.status()).isEqualTo(2);
        assertThat(answer.problem()).contains(problem).hasLineCount(1);
    }

    @Test
    void operationsApartAndTheScoresOfTheChallenge() throws Exception {
        JsonNode answer = describe("oneshot-s-plus", "--arch", S_PLUS, "--counting", "micronet", "--ops", "--json").json();
        assertThat(answer.path("score").path("float32").asDouble()).isCloseTo(1.03, within(0.005));
        assertThat(answer.path("score").path("float16").asDouble()).isCloseTo(0.640, within(0.0005));
        assertThat(answer.path("score").path("int8").asDouble()).isCloseTo(0.280, within(0.0005));
        long multiplications = 0;
        long additions = 0;
        for (JsonNode op : answer.path("ops")) {
            multiplications += op.path("multiplications").asLong();
            additions += op.path("additions").asLong();
        }
        assertThat(multiplications).isEqualTo(answer.path("multiplications").asLong()).isPositive();
        assertThat(additions).isEqualTo(answer.path("additions").asLong()).isPositive();
        assertThat(multiplications + additions).isEqualTo(answer.path("macs").asLong());
        String printed = describe("oneshot-s-plus", "--arch", S_PLUS, "--counting", "micronet", "--ops").out();
        assertThat(printed).contains("multiplications", "score  1.03", "in int8", "layer1.");
    }
}
