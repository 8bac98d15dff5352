package dev.lutra.agent.sentinel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.lutra.agent.sentinel.ReferenceLevels.Reference;
import dev.lutra.proto.Runtime;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class ReferenceLevelsTest {

    @TempDir
    private Path folder;
    private final ListAppender<ILoggingEvent> said = new ListAppender<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(ReferenceLevels.class);

    @BeforeEach
    void listen() {
        said.start();
        logger.addAppender(said);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(said);
    }

    private Path file() {
        return folder.resolve("state/sentinel-reference.tsv");
    }

    private ReferenceLevels open() {
        return new ReferenceLevels(folder.resolve("state"));
    }

    @Test
    @Timeout(20)
    void aPipeIsNotWaitedFor() throws Exception {
        Files.createDirectories(file().getParent());
        assumeTrue(new ProcessBuilder("mkfifo", file().toString()).start().waitFor() == 0);
        assertThat(open().get("cpu")).isEmpty();
        assertThat(said.list).singleElement().asString().contains("not readable: a folder, a pipe or a device");
    }

    @Test
    void levelsOutliveTheProcess() {
        open().put("cpu", new Reference(3_000_000, 0));
        ReferenceLevels second = open();
        second.put("cuda", new Reference(300_000, 17));

        assertThat(open().get("cpu")).contains(new Reference(3_000_000, 0));
        assertThat(open().get("cuda")).contains(new Reference(300_000, 17));
        assertThat(open().get("other")).isEmpty();
        assertThat(file()).hasContent("cpu\t3000000\t0\ncuda\t300000\t17\n");
        assertThat(folder.resolve("state")).isDirectoryContaining(path -> path.equals(file()));
        assertThat(folder.resolve("state").toFile().list()).hasSize(1);
        assertThat(said.list).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu\t3000000\n", "cpu\t-5\t0\n", "cpu\t0\t0\n", "cpu\tfast\t0\n", "\0\0\0\0", "cpu\t1e9\t0\n"})
    void aCorruptFileIsSaidOnceAndWrittenAnew(String content) throws Exception {
        Files.createDirectories(file().getParent());
        Files.writeString(file(), "gpu\t5\t0\n" + content);

        ReferenceLevels levels = open();
        assertThat(levels.get("cpu")).isEmpty();
        assertThat(levels.get("gpu")).isEmpty();
        levels.put("cpu", new Reference(4, 0));
        assertThat(open().get("cpu")).contains(new Reference(4, 0));

        assertThat(said.list).singleElement().satisfies(event -> assertThat(event.getFormattedMessage())
            .startsWith(file() + ": not readable: ").contains("expected").doesNotContain("\n"));
    }

    @Test
    void aFolderThatCannotBeWrittenToCostsOnlyTheMemory() throws Exception {
        Files.writeString(folder.resolve("state"), "a file, not a folder");
        ReferenceLevels levels = open();
        levels.put("cpu", new Reference(5, 0));
        levels.put("cpu", new Reference(6, 0));

        assertThat(levels.get("cpu")).contains(new Reference(6, 0));
        assertThat(said.list).extracting(ILoggingEvent::getFormattedMessage)
            .filteredOn(line -> line.contains("cannot be written")).hasSize(1);
    }

    @Test
    void keysTellApartWhatMovesTheLevel() {
        Runtime cpu = Runtime.newBuilder().setName("onnxruntime").setVersion("1.29.0").setProvider("cpu").setThreads(1).build();

        List<Runtime> others = List.of(cpu.toBuilder().setThreads(2).build(), cpu.toBuilder().setVersion("1.30.0").build(),
            cpu.toBuilder().setProvider("cuda").build(), cpu.toBuilder().putProviderOptions("arena", "0").build());
        String key = ReferenceLevels.key(cpu, List.of(), SentinelModel.MEMORY.form(true));
        assertThat(others).extracting(other -> ReferenceLevels.key(other, List.of(), SentinelModel.MEMORY.form(true)))
            .doesNotHaveDuplicates().doesNotContain(key);
        assertThat(ReferenceLevels.key(cpu, List.of(), SentinelModel.CORE.form(true))).isNotEqualTo(key);
        assertThat(List.of(List.of(4), List.of(0), List.of(4, 0)))
            .extracting(cores -> ReferenceLevels.key(cpu, cores, SentinelModel.MEMORY.form(true)))
            .as("cores of a device may differ").doesNotHaveDuplicates().doesNotContain(key);
        assertThat(key).isEqualTo("onnxruntime/1.29.0/cpu/threads=1/{}/sentinel=" + SentinelModel.MEMORY.scale());
    }
}
