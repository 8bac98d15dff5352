package dev.lutra.agent.link;

import dev.lutra.agent.device.StateFile;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.border.PrivateFiles;
import dev.lutra.proto.connection.ServerAddress;
import dev.lutra.proto.content.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What tells this agent from others that have its name: a random number that the state folder keeps, mixed with what the system tells
 * machines apart by, as home folders may be shared; one of this process; and locks, so that no two agents of one machine join a
 * server under one name.
 */
public final class Identity {

    private static final Logger log = LoggerFactory.getLogger(Identity.class);
    private static final int NAME_DIGITS = 32;
    private static final String FILE = "machine";
    private static final Path SYSTEM = Path.of("/etc/machine-id");

    private final Path state;
    private final String machine;
    private final String process = UUID.randomUUID().toString();

    /** @param state folder; where it cannot be written to, a restarted agent is another machine's to servers */
    public Identity(Path state) {
        this.state = state;
        this.machine = Sha256.of(kept(state.resolve(FILE)) + "\n" + system());
    }

    private static String kept(Path file) {
        try {
            return StateFile.read(file).strip();
        } catch (NoSuchFileException e) {
            log.debug("{}: not yet there", file);
        } catch (IOException e) {
            log.warn("{}: cannot be read: {}", file, FileTrouble.reason(e));
        }
        String made = UUID.randomUUID().toString();
        try {
            PrivateFiles.make(file.getParent());
            Path part = Files.createTempFile(file.getParent(), FILE, ".part");
            try {
                Files.writeString(part, made + "\n");
                Files.move(part, file);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            log.warn("{}: cannot be written: {}; when this agent is started again, its name is free only after a while", file,
                FileTrouble.reason(e));
        }
        return made;
    }

    private static String system() {
        try {
            return Files.readString(SYSTEM).strip();
        } catch (IOException e) {
            return "";
        }
    }

    /** As servers are told; says nothing of the machine. */
    public String machine() {
        return machine;
    }

    public String process() {
        return process;
    }

    /** The right to join a server under a name, until it is closed or this process ends. */
    public static final class Claim implements AutoCloseable {

        private final Path file;
        private final FileChannel channel;

        private Claim(Path file, FileChannel channel) {
            this.file = file;
            this.channel = channel;
        }

        @Override
        public void close() {
            try {
                if (channel != null) {
                    Files.deleteIfExists(file);
                    channel.close();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(file + ": " + FileTrouble.reason(e), e);
            }
        }
    }

    /** Claims a name; empty if another agent of this machine and state folder has it. */
    public Optional<Claim> claim(ServerAddress server, String name) {
        Path file = state.resolve(Sha256.of(server.known() + " " + name).substring(0, NAME_DIGITS) + ".lock");
        FileChannel channel = null;
        try {
            PrivateFiles.make(state);
            StateFile.requireRegularOrNone(file);
            channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), PrivateFiles.attributes());
            FileLock lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                return Optional.empty();
            }
        } catch (IOException e) {
            // Nobody can be kept out by a folder that cannot be written to; the server still does.
            log.debug("{}: no lock", file, e);
        }
        return Optional.of(new Claim(file, channel));
    }
}
