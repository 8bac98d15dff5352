package dev.lutra.server.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.util.JsonFormat;
import dev.lutra.proto.Task;
import dev.lutra.proto.border.TaskLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The vectors of tasks in and out of their limits; pages are held to the same ones. */
class LimitsTest {

    /** Node gives numbers of a task as they came, Java by their type: 0 is 0.0 where it is a fraction. */
    private static String asInPages(String problem) {
        return problem.replaceFirst(": 0\\.0 \\(", ": 0 (");
    }

    @TestFactory
    List<DynamicTest> tasksAreRefusedByTheVectors() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode vector : new ObjectMapper().readTree(Path.of("src/test/js/task-limits.json").toFile())) {
            String expected = vector.path("problem").asText("");
            tests.add(DynamicTest.dynamicTest(vector.path("what").asText(expected), () -> {
                Task.Builder task = Task.newBuilder();
                JsonFormat.parser().merge(vector.get("task").toString(), task);
                assertThat(TaskLimits.problem(task.build()).map(LimitsTest::asInPages))
                    .isEqualTo(expected.isEmpty() ? Optional.empty() : Optional.of(expected));
            }));
        }
        assertThat(tests).hasSizeGreaterThan(10);
        return tests;
    }
}
