package dev.lutra.server.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.server.plan.Plan;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PlanCommandTest {

    /** Experiments of others name folders, as that of decoded images. */
    @Test
    void whatOthersNameIsShownEscaped() {
        Plan plan = new Plan(List.of(), List.of(new Plan.DiskUse("decoded images", 2, Path.of("a\u001b[2J"), 1)),
            new Plan.MemoryUse(OptionalLong.of(1), 2), List.of("disk: a\u001b[2J"));
        assertThat(PlanCommand.text(new Plan(List.of(), List.of(), new Plan.MemoryUse(OptionalLong.empty(), 2), List.of())))
            .contains("memory: nothing is trained, of ");
        assertThat(PlanCommand.text(plan)).doesNotContain("\u001b").contains("lacks: disk: a\\u{1b}[2J");
    }
}
