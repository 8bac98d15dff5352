package dev.lutra.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.cost.CountingRule;
import dev.lutra.network.Shape;
import dev.lutra.space.block.Blocks;
import dev.lutra.yaml.YamlNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What docs/reference/spaces.md shows is true. */
class SpacesPageTest {

    private String page;
    private SearchSpace space;

    @BeforeEach
    void readPage() throws IOException {
        page = Files.readString(Path.of("..", "docs", "reference", "spaces.md"));
        space = SpaceFile.parse("my-phone.yaml", example());
    }

    private String example() {
        return fenced("```yaml\n", 0);
    }

    private String fenced(String fence, int from) {
        int start = page.indexOf(fence, from) + fence.length();
        return page.substring(start, page.indexOf("```", start));
    }

    @Test
    void theWorkedExampleBuilds() {
        assertThat(space.size()).isEqualTo(2304);
        String shown = fenced("```\n", page.indexOf("One of them, layer by layer:")).strip();
        Architecture architecture = space.parse(shown);
        assertThat(architecture).isEqualTo(space.parse("1,3,0,2,1,3"));
        assertThat(space.build(architecture).output().shape()).isEqualTo(Shape.vector(10));
    }

    @Test
    void theMistakeReadsAsShown() {
        String wrong = example().replaceFirst("kernel: 3, expand: 3", "kernel: 4, expand: 3");
        String shown = fenced("```\n", page.indexOf("## Mistakes")).strip();
        assertThatThrownBy(() -> SpaceFile.parse("my-phone.yaml", wrong))
            .isInstanceOf(InputException.class).hasMessage(shown);
    }

    @Test
    void everySpaceBlockAndRuleIsThere() {
        assertThat(CountingRule.names()).allSatisfy(rule -> assertThat(page).contains("`" + rule + "`"));
        assertThat(Blocks.kinds()).allSatisfy(kind -> assertThat(page).contains("`" + kind + "`"));
        for (String name : SpaceFile.builtIn()) {
            // a row lists relatives by their endings: `proxylessnas`, `-24`
            assertThat(page.lines().anyMatch(line -> line.startsWith("| `") && lists(line, name))).as(name).isTrue();
        }
    }

    private static boolean lists(String line, String name) {
        for (int end = name.length(); end > 0; end = name.lastIndexOf('-', end - 1)) {
            boolean ending = end < name.length() && line.contains("`" + name.substring(end) + "`")
                && line.startsWith("| `" + name.substring(0, end));
            if (ending || line.contains("`" + name + "`")) {
                return true;
            }
        }
        return false;
    }
}
