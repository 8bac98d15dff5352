package dev.lutra.space.interchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.cost.Cost;
import dev.lutra.cost.CountingRule;
import dev.lutra.network.Network;
import dev.lutra.space.Architecture;
import dev.lutra.space.Gene;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArchitectureFileTest {

    private static final String SPOS_SUBNET = "2,0,2,0,3,1,1,0,0,1,0,1,0,3,1,2,2,0,1,3";
    private static final String ANGLENAS = "2,2,-1,0,0,-1,-1,0,5,-1,4,4,0,0,4,2,3,4,4,4,3";

    @TempDir
    private Path folder;

    private static Network build(ArchitectureFile file) {
        return file.space().build(file.architecture());
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    /** Once-for-all's published networks; MACs and parameters from an independent count. */
    @ParameterizedTest
    @CsvSource({"ofa-cpu-11ms, 144, 160315320, 4394600", "ofa-v100-11ms, 192, 351764864, 6195512",
        "ofa-pixel1-20ms, 152, 76664384, 4304592"})
    void netConfigsOfOnceForAll(String name, int size, long macs, long params) throws URISyntaxException {
        ArchitectureFile file = ArchitectureFile.read(Path.of(getClass().getResource(name + "/net.config").toURI()));
        assertThat(file.space().input().height()).isEqualTo(size);
        assertThat(Cost.of(build(file))).isEqualTo(new Cost(macs, params));
        assertThat(file.space().parse(file.architecture().toString())).isEqualTo(file.architecture());
    }

    @Test
    void aNetConfigWithSkipsComesBackAsTheSameNetwork() {
        SearchSpace space = SpaceFile.load("proxyless-gpu");
        ArchitectureFile gpu = new ArchitectureFile(space, space.parse(ANGLENAS));
        Path file = folder.resolve("gpu.config");
        gpu.writeNetConfig(file);
        ArchitectureFile again = ArchitectureFile.read(file);
        assertThat(CountingRule.MMCV.count(build(again))).isEqualTo(new Cost(490_136_480, 5_936_776));
        assertThat(again.architecture().toString()).startsWith("k3e1,k5e3,k5e3,skip,k3e3");
    }

    @ParameterizedTest
    @ValueSource(strings = {"proxylessnas", "proxyless-gpu", "fairnas", "fbnet", "bs-nas", "single-path-nas", "fairnas-cifar"})
    void netConfigsOfRandomNetworksCount(String name) {
        SearchSpace space = SpaceFile.load(name);
        Random random = new Random(3);
        for (int i = 0; i < 5; i++) {
            ArchitectureFile written = new ArchitectureFile(space, withoutGroups(space, random));
            Path file = folder.resolve("net.config");
            try {
                written.writeNetConfig(file);
            } catch (InputException e) {
                assertThat(e).hasMessageContaining("(expected: what net.config can say");
                continue;
            }
            ArchitectureFile read = ArchitectureFile.read(file);
            SearchSpace sized = read.space().withImageSize(space.input().height());
            assertThat(Cost.of(sized.build(read.architecture()))).isEqualTo(Cost.of(build(written)));
        }
    }

    private static Architecture withoutGroups(SearchSpace space, Random random) {
        int[] values = space.random(random).values();
        for (int i = 0; i < values.length; i++) {
            Gene gene = space.genes().get(i);
            if (gene.options().get(values[i]).name().endsWith("e1g")) {
                values[i] = gene.position("k3e3");
            }
        }
        return space.architecture(values);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "    chosen: ", "    chosen:\n    - "})
    void subnetsOfEveryVersionOfMmrazor(String value) throws IOException {
        StringBuilder text = new StringBuilder();
        int[] stages = {4, 4, 8, 4};
        String[] names = {"shuffle_3x3", "shuffle_5x5", "shuffle_7x7", "shuffle_xception"};
        String[] choices = SPOS_SUBNET.split(",");
        int layer = 0;
        for (int stage = 0; stage < stages.length; stage++) {
            for (int block = 0; block < stages[stage]; block++) {
                String key = value.contains("-")
                    ? "stage_" + stage + "_block_" + block
                    : "backbone.layers." + stage + "." + block;
                text.append(key).append(value.isEmpty() ? ": " : ":\n").append(value)
                    .append(names[Integer.parseInt(choices[layer++])]).append('\n');
            }
        }
        ArchitectureFile file = ArchitectureFile.read(file("subnet.yaml", text.toString()));
        assertThat(file.space().name()).isEqualTo("mmrazor-spos");
        assertThat(CountingRule.MMCV.count(build(file))).isEqualTo(new Cost(327_544_320, 3_353_592));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"mmrazor-spos | " + SPOS_SUBNET, "proxyless-gpu | " + ANGLENAS,
        "mmrazor-proxyless-gpu | skip,k3e3,skip,skip,skip,skip,skip,skip,k7e6,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip,skip"})
    void subnetsRoundTrip(String name, String architecture) {
        SearchSpace space = SpaceFile.load(name);
        ArchitectureFile written = new ArchitectureFile(space, space.parse(architecture));
        Path file = folder.resolve("subnet.yaml");
        written.writeSubnet(file);
        assertThat(ArchitectureFile.read(file).space().name()).isEqualTo(name);
        assertThat(ArchitectureFile.read(file).architecture()).isEqualTo(written.architecture());
        assertThat(folder).isDirectoryContaining("glob:**/subnet.yaml");
        assertThat(folder.toFile().list()).hasSize(1);
    }

    @Test
    void onlyKnownSpacesBecomeSubnets() {
        SearchSpace space = SpaceFile.load("fairnas");
        ArchitectureFile file = new ArchitectureFile(space, space.random(new Random(1)));
        assertThatThrownBy(() -> file.writeSubnet(folder.resolve("x.yaml"))).isInstanceOf(InputException.class)
            .hasMessageStartingWith("space: fairnas (expected: one that MMRazor has: mmrazor-spos, proxyless-gpu");
        SearchSpace shuffle = SpaceFile.load("spos-shufflenetv2");
        ArchitectureFile shuffled = new ArchitectureFile(shuffle, shuffle.random(new Random(1)));
        assertThatThrownBy(() -> shuffled.writeNetConfig(folder.resolve("x.config"))).isInstanceOf(InputException.class)
            .hasMessageStartingWith("spos-shufflenetv2: k").hasMessageContaining("net.config can say");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "shuffle_5x5 | shuffle_9x9 | subnet.yaml:4: backbone.layers.0.1.chosen: shuffle_9x9 (expected: one of shuffle_3x3,",
        "layers.0.1 | layers.0.7 | subnet.yaml:4: backbone.layers.0.7: no such block (expected: backbone.layers.0.0 to backbone",
        "layers.0.1 | layers.0.2 | subnet.yaml:1: no 'backbone.layers.0.1' (expected: a choice for every block)",
        "chosen: shuffle_5x5 | pick: shuffle_5x5 | subnet.yaml:4: backbone.layers.0.1: no choice (expected: a name, or chosen:"})
    void wrongSubnetsSayWhereAndWhat(String right, String wrong, String message) throws IOException {
        String text = "backbone.layers.0.0:\n    chosen: shuffle_3x3\nbackbone.layers.0.1:\n    chosen: shuffle_5x5\n";
        Path file = file("subnet.yaml", text.replace(right, wrong));
        assertThatThrownBy(() -> ArchitectureFile.read(file)).isInstanceOf(InputException.class)
            .message().startsWith(folder + "/" + message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "\"in_channels\": 32 | \"in_channels\": 40 | net.config:8: blocks[2].mobile_inverted_conv.in_channels: 40 (expected: 32,",
        "\"relu6\" | \"gelu\" | net.config:4: first_conv.act_func: gelu (expected: one of relu, relu6, h_swish,",
        "ProxylessNASNets | ResNets | net.config:2: name: ResNets (expected: ProxylessNASNets or MobileNetV3)",
        "\"kernel_size\": 5 | \"kernel_size\": 4 | net.config:7: blocks[1].mobile_inverted_conv.kernel_size: 4 (expected: an odd",
        "MBInvertedConvLayer | ResNetLayer | net.config:6: blocks[0].mobile_inverted_conv.name: ResNetLayer (expected: MBI"})
    void wrongNetConfigsSayWhereAndWhat(String right, String wrong, String message) throws Exception {
        Path original = Path.of(getClass().getResource("ofa-cpu-11ms/net.config").toURI());
        String text = Files.readString(original);
        Path file = file("net.config", text.replaceFirst(java.util.regex.Pattern.quote(right), wrong));
        assertThatThrownBy(() -> ArchitectureFile.read(file)).isInstanceOf(InputException.class)
            .message().startsWith(folder + "/" + message);
    }

    /** Keys that make another network; the file's own have the values that do not. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "\"name\": \"ConvLayer\" | \"name\": \"ConvLayer\", \"groups\": 4 | net.config:4: first_conv.groups: 4 (expected: 1 or n",
        "\"name\": \"ConvLayer\" | \"name\": \"ConvLayer\", \"dilation\": 2 | net.config:4: first_conv.dilation: 2 (expected: 1;",
        "\"name\": \"ConvLayer\" | \"name\": \"ConvLayer\", \"has_shuffle\": true | net.config:4: first_conv.has_shuffle: true (",
        "\"name\": \"ConvLayer\" | \"name\": \"ConvLayer\", \"ops_order\": \"bn_act_weight\" | net.config:4: first_conv.ops_orde",
        "\"name\": \"ConvLayer\" | \"name\": \"ConvLayer\", \"novelty\": 1 | net.config:4: first_conv.novelty: unknown key",
        "\"name\": \"ConvLayer\" | \"name\": \"DepthConvLayer\" | net.config:4: first_conv.name: DepthConvLayer (expected: ConvL",
        "\"name\": \"MBInvertedConvLayer\" | \"name\": \"MBInvertedConvLayer\", \"groups\": 2 | net.config:6: blocks[0].mobile_i",
        "\"name\": \"LinearLayer\" | \"name\": \"LinearLayer\", \"use_bn\": true | net.config:21: classifier.use_bn: true (expe"})
    void keysThatChangeTheNetworkAreNotOverlooked(String right, String wrong, String message) throws Exception {
        wrongNetConfigsSayWhereAndWhat(right, wrong, message);
    }

    @Test
    void keysThatChangeNothingAreRead() throws Exception {
        String text = Files.readString(Path.of(getClass().getResource("ofa-cpu-11ms/net.config").toURI()));
        Path file = file("net.config", text.replace("\"name\": \"ConvLayer\"",
            "\"name\": \"ConvLayer\", \"groups\": 1, \"dilation\": 1, \"has_shuffle\": false, \"dropout_rate\": 0, "
                + "\"ops_order\": \"weight_bn_act\""));
        Path original = Path.of(getClass().getResource("ofa-cpu-11ms/net.config").toURI());
        ArchitectureFile expected = ArchitectureFile.read(original);
        ArchitectureFile read = ArchitectureFile.read(file);
        assertThat(Cost.of(read.space().withImageSize(144).build(read.architecture())))
            .isEqualTo(Cost.of(build(expected)));
    }

    /** Where widths are searched the first 1x1 is there even at the input's width, which the format cannot say. */
    @Test
    void aConvolutionThatTheFormatLacksIsNotDropped() throws IOException {
        SearchSpace space = SpaceFile.load(file("elastic.yaml", """
            name: elastic
            title: widths of an inverted bottleneck
            source: this test
            input: {channels: 3, size: 16}
            classes: 5
            choices:
              e1: {block: mb, kernel: 3, expand: 1, largest-expand: 2, shares: all}
              e2: {block: mb, kernel: 3, expand: 2, largest-expand: 2, shares: all}
            layers:
              - {name: stem, block: conv, kernel: 3, channels: 8}
              - {choices: [e1, e2], channels: 8}
              - {name: last, block: conv, kernel: 1, channels: 16}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """).toString());
        ArchitectureFile narrow = new ArchitectureFile(space, space.parse("e1"));
        assertThatThrownBy(() -> narrow.writeNetConfig(folder.resolve("x.config"))).isInstanceOf(InputException.class)
            .hasMessageContaining("a first 1x1 that does not expand");
        ArchitectureFile wide = new ArchitectureFile(space, space.parse("e2"));
        wide.writeNetConfig(folder.resolve("x.config"));
        ArchitectureFile read = ArchitectureFile.read(folder.resolve("x.config"));
        assertThat(Cost.of(read.space().withImageSize(16).build(read.architecture()))).isEqualTo(Cost.of(build(wide)));
    }

    @Test
    void otherFilesAreRefused() throws IOException {
        Path file = file("other.yaml", "a: 1\n");
        assertThatThrownBy(() -> ArchitectureFile.read(file)).isInstanceOf(InputException.class)
            .hasMessageContaining("other.yaml: neither net.config nor subnet (expected: a key 'blocks',");
    }
}
