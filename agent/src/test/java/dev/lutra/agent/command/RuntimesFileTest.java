package dev.lutra.agent.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.agent.task.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RuntimesFileTest {

    @TempDir
    private Path folder;

    private List<CommandRuntime> read(String yaml) throws IOException {
        return RuntimesFile.read(Files.writeString(folder.resolve("runtimes.yaml"), yaml));
    }

    @Test
    void aRuntimeIsReadWithWhatItDoesNotSay() throws IOException {
        Files.writeString(folder.resolve("run.py"), "print()");
        CommandRuntime runtime = read("""
            runtimes:
              trt:
                prepare: [trtexec, "--onnx={model}", "--saveEngine={prepared}"]
                command: [./run.py, "{request}", "{report}"]
                report: lutra
                version: [./run.py, --version]
                visible: [/opt/tensorrt, ./lib]
                protection: none
                limit: 5 min
            """).get(0);

        assertThat(runtime.name()).isEqualTo("trt");
        assertThat(runtime.command()).containsExactly(folder.resolve("run.py").toString(), "{request}", "{report}");
        assertThat(runtime.reportsInFile()).isTrue();
        assertThat(runtime.visible()).contains(Path.of("/opt/tensorrt"), folder.resolve("lib"), folder.resolve("run.py"));
        assertThat(runtime.isProtected()).isFalse();
        assertThat(runtime.limit()).isEqualTo(Duration.ofMinutes(5));
        assertThat(runtime.prepareLimit()).isEqualTo(Duration.ofMinutes(10));
        assertThat(runtime.versionOf("TensorRT, version 8.6\u001b[0m")).matches("TensorRT-version-8.6-0m-[0-9a-f]{8}");
    }

    /** Who changes what is run has other figures. */
    @Test
    void theFingerprintFollowsCommandsAndScriptsAndNotWhereTheyLie() throws IOException {
        String yaml = "runtimes: {a: {command: [python3, ./run.py], version: 1}}";
        Files.writeString(folder.resolve("run.py"), "1");
        String first = read(yaml).get(0).fingerprint();
        assertThat(read(yaml).get(0).fingerprint()).isEqualTo(first);
        assertThat(read(yaml.replace("python3", "python3, -O")).get(0).fingerprint()).isNotEqualTo(first);
        Files.writeString(folder.resolve("run.py"), "2");
        assertThat(read(yaml).get(0).fingerprint()).isNotEqualTo(first);

        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Files.writeString(elsewhere.resolve("run.py"), "1");
        assertThat(RuntimesFile.read(Files.writeString(elsewhere.resolve("runtimes.yaml"), yaml)).get(0).fingerprint()).isEqualTo(first);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "runtimes: {a: {version: 1}}                                | runtimes.a.command: missing (expected: a list, program and arguments)",
        "runtimes: {a: {command: [x]}}                              | runtimes.a.version: missing",
        "runtimes: {a: {command: x, version: 1}}                    | runtimes.a.command: no list of texts",
        "runtimes: {A: {command: [x], version: 1}}                  | runtimes.A: not a name",
        "runtimes: {a: {command: [x], version: 1, comand: [y]}}     | runtimes.a.comand: unknown (expected: command, limit,",
        "runtimes: {a: {command: ['{modell}'], version: 1}}         | runtimes.a: {modell} (expected: placeholders model,",
        "runtimes: {a: {command: [x], version: 1, report: csv}}     | runtimes.a.report: csv (expected: one of lutra, trtexec,",
        "runtimes: {a: {command: [x], version: 1, limit: 60}}       | runtimes.a.limit: 60 (expected: a time such as 60 s or 10 min)",
        "runtimes: {a: {command: [x], version: 1, protection: no}}  | runtimes.a.protection: no (expected: protected or none)",
        "runtimes: {a: {command: [./no.py], version: 1}}            | no.py cannot be read",
        "runtimes: {a: 3}                                           | runtimes.a: no mapping",
        "runtimes: [a]                                              | runtimes: no mapping",
        "servers: {}                                                | servers: unknown (expected: runtimes)",
        "'runtimes: {a: '                                           | not YAML"})
    void everyMistakeIsToldWithFileAndKey(String yaml, String message) {
        assertThatThrownBy(() -> read(yaml)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(folder.resolve("runtimes.yaml") + ": ").hasMessageContaining(message);
    }

    @Test
    void whatIsNoFileIsRefused() {
        assertThatThrownBy(() -> RuntimesFile.read(folder.resolve("none.yaml"))).isInstanceOf(InputException.class)
            .hasMessageContaining("cannot be read");
        assertThatThrownBy(() -> RuntimesFile.read(folder)).isInstanceOf(InputException.class).hasMessageContaining("cannot be read");
    }
}
