package dev.lutra.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lutra.InputException;
import dev.lutra.proto.content.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelStoreTest {

    @TempDir
    Path folder;
    private ModelStore models;

    @BeforeEach
    void open() {
        models = new ModelStore(folder.resolve("models"));
    }

    /** By a server that was killed while it received them; nobody else works in the folder. */
    @Test
    void whatWasHalfReceivedIsSweptWhenOpened() throws IOException {
        Path stored = folder.resolve("models");
        String whole = models.put("abc".getBytes(StandardCharsets.US_ASCII));
        models.receive().write(new byte[100]);
        Files.writeString(stored.resolve("of-somebody-else.part"), "x");
        assertThat(stored.toFile().list()).hasSize(3);
        new ModelStore(stored);
        assertThat(stored.toFile().list()).containsExactlyInAnyOrder(whole + ".onnx", "of-somebody-else.part");
    }

    @Test
    void namesAModelByItsContent() {
        // the digest of "abc" in FIPS 180-2, appendix B.1
        String sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assertThat(models.put("abc".getBytes(StandardCharsets.US_ASCII))).isEqualTo(sha256);
        assertThat(models.find(sha256)).hasValueSatisfying(file -> assertThat(file).hasContent("abc"));
    }

    @Test
    void keepsEqualModelsOnceAndNothingElse() {
        models.put(new byte[]{1, 2, 3});
        models.put(new byte[]{1, 2, 3});
        models.put(new byte[0]);
        assertThat(folder.resolve("models")).isDirectoryNotContaining("glob:**.part");
        assertThat(folder.resolve("models").toFile().list()).hasSize(2);
    }

    @Test
    void onlyItsOwnerMayLookIn() throws Exception {
        assumeThat(folder.getFileSystem().supportedFileAttributeViews()).contains("posix");
        String sha256 = models.put(new byte[]{1});
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(models.find(sha256).orElseThrow()))).isEqualTo("rw-------");
        Path models = folder.resolve("models");
        Files.setPosixFilePermissions(models, PosixFilePermissions.fromString("rwxr-xr-x"));
        new ModelStore(models);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(models))).as("of an earlier Lutra").isEqualTo("rwx------");
    }

    @Test
    void takesAModelInParts() {
        try (ModelStore.Upload upload = models.receive()) {
            upload.write(new byte[]{'a'});
            upload.write(new byte[]{'b', 'c'});
            assertThat(upload.store()).isEqualTo(Sha256.of(new byte[]{'a', 'b', 'c'}));
        }
    }

    @Test
    void leavesNothingOfAnUploadThatIsGivenUp() {
        try (ModelStore.Upload upload = models.receive()) {
            upload.write(new byte[1000]);
        }
        assertThat(folder.resolve("models")).isEmptyDirectory();
    }

    @Test
    void findsNothingOutsideItsFolder() throws Exception {
        Files.writeString(folder.resolve("secret.onnx"), "secret");
        assertThat(models.find("../secret")).isEmpty();
        assertThat(models.find("")).isEmpty();
        assertThat(models.find("0".repeat(64))).isEmpty();
    }

    @Test
    void refusesAFolderThatIsAFile() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> new ModelStore(file)).isInstanceOf(InputException.class).hasMessageStartingWith(file + ": ");
    }
}
