package dev.lutra.agent.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OversleptTest {

    @Test
    void whatASleepSpoilsIsDoneAgain() throws InterruptedException {
        List<Integer> tries = new ArrayList<>();
        assertThat(Overslept.<String>again(() -> {
            tries.add(1);
            if (tries.size() < 3) {
                throw new Overslept();
            }
            return "done";
        })).isEqualTo("done");
        assertThat(tries).hasSize(3);
    }

    @Test
    void aMachineThatAlwaysSleepsIsToldOf() {
        assertThatThrownBy(() -> Overslept.again(() -> {
            throw new Overslept();
        })).isInstanceOf(TaskFailure.class).hasMessage("the machine slept, or this agent was stopped, meanwhile, 5 times");
    }
}
