package dev.lutra.server.profile;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.lutra.proto.MeasureRules;
import dev.lutra.proto.ModelInput;
import dev.lutra.proto.Task;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class TaskNamesTest {

    private static final String RUNTIME = "onnxruntime 1.22.0";

    private static Task.Builder task() {
        return Task.newBuilder().setModelSha256("ab12").setProvider("cpu").setThreads(1).setLabel("layer1 k3")
            .setRules(MeasureRules.newBuilder().setTargetRelativeHalfWidth(0.01).setMinRounds(4).setSliceNanos(60_000_000)
                .setMaxMeasureNanos(12_000_000_000L).setMinSamples(15).setMinWarmupRuns(3).setMinWarmupNanos(30_000_000)
                .setMaxWarmupNanos(400_000_000))
            .addInputs(ModelInput.newBuilder().setName("input").addAllShape(List.of(1L, 3L, 32L, 32L)).setRandomSeed(0));
    }

    private static String id(Task.Builder task, String runtime) {
        return TaskNames.named("run/profile/box", "key", task, runtime).getId();
    }

    @Test
    void everythingThatAnOutcomeFollowsFromIsInTheName() {
        assertThat(TaskNames.values(task(), RUNTIME).shown()).hasToString("{input.input=1x3x32x32 seed 0, model=ab12, "
            + "profile.half-width=0.01, profile.rounds=4, profile.samples=15, profile.slice=60 ms, profile.time-limit=12000 ms, "
            + "profile.warm-up.least=30 ms, profile.warm-up.most=400 ms, profile.warm-up.runs=3, provider=cpu, returns-outputs=false, "
            + "runtime=onnxruntime 1.22.0, threads=1}");
        String id = id(task(), RUNTIME);
        assertThat(id).isEqualTo("run/profile/box/key/9f7ff53104e09699");
        assertThat(id(task().setLabel("another"), RUNTIME)).as("what is only for people").isEqualTo(id);
        assertThat(id(task(), "onnxruntime 1.23.0")).isNotEqualTo(id);
        List<UnaryOperator<Task.Builder>> changes = List.of(
            task -> task.setModelSha256("cd34"), task -> task.setThreads(2), task -> task.setProvider("cuda"),
            task -> task.setMemory(true), task -> task.setEnergy(true), task -> task.putProviderOptions("device_id", "1"),
            task -> task.setReturnOutputs(true), Task.Builder::clearRules,
            task -> task.setInputs(0, task.getInputs(0).toBuilder().setShape(2, 48)),
            task -> task.setInputs(0, task.getInputs(0).toBuilder().setRandomSeed(1)),
            task -> task.setInputs(0, task.getInputs(0).toBuilder().setLittleEndianFloats(ByteString.copyFromUtf8("0000"))),
            task -> task.setRules(task.getRules().toBuilder().setTargetRelativeHalfWidth(0.02)),
            task -> task.setRules(task.getRules().toBuilder().setSliceNanos(1)));
        assertThat(changes).extracting(change -> id(change.apply(task()), RUNTIME)).doesNotContain(id).doesNotHaveDuplicates();
    }
}
