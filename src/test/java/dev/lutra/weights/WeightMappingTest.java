package dev.lutra.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.yaml.YamlNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightMappingTest {

    private static final String MAPPING = """
        tensors:
          layer1.k3.expand.weight: features.0.branch_main.0.weight
          layer{n}.{choice}.expand.{field}: features.{n-1}.{choice}.{field}
          layer{n}.*.project.weight: features.{n}.project/{n+10}
        translate:
          choice: {k3: 0, xception: 3}
          field: {scale: weight}
        ignore: [num_batches_tracked]
        """;

    private static WeightMapping mapping(String text) {
        return WeightMapping.of(YamlNode.parse("names.yaml", text));
    }

    @ParameterizedTest
    @CsvSource({
        "layer1.k3.expand.weight, features.0.branch_main.0.weight",
        "layer12.k3.expand.scale, features.11.0.weight",
        "layer2.xception.expand.mean, features.1.3.mean",
        "layer2.k5.expand.mean, features.1.k5.mean",
        "layer2.k5.project.weight, features.2.project/12"})
    void namesAreTranslated(String ours, String theirs) {
        assertThat(mapping(MAPPING).theirs(ours)).hasValue(theirs);
    }

    @ParameterizedTest
    @CsvSource({"stem.conv.weight", "layerA.k3.expand.mean", "layer2.k5.more.project.weight", "layer2xk5.project.weight"})
    void otherNamesAreNot(String ours) {
        assertThat(mapping(MAPPING).theirs(ours)).isEmpty();
    }

    @Test
    void lastPartsAreIgnored() {
        WeightMapping mapping = mapping(MAPPING);
        assertThat(mapping.ignores("features.1.num_batches_tracked")).isTrue();
        assertThat(mapping.ignores("num_batches_tracked")).isTrue();
        assertThat(mapping.ignores("features.1.weight")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{choice}.{field} | {choices}.{field} | names.yaml:3: tensors.layer{n}.{choice}.expand.{field}: "
            + "features.{n-1}.{choices}.{field}: {choices} (expected: a placeholder of our name)",
        "{n+10} | {n*10} | names.yaml:4: tensors.layer{n}.*.project.weight: "
            + "features.{n}.project/{n*10} (expected: a name, with placeholders like {n} or {n-1})",
        "layer{n}.* | layer{n}.{n} | names.yaml:4: tensors.layer{n}.{n}.project.weight: {n} twice in our name (expected: once)",
        "layer{n}.* | layer{n.* | names.yaml:4: tensors.layer{n.*.project.weight: not a name of ours (expected: placeholders",
        "field: {scale | filed: {scale | names.yaml:7: translate.filed: no name of ours under 'tensors' has {filed}",
        "ignore: | ignores: | names.yaml:8: ignores: unknown key (expected: one of ignore, tensors, translate)",
        "tensors: | tensor: | names.yaml:1: no 'tensors'",
        "[num_batches_tracked] | num_batches_tracked | names.yaml:8: ignore: 'num_batches_tracked' (expected: a list)"})
    void mistakesAreReportedWithFileAndLine(String right, String wrong, String message) {
        assertThatThrownBy(() -> mapping(MAPPING.replace(right, wrong)))
            .isInstanceOf(InputException.class).hasMessageStartingWith(message);
    }
}
