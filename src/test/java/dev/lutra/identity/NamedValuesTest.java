package dev.lutra.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.proto.content.Sha256;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NamedValuesTest {

    private static NamedValues.Builder training() {
        return NamedValues.builder().put("epochs", 30).put("optimizer.lr", 0.1).put("label-smoothing", 0.0).put("sampling", "uniform");
    }

    @Test
    void hashesSortedLinesUnderKindAndVersion() {
        String text = "training 1\nepochs=30\nlabel-smoothing=0\noptimizer.lr=0.1\nsampling=uniform\n";
        assertThat(training().build().text("training", 1)).isEqualTo(text);
        assertThat(training().build().fingerprint("training", 1)).isEqualTo(Sha256.of(text))
            .isEqualTo("7ce687562bf411c0d0467b29529432ead7c3af3ce2ff2f0bbb2ba82e2841e391");
        NamedValues otherOrder = NamedValues.builder().put("sampling", "uniform").put("label-smoothing", 0.0).put("optimizer.lr", 0.1)
            .put("epochs", 30).build();
        assertThat(otherOrder.fingerprint("training", 1)).isEqualTo(training().build().fingerprint("training", 1));
        assertThat(otherOrder.fingerprint("training", 2)).isNotEqualTo(otherOrder.fingerprint("training", 1));
        assertThat(otherOrder.fingerprint("evaluation", 1)).isNotEqualTo(otherOrder.fingerprint("training", 1));
    }

    @Test
    void aNameAddedLaterOrphansNothing() {
        NamedValues before = training().build();
        NamedValues sameAsBefore = training().putLater("average-weights", "0", "0").build();
        NamedValues other = training().putLater("average-weights", "0.999", "0").build();

        assertThat(sameAsBefore.fingerprint("training", 1)).isEqualTo(before.fingerprint("training", 1));
        assertThat(sameAsBefore.stored()).isEqualTo(before.stored());
        assertThat(sameAsBefore.differenceFrom(before.stored())).isEmpty();
        assertThat(sameAsBefore.shown()).containsEntry("average-weights", "0");

        assertThat(other.fingerprint("training", 1)).isNotEqualTo(before.fingerprint("training", 1));
        assertThat(other.differenceFrom(before.stored())).hasToString("Optional[average-weights 0 (expected: 0.999)]");
        assertThat(sameAsBefore.differenceFrom(other.stored())).hasToString("Optional[average-weights 0.999 (expected: 0)]");
        // a program that does not know the name yet
        assertThat(before.differenceFrom(other.stored()))
            .hasToString("Optional[average-weights 0.999 (expected: none, as this version has no such setting)]");
        // named values of a part keep what they say about the past
        assertThat(NamedValues.builder().putAll(sameAsBefore).put("seed", 1).build().stored()).doesNotContainKey("average-weights");
    }

    @Test
    void namesTheFirstValueThatDiffers() {
        NamedValues wanted = training().put("space", "a".repeat(64)).build();
        Map<String, String> stored = training().put("space", "b".repeat(64)).build().stored();
        assertThat(wanted.differenceFrom(stored)).hasToString("Optional[space bbbbbbbbbbbb… (expected: aaaaaaaaaaaa…)]");
        assertThat(wanted.differenceFrom(wanted.stored())).isEmpty();
        assertThat(wanted.differenceFrom(training().build().stored())).hasToString("Optional[space none (expected: aaaaaaaaaaaa…)]");
    }

    @Test
    void linesCannotBeForged() {
        NamedValues one = NamedValues.builder().put("a", "1\nb=2").build();
        NamedValues two = NamedValues.builder().put("a", "1").put("b", "2").build();
        NamedValues escaped = NamedValues.builder().put("a", "1\\nb=2").build();
        assertThat(one.fingerprint("x", 1)).isNotEqualTo(two.fingerprint("x", 1)).isNotEqualTo(escaped.fingerprint("x", 1));
        assertThatThrownBy(() -> NamedValues.builder().put("a=b", "1")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> training().put("epochs", 31)).hasMessage("epochs: 31 and 30 (expected: one value)");
        assertThat(training().put("epochs", 30).build()).isEqualTo(training().build());
    }

    @ParameterizedTest
    @CsvSource({"0.1, 0.1", "4e-5, 0.00004", "30, 30", "-0.0, 0", "0, 0", "1e22, 10000000000000000000000", "0.30000000000000004, 0.30000000000000004",
        "2e-3, 0.002", "4.9e-324, 5E-324"})
    void numbersAreTheShortestDecimals(double value, String text) {
        assertThat(new java.math.BigDecimal(NamedValues.text(value))).isEqualByComparingTo(text);
        assertThat(NamedValues.text(value)).doesNotContain("E");
    }

    @Test
    void numbersReadBackAsThemselves() {
        Random random = new Random(1);
        for (int i = 0; i < 10_000; i++) {
            double value = random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20);
            assertThat(Double.parseDouble(NamedValues.text(value))).isEqualTo(value);
        }
    }
}
