package dev.lutra.supernet.descent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.lutra.yaml.YamlNode;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rates of every schedule, step by step, against PyTorch's schedulers. */
class SchedulesTest {

    private static final String PYTHON = "/usr/bin/python3";
    private static final int STEPS_AN_EPOCH = 10;
    private static final int EPOCHS = 12;
    /** What a file says, and PyTorch's scheduler of the same; all begin at 0.4. */
    private static final Map<String, String> SAME = Map.of(
        "{lr: 0.4, warm-up: 0}", "s.CosineAnnealingLR(o, 120)",
        "{lr: 0.4, warm-up: 0, lowest: 0.05}", "s.CosineAnnealingLR(o, 120, eta_min=0.05)",
        "{lr: 0.4, warm-up: 0, schedule: linear}", "s.LinearLR(o, 1, 0, 120)",
        "{lr: 0.4, warm-up: 0, schedule: linear, lowest: 0.1}", "s.LinearLR(o, 1, 0.25, 120)",
        "{lr: 0.4, warm-up: 0, schedule: {steps: {at: [3, 7], factor: 0.2}}}", "s.MultiStepLR(o, [30, 70], 0.2)",
        "{lr: 0.4, warm-up: 0, schedule: {exponential: {factor: 0.9, every: 2}}}", "s.StepLR(o, 20, 0.9)",
        "{lr: 0.4, warm-up: 0, schedule: {exponential: {factor: 0.9, smooth: true}}}", "s.ExponentialLR(o, 0.9 ** 0.1)",
        "{lr: 0.4, warm-up: 0, schedule: constant}", "s.ConstantLR(o, 1)",
        "{lr: 0.4, warm-up: 0.25, schedule: constant}", "s.LinearLR(o, 1 / 31, 1, 30)");

    @TempDir
    Path folder;

    @Test
    void everyRateIsPyTorchs() throws Exception {
        assumeTrue(Files.isExecutable(Path.of(PYTHON)), "no " + PYTHON);
        StringBuilder script = new StringBuilder("import json, sys, torch, torch.optim.lr_scheduler as s\nall = []\n");
        SAME.values().forEach(scheduler -> script.append("o = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)\nc = ").append(scheduler)
            .append(
                "\nrates = []\nfor i in range(120):\n    rates.append(o.param_groups[0]['lr'])\n    o.step()\n    c.step()\nall.append(rates)\n"));
        script.append("json.dump(all, open(sys.argv[1], 'w'))\n");
        File log = folder.resolve("log").toFile();
        Path answer = folder.resolve("rates.json");
        int code = new ProcessBuilder(PYTHON, Files.writeString(folder.resolve("rates.py"), script).toString(), answer.toString())
            .redirectErrorStream(true).redirectOutput(log).start().waitFor();
        assumeTrue(code == 0 || !Files.readString(log.toPath()).contains("No module named 'torch'"), "no torch");
        assertThat(code).as(Files.readString(log.toPath())).isZero();
        Iterator<JsonNode> expected = new ObjectMapper().readTree(answer.toFile()).iterator();
        for (String text : SAME.keySet()) {
            Descent descent = Descent.read(YamlNode.parse("f", text));
            JsonNode rates = expected.next();
            for (int step = 0; step < STEPS_AN_EPOCH * EPOCHS; step++) {
                assertThat(descent.rate(step, STEPS_AN_EPOCH * EPOCHS, EPOCHS)).as("%s, step %d", text, step)
                    .isCloseTo(rates.get(step).asDouble(), within(1e-9));
            }
        }
    }
}
