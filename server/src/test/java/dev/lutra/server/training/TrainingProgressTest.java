package dev.lutra.server.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.server.event.RunEvent.PathsProbed;
import dev.lutra.space.Architecture;
import dev.lutra.space.Options;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TrainingProgressTest {

    private static final SearchSpace SPACE = SpaceFile.load("shufflenetv2-cifar");

    @Test
    void paceIsOfTheStepsAlone() {
        Pace pace = new Pace();
        pace.took(4_000_000_000L, 1_000_000_000L);
        pace.learned(100);
        pace.took(1_000_000_000L, 0);
        pace.learned(100);
        assertThat(pace.imagesPerSecond()).as("200 images in 4 + 1 seconds").isCloseTo(40, within(1e-9));
        assertThat(pace.waitShare()).isCloseTo(0.2, within(1e-9));
    }

    @Test
    void probesAreSpreadOverTheEpochsAndLeaveTheLastToTheStage() {
        Probes thrice = new Probes(List.of(path(0)), Map.of(), 3);
        assertThat(due(thrice, 30)).containsExactly(8, 15, 23);
        assertThat(due(thrice, 4)).containsExactly(1, 2, 3);
        assertThat(due(thrice, 2)).containsExactly(1);
        assertThat(due(thrice, 1)).isEmpty();
        assertThat(due(Probes.NONE, 30)).isEmpty();
        assertThat(due(new Probes(thrice.paths(), Map.of(), 0), 30)).isEmpty();
    }

    private static Architecture path(int option) {
        return SPACE.parse(String.join(",", Collections.nCopies(12, Integer.toString(option))));
    }

    private static List<Integer> due(Probes probes, int epochs) {
        return IntStream.rangeClosed(1, epochs).filter(epoch -> probes.areDue(epoch, epochs)).boxed().toList();
    }

    @Test
    void knownAccuraciesGiveATau() {
        List<Architecture> paths = List.of(path(0), path(1), path(2));
        Map<Architecture, Double> alone = new HashMap<>();
        paths.forEach(path -> alone.put(path, 0.1 * (1 + alone.size())));
        PathsProbed probed = new Probes(paths, alone, 1).judge("train", 4, Options.all(SPACE), asked -> {
            Map<Architecture, Double> answers = new HashMap<>();
            asked.forEach(path -> answers.put(path, path.equals(paths.get(2)) ? 0.4 : 0.5 + 0.1 * paths.indexOf(path)));
            return answers;
        });
        assertThat(probed.paths()).extracting(PathsProbed.Probed::accuracy).containsExactly(0.5, 0.6, 0.4);
        assertThat(probed.tau()).as("one pair of three in the right order").isCloseTo(-1 / 3.0, within(1e-12));
        assertThat(new Probes(paths, Map.of(), 1).judge("train", 4, Options.all(SPACE), asked -> Map.copyOf(alone)).tau()).isNull();
    }
}
