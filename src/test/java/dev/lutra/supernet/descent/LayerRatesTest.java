package dev.lutra.supernet.descent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.yaml.YamlNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayerRatesTest {

    private static LayerRates read(String settings) {
        return LayerRates.read(YamlNode.parse("file.yaml", "{" + settings + "}"));
    }

    @Test
    void theLongestNameThatFitsCounts() {
        LayerRates rates = read("frozen: [stem, layer1], layer-rates: {'layer*': 0.5, layer1.k5: 0.25}");
        assertThat(rates.factor("stem.conv.weight")).isZero();
        assertThat(rates.factor("stem2.conv.weight")).isEqualTo(1);
        assertThat(rates.factor("layer1.k3.expand.weight")).isZero();
        assertThat(rates.factor("layer1.k5.expand.weight")).isEqualTo(0.25);
        assertThat(rates.factor("layer12.k3.expand.weight")).isEqualTo(0.5);
        assertThat(rates.freeze("layer1.k3.bn.scale")).isTrue();
        assertThat(rates.freeze("classifier.linear.weight")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "frozen: [stem, stem] | frozen[1]: stem: given twice",
        "layer-rates: {stem: 2} | layer-rates.stem: 2 (expected: ",
        "frozen: ['a b'] | frozen[0]: 'a b' (expected: the name of a layer"
    })
    void mistakesNameTheKey(String settings, String message) {
        assertThatThrownBy(() -> read(settings)).isInstanceOf(InputException.class).hasMessageContaining(message);
    }

    @Test
    void namesAreOfLayersAndSomethingIsLeftToLearn() {
        List<String> tensors = List.of("stem.conv.weight", "classifier.linear.weight");
        read("frozen: stem").requireFit("retrain", tensors);
        assertThatThrownBy(() -> read("frozen: [stam]").requireFit("retrain", tensors)).isInstanceOf(InputException.class)
            .hasMessage("retrain.frozen: stam is no layer (expected: one of stem, classifier)");
        assertThatThrownBy(() -> read("frozen: [stem, classifier]").requireFit("supernet", tensors)).isInstanceOf(InputException.class)
            .hasMessage("supernet.frozen: all layers (expected: at least one that learns)");
    }
}
