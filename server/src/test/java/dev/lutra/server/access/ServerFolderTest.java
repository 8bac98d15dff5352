package dev.lutra.server.access;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.proto.connection.KeyFingerprint;
import dev.lutra.proto.connection.ServerAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerFolderTest {

    @TempDir
    Path folder;

    /** Nobody else has to trust it: the server itself does. */
    @Test
    void aTornCertificateForCommandsIsMadeAgainByTheServer() throws Exception {
        ServerFolder server = new ServerFolder(folder);
        server.reachedAt(new ServerAddress("127.0.0.1", 7411, Optional.of(new KeyFingerprint("0".repeat(64))), false));
        Path own = Files.write(folder.resolve("client.p12"), new byte[40]);
        assertThatThrownBy(server::server).isInstanceOf(InputException.class).hasMessageStartingWith(own + ": cannot be used (")
            .hasMessageEndingWith("); delete it, and the server makes another when it is started again");
    }
}
