package dev.lutra.server.access;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.InputFile;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.border.PrivateFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.regex.Pattern;

/** The file in which an operator keeps a token; a server makes that of its owner. */
public final class TokenFile {

    private static final int MOST_BYTES = 1 << 16;

    /** What fits in an HTTP header and is too long to be guessed; people may bring their own. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/=-]{16,}");

    private TokenFile() {}

    /**
     * The token of a file, which is made its owner's alone; where there is no file, 256 random bits (base64url) in a new one.
     *
     * @throws InputException when the file cannot be read or written, or holds no token
     */
    public static String loadOrCreate(Path file) {
        if (Files.notExists(file)) {
            return create(file);
        }
        String token = read(file, "; delete it, and the server makes another");
        PrivateFiles.close(file);
        return token;
    }

    /**
     * The token of a file.
     *
     * @throws InputException when the file is not there, cannot be read, or holds no token
     */
    public static String read(Path file) {
        return read(file, "");
    }

    private static String read(Path file, String otherwise) {
        String token = InputFile.text(file, MOST_BYTES).strip();
        if (!TOKEN.matcher(token).matches()) {
            throw InputException.in(file, "holds no token (expected: one line of at least 16 letters, digits or ._~+/=-)" + otherwise);
        }
        return token;
    }

    private static String create(Path file) {
        String token = Secrets.make();
        try {
            Path folder = PrivateFiles.make(file.toAbsolutePath().getParent());
            Path part = Files.createTempFile(folder, "token-", ".part", PrivateFiles.attributes());
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap((token + "\n").getBytes(StandardCharsets.US_ASCII)));
                channel.force(true);
                Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
                AtomicFile.flushNames(folder);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw new InputException(file + ": cannot be written (" + FileTrouble.reason(file, e) + ")", e);
        }
        return token;
    }
}
