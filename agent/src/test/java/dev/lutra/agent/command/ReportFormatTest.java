package dev.lutra.agent.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.agent.task.TaskFailure;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files made by ourselves in the forms that other tools' documentation describes; none of those tools was run. */
class ReportFormatTest {

    private static final String TRTEXEC = """
        [
          { "startH2dMs" : 1.5, "endH2dMs" : 1.6, "startComputeMs" : 1.6, "endComputeMs" : 2.1, "startD2hMs" : 2.1, "endD2hMs" : 2.2, "h2dMs" : 0.1, "computeMs" : 0.5, "d2hMs" : 0.1, "latencyMs" : 0.7 }
        , { "startH2dMs" : 2.5, "endH2dMs" : 2.6, "startComputeMs" : 2.6, "endComputeMs" : 3.0, "startD2hMs" : 3.0, "endD2hMs" : 3.1, "h2dMs" : 0.1, "computeMs" : 0.4, "d2hMs" : 0.1, "latencyMs" : 0.6 }
        ]
        """;
    private static final String BENCHMARK_APP = """
        [Step 10/11] Measuring performance (Start inference synchronously, limits: 1000 ms duration)
        [ INFO ] First inference took 7.14 ms
        [Step 11/11] Dumping statistics report
        [ INFO ] Execution Devices:['CPU']
        [ INFO ] Count:            450 iterations
        [ INFO ] Duration:         1002.41 ms
        [ INFO ] Latency:
        [ INFO ]    Median:        2.20 ms
        [ INFO ]    Average:       2.22 ms
        [ INFO ]    Min:           2.07 ms
        [ INFO ]    Max:           3.35 ms
        [ INFO ] Throughput:   448.92 FPS
        """;
    private static final String BENCHMARK_MODEL = """
        INFO: Initialized session in 3.5ms.
        INFO: Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
        INFO: count=12 first=15667 curr=3320 min=3257 max=15667 avg=4326.1 std=3419
        INFO: Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
        INFO: count=302 first=3322 curr=3313 min=3268 max=3723 avg=3307.8 std=12 p5=3270 median=3306 p95=3350
        INFO: Inference timings in us: Init: 3501, First inference: 15667, Warmup (avg): 4326.1, Inference (avg): 3307.8
        """;
    private static final String PERF_TEST = """
        model.onnx,0.0012,104857600,97,0
        model.onnx,0.00115,104857600,97,1

        Min Latency is 0.00115sec
        P50 Latency is 0.0012sec
        """;

    @Test
    void trtexecTellsComputeTimesWithoutCopies() {
        Report report = ReportFormat.TRTEXEC.read(TRTEXEC);

        assertThat(report.samplesNanos()).containsExactly(500_000, 400_000);
        assertThat(report.runs()).isEqualTo(2);
        assertThat(report.of()).contains("trtexec");
    }

    @Test
    void benchmarkAppTellsAMedianOfManyRuns() {
        Report report = ReportFormat.BENCHMARK_APP.read(BENCHMARK_APP);

        assertThat(report.samplesNanos()).containsExactly(2_200_000);
        assertThat(report.runs()).isEqualTo(450);
        assertThat(report.runsNanos()).isEqualTo(450 * 2_220_000.0);
    }

    /** What is measured is the second of two lines; the first is the warm-up's. */
    @Test
    void benchmarkModelTellsAMeanOfManyRuns() {
        Report report = ReportFormat.BENCHMARK_MODEL.read(BENCHMARK_MODEL);

        assertThat(report.samplesNanos()).containsExactly(3_307_800);
        assertThat(report.runs()).isEqualTo(302);
    }

    @Test
    void perfTestTellsEveryRunInSeconds() {
        Report report = ReportFormat.ONNXRUNTIME_PERF_TEST.read(PERF_TEST);

        assertThat(report.samplesNanos()).containsExactly(1_200_000, 1_150_000);
    }

    @Test
    void lutraTellsRunsWarmUpAndOutputs() {
        Report report = ReportFormat.LUTRA.read("""
            {"unit": "us", "latencies": [12.5, 13], "warmUpRuns": 7, "warmUpSeconds": 0.25, "steady": true,
             "outputs": [{"name": "y", "shape": [1, 10], "file": "y.f32"}]}""");

        assertThat(report.samplesNanos()).containsExactly(12_500, 13_000);
        assertThat(report.warmUpRuns()).isEqualTo(7);
        assertThat(report.warmUpNanos()).isEqualTo(250_000_000);
        assertThat(report.isSteady()).isTrue();
        assertThat(report.outputs()).singleElement().satisfies(output -> assertThat(output.shape()).containsExactly(1L, 10L));
    }

    @ParameterizedTest
    @EnumSource(ReportFormat.class)
    void anythingElseIsRefusedWithItsBeginning(ReportFormat format) {
        for (String text : new String[]{"", "Segmentation fault", "[1, 2]", "{\"latencies\": 3}", "[{}]", "count=3 avg=x", "a,b,c,d,e"}) {
            if (!(format == ReportFormat.LUTRA && text.startsWith("{"))) {
                assertThatThrownBy(() -> format.read(text)).isInstanceOf(TaskFailure.class).hasMessageContaining("(expected: ");
            }
        }
    }

    @Test
    void theirTimesAreMoreThanNothing() {
        assertThatThrownBy(() -> ReportFormat.BENCHMARK_APP.read(BENCHMARK_APP.replace("2.20 ms", "0.00 ms")))
            .hasMessage("its report has a latency of 0.0 (expected: more than 0)");
        assertThatThrownBy(() -> ReportFormat.TRTEXEC.read(TRTEXEC.replace("0.4", "-0.4")))
            .hasMessage("its report has a latency of -0.4 (expected: more than 0)");
    }
}
