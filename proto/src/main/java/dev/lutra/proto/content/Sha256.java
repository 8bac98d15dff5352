package dev.lutra.proto.content;

import dev.lutra.proto.border.FileTrouble;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, in lower-case hexadecimal digits where it is text: how both ends name a model, and what fingerprints are. */
public final class Sha256 {

    private Sha256() {}

    /** A digest that is fed piece by piece. */
    public static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Of a text in UTF-8: 64 digits. */
    public static String of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Of some bytes: 64 digits. */
    public static String of(byte[] content) {
        return end(digest().digest(content));
    }

    /**
     * Of a file's content: 64 digits.
     *
     * @throws UncheckedIOException if it cannot be read
     */
    public static String ofFile(Path file) {
        MessageDigest digest = digest();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + FileTrouble.reason(e), e);
        }
        return end(digest);
    }

    /** The digits of a digest that has got everything. */
    public static String end(MessageDigest digest) {
        return end(digest.digest());
    }

    private static String end(byte[] value) {
        return HexFormat.of().formatHex(value);
    }
}
