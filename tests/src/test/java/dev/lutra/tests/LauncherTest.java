package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * When the launcher builds. It runs as it is, in a checkout of a few files; Maven and Java are scripts that write down how they
 * were called, since real builds take a minute each.
 */
class LauncherTest {

    @TempDir
    private Path folder;

    private Path home;

    @BeforeEach
    void layOut() throws IOException {
        assumeThat(Files.getFileStore(folder).supportsFileAttributeView("posix")).as("POSIX permissions").isTrue();
        home = Files.createDirectory(folder.resolve("check out"));
        Files.copy(LutraProcess.CHECKOUT.resolve("lutra"), home.resolve("lutra"), StandardCopyOption.COPY_ATTRIBUTES);
        for (String module : List.of("proto", "src", "agent", "server", "spark")) {
            Files.createDirectories(home.resolve(module).resolve("src/main"));
            Files.writeString(home.resolve(module).resolve("pom.xml"), "");
        }
        Files.createDirectories(home.resolve("src/main"));
        Files.writeString(home.resolve("pom.xml"), "");
        Files.createDirectories(home.resolve("server/src/main/sh"));
        script(home.resolve("server/src/main/sh/class-data.sh"), "exit 0");
        Path bin = Files.createDirectory(folder.resolve("bin"));
        script(bin.resolve("java"), "echo \"java $*\"");
        script(bin.resolve("mvn"), """
            echo "mvn $*" >>"$CALLS"
            sleep "${BUILD_SECONDS:-0}"
            mkdir -p server/target/lib agent/target/lib
            touch server/target/lib/whole agent/target/lutra-agent-0.1.0.jar server/target/lutra-server-0.1.0.jar
            case "$*" in *"-pl spark"*) mkdir -p spark/target && touch spark/target/lutra-spark-0.1.0-all.jar ;; esac
            """);
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, "#!/bin/sh\nset -e\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Process start(String environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("env", "-u", "JAVA_HOME", "-u", "LUTRA_MVN_OPTS",
            "PATH=" + folder.resolve("bin") + ":" + System.getenv("PATH"), "CALLS=" + folder.resolve("calls")));
        if (!environment.isEmpty()) {
            command.add(environment);
        }
        command.add(home.resolve("lutra").toString());
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(folder.resolve("said").toFile()).start();
    }

    private void run(String environment, String... arguments) throws IOException, InterruptedException {
        Process process = start(environment, arguments);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(folder.resolve("said"))).isZero();
    }

    private List<String> builds() throws IOException {
        Path calls = folder.resolve("calls");
        return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
    }

    /** As a pull does: later than the build, which is told apart by seconds at worst. */
    private void change(Path file) throws IOException {
        setTime(home.resolve("server/target/built"), FileTime.from(Instant.now().minusSeconds(10)));
        Files.writeString(file, "changed");
    }

    @Test
    void buildsOnceAndAgainAfterAChange() throws Exception {
        run("", "spaces");
        run("", "spaces");
        assertThat(builds()).hasSize(1);
        assertThat(Files.readString(folder.resolve("said"))).startsWith("java ").contains("-jar " + home + "/server/target/lutra-server");
        change(home.resolve("src/main/Block.java"));
        run("", "spaces");
        run("", "spaces");
        assertThat(builds()).as("a new source").hasSize(2);
    }

    @Test
    void buildsAgainAfterASourceHasGone() throws Exception {
        Path source = Files.writeString(home.resolve("server/src/main/Old.java"), "");
        run("", "spaces");
        Files.setLastModifiedTime(home.resolve("server/target/built"), FileTime.from(Instant.now().minusSeconds(10)));
        FileTime old = FileTime.from(Instant.now().minusSeconds(60));
        for (Path path : List.of("pom.xml", "proto", "src", "agent", "server").stream().map(home::resolve).toList()) {
            try (Stream<Path> all = Files.walk(path)) {
                all.filter(file -> !file.toString().contains("target")).toList().forEach(file -> setTime(file, old));
            }
        }
        Files.delete(source);
        run("", "spaces");
        assertThat(builds()).hasSize(2);
    }

    private static void setTime(Path file, FileTime time) {
        try {
            Files.setLastModifiedTime(file, time);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void otherFlagsAreAnotherBuild() throws Exception {
        run("", "spaces");
        run("LUTRA_MVN_OPTS=-Pcuda -X", "spaces");
        run("LUTRA_MVN_OPTS=-Pcuda -X", "spaces");
        assertThat(builds()).hasSize(2);
        assertThat(builds().get(1)).contains(" -Pcuda -X ");
    }

    @Test
    void onlyPagesNeedTheBrowsersRuntime() throws Exception {
        run("", "spaces");
        assertThat(builds().get(0)).contains("-Dbrowser.runtime=no");
        run("", "serve");
        assertThat(builds().get(1)).contains("-Dbrowser.runtime=yes");
        run("", "run", "file.yaml", "--http", "0.0.0.0:7412");
        run("", "spaces");
        assertThat(builds()).hasSize(2);
    }

    @Test
    void onlyClustersNeedSpark() throws Exception {
        run("", "run", "file.yaml", "--spark", "local[2]");
        assertThat(builds()).satisfiesExactly(first -> assertThat(first).contains("-pl server,agent "),
            then -> assertThat(then).contains("-pl spark "));
        assertThat(Files.readString(folder.resolve("said"))).contains("building for Apache Spark").contains("/spark/target/lib/*:");
        run("", "run", "file.yaml", "--spark=local[2]");
        run("", "spaces");
        assertThat(builds()).hasSize(2);
        Path experiment = Files.writeString(folder.resolve("file.yaml"), "name: x\ncompute: {spark: local}\n");
        run("", "run", experiment.toString());
        assertThat(builds()).hasSize(2);
        assertThat(Files.readString(folder.resolve("said"))).contains("/spark/target/lib/*:");
        Files.setLastModifiedTime(home.resolve("spark/target/built"), FileTime.from(Instant.now().minusSeconds(10)));
        Files.writeString(home.resolve("spark/src/main/Task.java"), "changed");
        run("", "run", "other.yaml");
        assertThat(builds()).as("no cluster, no build for one").hasSize(2);
        run("", "run", experiment.toString());
        assertThat(builds()).hasSize(3);
    }

    /** What is no file says the program, which looks before it reads. */
    @Test
    void aPipeIsNotReadForWhatItAsks() throws Exception {
        Path pipe = folder.resolve("pipe.yaml");
        assumeThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).as("mkfifo").isZero();
        run("", "submit", pipe.toString());
        assertThat(Files.readString(folder.resolve("said"))).contains("submit " + pipe);
    }

    @Test
    void whatAnInterruptedBuildLeftIsNotTakenForWhole() throws Exception {
        Process first = start("BUILD_SECONDS=60", "spaces");
        while (builds().isEmpty()) {
            Thread.sleep(20);
        }
        Files.createDirectories(home.resolve("server/target/lib"));
        Files.writeString(home.resolve("server/target/lib/half"), "");
        Files.writeString(home.resolve("server/target/lutra-server-0.1.0.jar"), "");
        Files.createDirectories(home.resolve("agent/target"));
        Files.writeString(home.resolve("agent/target/lutra-agent-0.1.0.jar"), "");
        first.descendants().forEach(ProcessHandle::destroyForcibly);
        first.destroyForcibly().waitFor();
        run("", "spaces");
        assertThat(builds()).hasSize(2);
        assertThat(home.resolve("server/target/lib/half")).doesNotExist();
        assertThat(home.resolve("target/building")).doesNotExist();
    }

    @Test
    void twoFirstBuildsAtOnceAreOne() throws Exception {
        Process first = start("BUILD_SECONDS=2", "spaces");
        while (builds().isEmpty()) {
            Thread.sleep(20);
        }
        run("", "spaces");
        assertThat(first.waitFor()).isZero();
        assertThat(builds()).hasSize(1);
    }

    @Test
    void aReleaseRunsWhatLiesBesideItAndBuildsNothing() throws Exception {
        Path release = Files.createDirectory(folder.resolve("a release"));
        Files.copy(home.resolve("lutra"), release.resolve("lutra"), StandardCopyOption.COPY_ATTRIBUTES);
        script(release.resolve("class-data.sh"), "touch \"$4.made\"; echo \"class-data $*\" >>\"$CALLS\"");
        for (String jar : List.of("lutra-server-0.1.0.jar", "lutra-agent-0.1.0.jar")) {
            Files.writeString(release.resolve(jar), "");
        }
        home = release;
        run("", "serve");
        assertThat(Files.readString(folder.resolve("said"))).contains("-Dlutra.agent.jar=" + release + "/lutra-agent-0.1.0.jar ",
            "-jar " + release + "/lutra-server-0.1.0.jar serve");
        assertThat(builds()).singleElement().satisfies(call -> assertThat(call).startsWith("class-data ")
            .endsWith(release + " " + release + "/lutra-server-0.1.0.jar " + release + "/class-data"));
        assertThat(release.resolve("class-data.made")).exists();
        run("", "agent", "--version");
        assertThat(Files.readString(folder.resolve("said"))).contains("-jar " + release + "/lutra-agent-0.1.0.jar --version");
        Process onACluster = start("", "run", "file.yaml", "--spark", "spark://host:7077");
        assertThat(onACluster.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(onACluster.exitValue()).isEqualTo(2);
        assertThat(Files.readString(folder.resolve("said"))).startsWith("lutra: a run on Apache Spark, which is no part of a release ");
    }
}
