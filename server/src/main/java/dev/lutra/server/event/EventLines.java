package dev.lutra.server.event;

import dev.lutra.InputFile;
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
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the file of lines that an {@link EventStore} writes while another process writes it: first what is there, then what comes. When
 * the file is written anew it is read anew. Not for several threads at once.
 */
public final class EventLines {

    private static final int CHUNK = 1 << 16;
    private static final Pattern POSITION = Pattern.compile("(?<identity>[0-9a-f]{1,8})\\.(?<offset>[0-9]{1,15})");

    private final Path file;
    private String identity = "";
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
            lines.offset = Long.parseLong(place.group("offset"));
        }
        return lines;
    }

    /** Up to where it has read, as a name of it. */
    public String position() {
        return identity + "." + offset;
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

        /** Whether nothing came. */
        public boolean isEmpty() {
            return !isAnew && lines.isEmpty();
        }
    }

    /** What came since this was asked last; of lines only whole ones. */
    public News next() {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
            String now = Integer.toHexString((found.creationTime() + " " + found.fileKey()).hashCode());
            boolean isAnew = !now.equals(identity) || channel.size() < offset;
            if (isAnew) {
                identity = now;
                offset = 0;
            }
            return new News(isAnew, lines(channel));
        } catch (NoSuchFileException e) {
            return new News(false, List.of());
        } catch (IOException e) {
            throw InputFile.unreadable(file, e);
        }
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
