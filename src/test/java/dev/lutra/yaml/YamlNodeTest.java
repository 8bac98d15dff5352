package dev.lutra.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class YamlNodeTest {

    private static void assertRefused(String text, String message) {
        assertThatThrownBy(() -> YamlNode.parse("x.yaml", text)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(message).hasMessageNotContaining("\n");
    }

    @Test
    @Timeout(20)
    void aliasesDoNotExpandWithoutEnd() {
        StringBuilder mappings = new StringBuilder("a0: &a0 {x: 1, y: 2}\n");
        StringBuilder lists = new StringBuilder("a0: &a0 [x, y]\n");
        for (int i = 1; i < 24; i++) {
            String before = "*a" + (i - 1);
            mappings.append("a%d: &a%d {".formatted(i, i));
            lists.append("a%d: &a%d [".formatted(i, i));
            for (int k = 0; k < 2; k++) {
                mappings.append(k == 0 ? "" : ", ").append("k").append(k).append(": ").append(before);
                lists.append(k == 0 ? "" : ", ").append(before);
            }
            mappings.append("}\n");
            lists.append("]\n");
        }
        assertThat(mappings.length()).isLessThan(1000);
        assertRefused(mappings.toString(), "x.yaml:");
        YamlNode last = YamlNode.parse("x.yaml", lists.toString()).get("a23");
        assertThatThrownBy(() -> visit(last)).isInstanceOf(InputException.class)
            .hasMessageContaining("more than 200000 values, aliases written out (expected: fewer)");
    }

    private static void visit(YamlNode node) {
        if (node.isList()) {
            node.items().forEach(YamlNodeTest::visit);
        }
    }

    @Test
    void whatContainsItselfIsRefused() {
        assertRefused("data: &x {train: *x}", "x.yaml:1: data.train.train");
        YamlNode list = YamlNode.parse("x.yaml", "a: &x [*x]").get("a");
        assertThatThrownBy(() -> visit(list)).isInstanceOf(InputException.class).hasMessageContaining("does it contain itself?");
    }

    @Test
    void charactersThatNobodySeesAreNamedWithTheirLine() {
        assertRefused("a: 1\nb: x\u001b[2J\n", "x.yaml:2: not YAML: the character \\u{1b} (expected: visible ones)");
    }

    @Test
    void depthHasALimit() {
        assertRefused("{a: ".repeat(60) + "1" + "}".repeat(60), "x.yaml:1: a.a.a");
        assertRefused("[".repeat(200_000), "x.yaml");
        assertRefused("{a: ".repeat(200_000), "x.yaml");
        assertThat(YamlNode.parse("x.yaml", "{a: ".repeat(40) + "1" + "}".repeat(40)).isMapping()).isTrue();
    }

    @Test
    void mergeKeysAreNotOverlooked() {
        assertRefused("defaults: &d {kernel: 3}\nk3: {<<: *d, block: mb}", "x.yaml:2: a merge key << (expected: keys of");
        assertThat(YamlNode.parse("x.yaml", "'<<': 1").get("<<").integer(0)).isEqualTo(1);
    }

    @Test
    void underscoresStandBetweenDigits() {
        assertThat(YamlNode.parse("x.yaml", "n: 1_000_000").get("n").integer(0)).isEqualTo(1_000_000);
        for (String wrong : new String[]{"_1", "1_", "1__0", "-_1"}) {
            YamlNode number = YamlNode.parse("x.yaml", "n: " + wrong).get("n");
            assertThatThrownBy(() -> number.whole(-5, 5)).isInstanceOf(InputException.class)
                .hasMessageStartingWith("x.yaml:1: n: " + wrong + " (expected: a whole number");
        }
    }
}
