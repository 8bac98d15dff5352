package dev.lutra.server.view;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a report tells, without the script that lays it out. */
public final class ReportFile {

    private static final Pattern DATA = Pattern.compile("<script type=\"application/json\" id=\"data\">(.*?)</script>", Pattern.DOTALL);

    private ReportFile() {}

    /** All of it: {@code run}, {@code candidates}, {@code tables}, {@code architectures}. */
    public static JsonNode data(Path file) throws IOException {
        Matcher data = DATA.matcher(Files.readString(file));
        if (!data.find()) {
            throw new AssertionError(file + " holds no data");
        }
        return new ObjectMapper().readTree(data.group(1));
    }

    /** The run's view as a text. */
    public static String run(Path file) throws IOException {
        return data(file).path("run").toString();
    }
}
