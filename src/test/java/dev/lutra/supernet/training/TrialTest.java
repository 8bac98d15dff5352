package dev.lutra.supernet.training;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.ImageSize;
import dev.lutra.data.Batch;
import dev.lutra.space.SearchSpace;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.Teacher;
import dev.lutra.supernet.TestNetworks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is timed ahead of a training is what it does. */
class TrialTest {

    @TempDir
    private Path folder;

    @Test
    void everyStepAsksTheTeacher() throws IOException {
        SearchSpace space = TestNetworks.elasticSpace(folder);
        List<Integer> asked = new ArrayList<>();
        Teacher teacher = new Teacher() {
            @Override
            public float[] logits(float[] planes, int images, ImageSize size) {
                asked.add(images);
                return new float[images * space.classes()];
            }

            @Override
            public void close() {
                // nothing is open
            }
        };
        TrainingSettings settings = TrainingSettings.defaults().alone(space.parse("k3e2,k5e4"));
        try (Trial trial = new Trial(space, settings, new Teaching("test", Optional.of(teacher), 0.5, 1), Devices.of(Devices.Wanted.ANY))) {
            Batch images = trial.images(4);
            trial.step(trial.phases().get(0), 0, images);
            trial.step(trial.phases().get(0), 0, images);
            assertThat(asked).containsExactly(4, 4);
            trial.measure(images);
            assertThat(asked).as("batch norm needs no teacher").hasSize(2);
        }
    }
}
