package dev.lutra.supernet.curriculum;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import dev.lutra.network.Op;
import dev.lutra.network.Weight;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import dev.lutra.supernet.SupernetWeights;
import dev.lutra.supernet.TestNetworks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FirstPathTest {

    private static final List<String> CHOICES = List.of("identity: {block: skip, project: true, activation: none}",
        "k3e3: {block: mb, kernel: 3, expand: 3}", "k5e3: {block: mb, kernel: 5, expand: 3}",
        "k5e6: {block: mb, kernel: 5, expand: 6}", "k3e6: {block: mb, kernel: 3, expand: 6}",
        "left-out: {block: skip}");

    @TempDir
    Path folder;

    private SearchSpace space(List<String> choices, List<Double> scales) throws IOException {
        String offered = String.join(", ", choices.stream().map(choice -> choice.substring(0, choice.indexOf(':'))).toList());
        return SpaceFile.load(Files.writeString(folder.resolve("space.yaml"), """
            name: shuffled
            title: Options in any order
            source: Ours
            input: {channels: 3, size: 16}
            classes: 4
            scales: %s
            choices:
            %slayers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {choices: [%s], channels: 8, repeat: 2}
              - {choices: [%s], channels: 16, repeat: 2, stride: 2}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """.formatted(scales, String.join("\n", choices).indent(2), offered, offered)).toString());
    }

    /** Every tensor that a path or what inherits from it has given values, by name. */
    private static Map<String, List<Float>> handedOn(SearchSpace space) {
        Architecture path = FirstPath.of(space);
        Map<String, List<Float>> values = new TreeMap<>();
        try (SupernetWeights weights = new SupernetWeights(3, Device.cpu())) {
            for (Op op : space.build(path).ops()) {
                op.weights().stream().map(Weight::tensor).filter(tensor -> tensor.role().isParameter())
                    .forEach(tensor -> weights.start(tensor, weights.first(tensor)));
            }
            Inheritance.handOn(path, space, weights);
            weights.momenta().keySet().forEach(name -> {
                List<Float> list = new ArrayList<>();
                for (float value : weights.learned(name).toFloatArray()) {
                    list.add(value);
                }
                values.put(name, list);
            });
        }
        return values;
    }

    @Test
    void theOrderOfOptionsInAFileDoesNotMatter() throws Exception {
        List<String> choices = new ArrayList<>(CHOICES);
        List<Double> scales = new ArrayList<>(List.of(0.5, 1.0, 1.5));
        SearchSpace asWritten = space(choices, scales);
        String path = FirstPath.of(asWritten).toString();
        assertThat(path).isEqualTo("k3e6:1.5,k3e6:1.5,k3e6:1.5,k3e6:1.5");
        Map<String, List<Float>> expected = handedOn(asWritten);
        assertThat(expected).hasSizeGreaterThan(100);
        Random random = new Random(1);
        for (int i = 0; i < 8; i++) {
            Collections.shuffle(choices, random);
            Collections.shuffle(scales, random);
            SearchSpace shuffled = space(choices, scales);
            assertThat(FirstPath.of(shuffled)).as("%s %s", choices, scales).hasToString(path);
            assertThat(handedOn(shuffled)).as("%s %s", choices, scales).isEqualTo(expected);
        }
    }

    @Test
    void takesWhatMostOthersInheritFrom() throws Exception {
        assertThat(FirstPath.of(TestNetworks.space(folder))).hasToString("k3:1.0,k3:1.0,k3:1.0,k3:1.0");
        assertThat(FirstPath.of(SpaceFile.load("shufflenetv2-cifar")).toString().split(",")).containsOnly("k3");
        assertThat(FirstPath.of(SpaceFile.load("fairnas-cifar")).toString().split(",")).containsOnly("k3e6");
    }

    @Test
    void leavesNoLayerOutWhereThereIsAnotherOption() {
        assertThat(FirstPath.of(SpaceFile.load("bs-nas")).toString().split(",")).hasSize(21).containsOnly("k3:1.0");
        assertThat(FirstPath.of(SpaceFile.load("ofa-mobilenetv3-12")).toString().split(",")).containsOnly("k7e6");
        assertThat(FirstPath.of(SpaceFile.load("nao-cell")).toString()).contains("sep3")
            .doesNotContain("identity", "avg3", "max3", "sep5");
    }
}
