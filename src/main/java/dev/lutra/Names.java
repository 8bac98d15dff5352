package dev.lutra;

import dev.lutra.proto.border.VisibleText;
import dev.lutra.proto.content.Sha256;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Names that others give: which a device may have, how any of them is shown, and as what it serves in a file's name. */
public final class Names {

    private static final int LONGEST = 64;
    /** Of what may be 255 bytes, with room for an ending more. */
    private static final int LONGEST_FILE = 240;
    private static final int HASH_DIGITS = 32;
    private static final Pattern DEVICE = Pattern.compile("[\\p{L}\\p{M}\\p{N}_.-]+");
    private static final char UNREADABLE = '\ufffd'; // what Java puts in the place of bytes that it cannot read
    private static final String PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    private Names() {}

    /**
     * The name of a device, in Unicode's composed form, so that one name has one spelling.
     *
     * @param where it was given, for the message
     * @throws InputException if there is none, it is too long, or has anything but letters and digits of any script, {@code -},
     *     {@code _} and {@code .}
     */
    public static String device(String where, String text) {
        return device(problem -> new InputException(where + ": " + problem), text);
    }

    /** As {@link #device(String, String)}, with an error of the caller's. */
    public static String device(Function<String, InputException> error, String text) {
        String name = Normalizer.normalize(text, Normalizer.Form.NFC);
        if (name.codePointCount(0, name.length()) > LONGEST || !DEVICE.matcher(name).matches()) {
            throw error.apply("'" + shown(text) + "' (expected: a name of at most " + LONGEST + " letters, digits, -, _ and .)");
        }
        return name;
    }

    /** Text as it may go to a terminal or a log, {@link VisibleText}. */
    public static String shown(String text) {
        return VisibleText.of(text);
    }

    /** A file's name, as {@link #shown(String)} has it; bytes that are no UTF-8 are written as numbers. */
    public static String shown(Path file) {
        if (file.toString().indexOf(UNREADABLE) < 0) {
            return shown(file.toString());
        }
        // a path keeps the bytes that its text has lost, and its URI has them
        ByteBuffer bytes = ByteBuffer.wrap(bytes(file.toUri().getRawPath()));
        CharBuffer text = CharBuffer.allocate(bytes.remaining());
        StringBuilder shown = new StringBuilder();
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        while (bytes.hasRemaining()) {
            boolean isError = decoder.decode(bytes, text, true).isError();
            shown.append(shown(text.flip().toString()));
            text.clear();
            decoder.reset();
            if (isError) {
                shown.append(String.format("\\x%02x", bytes.get()));
            }
        }
        return shown.toString();
    }

    private static byte[] bytes(String encoded) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < encoded.length(); i++) {
            boolean isEscape = encoded.charAt(i) == '%';
            bytes.write(isEscape ? Integer.parseInt(encoded.substring(i + 1, i + 3), 16) : encoded.charAt(i));
            i += isEscape ? 2 : 0;
        }
        return bytes.toByteArray();
    }

    /** A part of a file's name: everything but ASCII letters, digits, {@code .}, {@code _} and {@code -} as in a URL. */
    public static String inFile(String name) {
        StringBuilder file = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            boolean hides = b == '.' && file.isEmpty();
            if (PLAIN.indexOf(b) >= 0 && !hides) {
                file.append((char) b);
            } else {
                file.append(String.format("%%%02X", b));
            }
        }
        return file.toString();
    }

    /**
     * A file's name from what {@link #inFile} gave, one that file systems take: of one that is too long the end is left out, and in the
     * place of it is {@code ~}, which no other name has, and a hash of the whole.
     *
     * @param ending with its dot
     */
    public static String fitting(String name, String ending) {
        if (name.length() + ending.length() <= LONGEST_FILE) {
            return name + ending;
        }
        String hash = "~" + Sha256.of(name).substring(0, HASH_DIGITS);
        String kept = name.substring(0, LONGEST_FILE - hash.length() - ending.length()).replaceFirst("%[0-9A-F]?$", "");
        return kept + hash + ending;
    }
}
