package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lutra.proto.Task;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.server.rpc.RemoteFleet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that is started on what another has left: real processes, and a real disk that is full. */
class ServerStartTest {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final byte[] EMPTY_MODEL = {0x3a, 0};

    @TempDir
    Path folder;
    private final List<LutraProcess> servers = new ArrayList<>();

    @AfterEach
    void stop() {
        servers.forEach(LutraProcess::close);
    }

    private LutraProcess serve(Path data) {
        LutraProcess server = LutraProcess.start(folder, "serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", data.toString());
        servers.add(server);
        return server;
    }

    private RemoteFleet connect(LutraProcess server, Path data) throws IOException {
        return RemoteFleet.connect(new ServerAddress("127.0.0.1", CommandLineTest.servedPort(server)),
            Files.readString(data.resolve("token")).strip());
    }

    @Test
    void whatAKilledServerLeftIsSaidAndKept() throws Exception {
        Path data = folder.resolve("fleet");
        LutraProcess first = serve(data);
        Task task;
        try (RemoteFleet fleet = connect(first, data)) {
            task = Task.newBuilder().setId("t").setModelSha256(fleet.putModel(EMPTY_MODEL)).setProvider("cpu").setThreads(1).build();
            fleet.submit("box", List.of(task));
        }
        assertThat(permissions(data)).isEqualTo("rwx------");
        for (String file : List.of("lock", "token", "lutra.db")) {
            assertThat(permissions(data.resolve(file))).as(file).isEqualTo("rw-------");
        }
        assertThat(first.errors()).noneMatch(line -> line.contains("did not close it"));
        first.kill();
        Files.write(data.resolve("models/upload-1.part"), new byte[10]);

        LutraProcess second = serve(data);
        try (RemoteFleet fleet = connect(second, data)) {
            assertThat(fleet.outcomes(List.of("t"), 0, Duration.ZERO)).as("known, and not done").isEmpty();
        }
        assertThat(second.errors()).anyMatch(line -> line.contains("lutra.db: the server before did not close it (it was killed"))
            .anyMatch(line -> line.contains("deletes 1 half-received model,"));
        second.signal("TERM");
        second.await(PATIENCE);

        LutraProcess third = serve(data);
        CommandLineTest.servedPort(third);
        assertThat(third.errors()).as("stopped as it should be").noneMatch(line -> line.contains("did not close it"));
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    /** Also where it has to write a token first: the disk has room later, and the server goes on by itself. */
    @Test
    void aDiskThatIsFullWhenAServerStartsIsWaitedFor() throws Exception {
        onADisk("4m", disk -> {
            Path filler = fill(disk);
            LutraProcess server = serve(disk.resolve("fleet"));
            assertThat(server.awaitLine(line -> line.startsWith("storage: waiting, ") && line.contains("the disk"), PATIENCE))
                .as("%s", server.errors()).isTrue();
            Files.delete(filler);
            CommandLineTest.servedPort(server);
            assertThat(server.errors()).contains("storage: works again, going on");
        });
    }

    /** The server says it once, however often it is asked. */
    @Test
    void whoAsksAServerWhoseDiskIsFullIsToldThat() throws Exception {
        onADisk("16m", disk -> {
            LutraProcess server = serve(disk.resolve("fleet"));
            String name = "server 127.0.0.1:" + CommandLineTest.servedPort(server) + ": ";
            String[] create = {"token", "create", "--server", disk.resolve("fleet").toString()};
            assertThat(LutraCall.run(create).code()).isZero();
            Path filler = fill(disk);
            for (int call = 0; call < 3; call++) {
                LutraProcess.Result refused = LutraCall.run(create);
                assertThat(refused.errors()).hasSize(1);
                assertThat(refused.message()).startsWith("lutra: " + name + disk.resolve("fleet/lutra.db") + ": the disk");
                assertThat(refused.code()).isEqualTo(1);
            }
            try (RemoteFleet fleet = connect(server, disk.resolve("fleet"))) {
                assertThat(fleet.agents()).as("what is looked up needs no room").isEmpty();
            }
            assertThat(server.errors()).filteredOn(line -> line.startsWith("storage: ")).hasSize(1)
                .allMatch(line -> line.startsWith("storage: waiting, " + disk.resolve("fleet/lutra.db") + ": the disk"));
            Files.delete(filler);
            assertThat(LutraCall.run(create).code()).isZero();
        });
    }

    private interface OnDisk {
        void run(Path disk) throws Exception;
    }

    private void onADisk(String size, OnDisk test) throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        assumeThat(call("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", disk.toString())).as("needs the right to mount").isZero();
        try {
            test.run(disk);
        } finally {
            servers.forEach(LutraProcess::kill);
            call("umount", disk.toString());
        }
    }

    private static Path fill(Path disk) throws IOException {
        Path filler = disk.resolve("filler");
        try (var out = Files.newOutputStream(filler)) {
            for (int bytes = 1 << 20; bytes > 0;) {
                try {
                    out.write(new byte[bytes]);
                } catch (IOException e) {
                    bytes /= 2; // until not one more goes
                }
            }
        }
        return filler;
    }

    private static int call(String... command) throws Exception {
        return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start().waitFor();
    }

    @Test
    void aTornFileIsOneLineThatSaysWhatToDo() throws Exception {
        Path data = Files.createDirectory(folder.resolve("torn"));
        Files.writeString(data.resolve("token"), "half");
        LutraProcess.Result token = LutraCall.run("serve", "--data", data.toString(), "--listen", "127.0.0.1:0");
        assertThat(token.errors()).containsExactly("lutra: " + data.resolve("token")
            + ": holds no token (expected: one line of at least 16 letters, digits or ._~+/=-); delete it, and the server makes another");
        Files.delete(data.resolve("token"));
        Files.write(data.resolve("https.p12"), new byte[40]);
        LutraProcess.Result key = LutraCall.run("serve", "--data", data.toString(), "--listen", "127.0.0.1:0", "--tls");
        assertThat(key.errors()).hasSize(1);
        assertThat(key.message()).startsWith("lutra: " + data.resolve("https.p12") + ": cannot be used (")
            .endsWith("; delete it to have a new one made, which browsers and agents must be told to trust again");
        assertThat(List.of(token.code(), key.code())).containsOnly(2);
    }
}
