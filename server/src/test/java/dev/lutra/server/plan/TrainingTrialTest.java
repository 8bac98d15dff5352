package dev.lutra.server.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.identity.NamedValues;
import dev.lutra.server.run.NineNetworks;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.Devices;
import dev.lutra.supernet.curriculum.Curriculum;
import dev.lutra.supernet.curriculum.Sampling;
import dev.lutra.supernet.descent.Schedule;
import dev.lutra.supernet.training.Teaching;
import dev.lutra.supernet.training.TrainingSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingTrialTest {

    @TempDir
    private Path folder;

    /** Draws as another does, and keeps the epochs that it was asked for. */
    private record Remembered(Sampling sampling, List<Integer> epochs) implements Sampling {

        @Override
        public List<Architecture> paths(Options surviving, Moment moment) {
            epochs.add(moment.epoch());
            return sampling.paths(surviving, moment);
        }

        @Override
        public Options offered(Options surviving) {
            return sampling.offered(surviving);
        }

        @Override
        public void describe(String key, NamedValues.Builder values) {
            sampling.describe(key, values);
        }
    }

    /** A sampling may draw larger networks in its first epochs than later. */
    @Test
    void stepsOfAllPartsOfAPhaseAreTimed() throws Exception {
        NineNetworks.write(folder);
        Remembered sampling = new Remembered(Sampling.uniform(), new ArrayList<>());
        TrainingSettings settings = new TrainingSettings(120, 4, Curriculum.of(sampling), 0.05, 0, Schedule.COSINE, 0.9, 4e-5, 0, 1);
        try (TrainingTrial trial = new TrainingTrial(SpaceFile.load(folder.resolve("nine.yaml").toString()), settings, Teaching.NONE,
            Devices.of(Devices.Wanted.ANY))) {
            assertThat(trial.seconds(40)).isPositive();
            assertThat(sampling.epochs()).as("one that is not timed, then three").containsExactly(60, 60, 20, 100);
        }
    }

    @Test
    void memoryGrowsWithTheBatch() {
        TrainingTrial.Memory measured = new TrainingTrial.Memory(1000, 32, 5);
        assertThat(measured.of(64)).isEqualTo(1160);
        assertThat(measured.of(1024)).isEqualTo(5960);
        assertThat(measured.atLeast(new TrainingTrial.Memory(700, 16, 7)).of(1024)).as("no image takes less than it was seen to").isEqualTo(7944);
        assertThat(measured.atLeast(new TrainingTrial.Memory(700, 16, 0))).isEqualTo(measured);
    }
}
