package dev.lutra.server.event;

import dev.lutra.InputFile;
import dev.lutra.proto.content.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a file of lines that an {@link EventStore} or {@link EventFile} writes while another process writes it: first what is there, then what
 * comes. When the file is written anew it is read anew. Not for several threads at once.
 */
public final class EventLines {

    private static final int CHUNK = 1 << 16;
    private static final int IDENTITY_DIGITS = 16;
    private static final Pattern POSITION = Pattern.compile("(?<identity>[0-9a-f]{16})\\.(?<last>[0-9]{1,15})\\.(?<offset>[0-9]{1,15})");

    private final Path file;
    /** Of the file that was read, and of the last line of it: a file is not told from another by times, which any line changes. */
    private String identity = "";
    /** Where the last line that was read begins, and where it ends. */
    private long last;
    private long offset;

    public EventLines(Path file) {
        this.file = file;
    }

    /**
     * As one that had read up to a place.
     *
     * @param position a {@link #position}; of another file, or none, all is read
     */
    public static EventLines from(Path file, String position) {
        EventLines lines = new EventLines(file);
        Matcher place = POSITION.matcher(position);
        if (place.matches()) {
            lines.identity = place.group("identity");
            lines.last = Long.parseLong(place.group("last"));
            lines.offset = Long.parseLong(place.group("offset"));
        }
        return lines;
    }

    /** Up to where it has read, as a name of it. */
    public String position() {
        return identity + "." + last + "." + offset;
    }

    /** A line, which is JSON. */
    public record Line(String json) {

        /** What it says. */
        public Keyed read() {
            return EventJson.keyed(json);
        }
    }

    /** An event under its key: a later one of the same key takes the place of an earlier one. */
    public record Keyed(String key, StoredEvent event) {}

    /**
     * What came.
     *
     * @param isAnew whether the file was written anew, so that all that was read before no longer holds
     */
    public record News(boolean isAnew, List<Line> lines) {

        /** What the lines say. */
        public List<RunEvent> events() {
            return lines.stream().map(line -> line.read().event().event()).toList();
        }

        /** Whether nothing came. */
        public boolean isEmpty() {
            return !isAnew && lines.isEmpty();
        }
    }

    /** What came since this was asked last; of lines only whole ones. */
    public News next() {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            boolean isAnew = offset > channel.size() || !identity(channel).equals(identity);
            if (isAnew) {
                last = 0;
                offset = 0;
            }
            List<Line> lines = lines(channel);
            identity = identity(channel);
            return new News(isAnew, lines);
        } catch (NoSuchFileException e) {
            return new News(false, List.of());
        } catch (IOException e) {
            throw InputFile.unreadable(file, e);
        }
    }

    /** Who writes a file anew, in its place or under its name, leaves no line where it was, or makes another file. */
    private String identity(FileChannel channel) throws IOException {
        MessageDigest digest = Sha256.digest();
        Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey(); // null where the file system has none
        digest.update(String.valueOf(key).getBytes(StandardCharsets.UTF_8));
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        for (long at = last; at < offset && channel.read(chunk.limit((int) Math.min(CHUNK, offset - at)), at) > 0; chunk.clear()) {
            at += chunk.flip().remaining();
            digest.update(chunk);
        }
        return Sha256.end(digest).substring(0, IDENTITY_DIGITS);
    }

    private List<Line> lines(FileChannel channel) throws IOException {
        List<Line> lines = new ArrayList<>();
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        long at = offset;
        while (channel.read(chunk, at) > 0) {
            at += chunk.flip().remaining();
            while (chunk.hasRemaining()) {
                byte next = chunk.get();
                if (next == '\n') {
                    last = offset;
                    offset += line.size() + 1;
                    String json = line.toString(StandardCharsets.UTF_8);
                    lines.add(new Line(json));
                    line.reset();
                } else {
                    line.write(next);
                }
            }
            chunk.clear();
        }
        return lines;
    }
}
