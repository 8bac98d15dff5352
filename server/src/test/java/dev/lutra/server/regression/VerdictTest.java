package dev.lutra.server.regression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.proto.Baseline;
import dev.lutra.proto.Circumstances;
import dev.lutra.proto.Device;
import dev.lutra.proto.Distribution;
import dev.lutra.proto.Runtime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Element;

class VerdictTest {

    private static final Path FILE = Path.of("base.json");
    private static final int COMPARISONS = 20_000;

    private static Baseline of(double nanos, double halfWidth) {
        return Baseline.newBuilder().setFormat(1).setFile("net.onnx").setModelSha256("ab")
            .setDevice(Device.newBuilder().setName("box").setCpu("A processor").setLogicalCores(4))
            .setRuntime(Runtime.newBuilder().setName("onnxruntime").setVersion("1").setProvider("cpu").setThreads(1))
            .setLatency(Distribution.newBuilder().setP50Nanos(Math.round(nanos)).setRelativeHalfWidth(halfWidth / 2)
                .setBetweenRunsHalfWidth(halfWidth).setEstimator("e-1"))
            .setCircumstances(Circumstances.getDefaultInstance()).build();
    }

    /** Runs of a machine whose figures repeat within their interval between runs, no better. */
    private static double share(double slowDown, double halfWidth, double most) {
        SplittableRandom random = new SplittableRandom(1);
        double deviation = halfWidth / 1.959964;
        return IntStream.range(0, COMPARISONS).filter(i -> {
            double then = 1e6 * Math.exp(deviation * random.nextGaussian());
            double now = 1e6 * (1 + slowDown) * Math.exp(deviation * random.nextGaussian());
            return Verdict.of(FILE, of(then, halfWidth), of(now, halfWidth), most).isRegression();
        }).count() / (double) COMPARISONS;
    }

    /** Whatever the interval, and however small a slow-down is let pass: with intervals as they are said to be, 5 in 100 at most are false. */
    @ParameterizedTest
    @CsvSource({"0.005, 0.03", "0.015, 0.03", "0.03, 0.03", "0.10, 0.03", "0.03, 0.001"})
    void aModelThatIsAsFastIsRarelyCalledSlower(double halfWidth, double most) {
        assertThat(share(0, halfWidth, most)).isLessThanOrEqualTo(0.052);
    }

    /** Intervals of 2 % find a slow-down of 5 % in 9 of 10; what the verdict says of itself is so. */
    @ParameterizedTest
    @CsvSource({"0.005", "0.01", "0.02"})
    void aModelThatIsSlowerIsFound(double halfWidth) {
        assertThat(share(0.05, halfWidth, 0.03)).isGreaterThanOrEqualTo(0.90);
        double found = Verdict.of(FILE, of(1e6, halfWidth), of(1e6, halfWidth), 0.03).found();
        assertThat(share(found, halfWidth, 0.03)).isBetween(0.87, 0.93);
    }

    /** Significant alone is not enough, nor is more than what is let pass. */
    @Test
    void aSlowDownHasToBeBothLargeAndSure() {
        assertThat(Verdict.of(FILE, of(1e6, 0.001), of(1.02e6, 0.001), 0.03).isSignificant()).isTrue();
        assertThat(Verdict.of(FILE, of(1e6, 0.001), of(1.02e6, 0.001), 0.03).isRegression()).isFalse();
        assertThat(Verdict.of(FILE, of(1e6, 0.10), of(1.05e6, 0.10), 0.03).isRegression()).isFalse();
        assertThat(Verdict.of(FILE, of(1e6, 0.01), of(1.05e6, 0.01), 0.03).isRegression()).isTrue();
        assertThat(Verdict.of(FILE, of(1e6, 0.01), of(0.5e6, 0.01), 0.03).isRegression()).isFalse();
    }

    @Test
    void measurementsOfAnotherMachineOrWithoutAnIntervalSayNothing() {
        Baseline then = of(1e6, 0.01);
        Baseline other = of(1e6, 0.01).toBuilder().setDevice(then.getDevice().toBuilder().setCpu("Another")).build();
        assertThatThrownBy(() -> Verdict.of(FILE, then, other, 0.03)).isInstanceOf(InputException.class)
            .hasMessage("base.json: measured with cpu A processor (expected: Another, as it is now; another machine needs another baseline, and"
                + " --update writes one)");
        Baseline threads = of(1e6, 0.01).toBuilder().setRuntime(then.getRuntime().toBuilder().setThreads(2)).build();
        assertThatThrownBy(() -> Verdict.of(FILE, then, threads, 0.03))
            .hasMessageContaining("runtime onnxruntime 1, provider cpu, 1 threads (expected: onnxruntime 1, provider cpu, 2 threads");
        assertThatThrownBy(() -> Verdict.of(FILE, then, of(1e6, Double.POSITIVE_INFINITY), 0.03)).isInstanceOf(InputException.class)
            .hasMessageContaining("a difference says nothing");
    }

    @Test
    void aBaselineIsReadAsItWasWritten(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("base.json");
        assertThatThrownBy(() -> BaselineFile.read(file)).hasMessage(file + ": not there (expected: a baseline; --update writes one)");
        BaselineFile.write(file, of(1e6, 0.01));
        assertThat(BaselineFile.read(file)).isEqualTo(of(1e6, 0.01));
        Files.writeString(file, Files.readString(file).replace("\"format\": 1", "\"format\": 2"));
        assertThatThrownBy(() -> BaselineFile.read(file)).hasMessage(file + ": format: 2 (expected: 1)");
        Files.writeString(file, "[]");
        assertThatThrownBy(() -> BaselineFile.read(file)).isInstanceOf(InputException.class).hasMessageStartingWith(file + ": ");
    }

    @Test
    void junitsXmlTellsTheVerdict(@TempDir Path folder) throws Exception {
        Baseline slow = of(2e6, 0.01).toBuilder().setFile("a<b>\"&\u001b.onnx").build();
        Path file = folder.resolve("verdict.xml");
        JunitReport.write(file, slow, Optional.of(Verdict.of(FILE, of(1e6, 0.01), slow, 0.03)));

        Element suite = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile()).getDocumentElement();
        assertThat(suite.getTagName()).isEqualTo("testsuite");
        assertThat(suite.getAttribute("tests")).isEqualTo("1");
        assertThat(suite.getAttribute("failures")).isEqualTo("1");
        Element test = (Element) suite.getElementsByTagName("testcase").item(0);
        assertThat(test.getAttribute("name")).isEqualTo("a<b>\"&\\u{1b}.onnx");
        assertThat(test.getAttribute("time")).isEqualTo("0.002000000");
        assertThat(((Element) test.getElementsByTagName("failure").item(0)).getAttribute("message")).contains("baseline 1.0000 ms, +100.0 %");

        JunitReport.write(file, slow, Optional.empty());
        suite = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile()).getDocumentElement();
        assertThat(suite.getAttribute("failures")).isEqualTo("0");
        assertThat(suite.getElementsByTagName("failure").getLength()).isZero();
    }
}
