package dev.lutra.agent.link;

import dev.lutra.agent.task.InputException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a server listens.
 *
 * @param host name, IPv4 address, or IPv6 address in brackets
 * @param port 1 to 65535
 */
public record ServerAddress(String host, int port) {

    private static final Pattern FORM = Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]):(\\d{1,5})");

    /**
     * Reads {@code HOST:PORT}.
     *
     * @throws InputException if the text has another form
     */
    public static ServerAddress parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (matcher.matches()) {
            int port = Integer.parseInt(matcher.group(2));
            if (port >= 1 && port <= 65535) {
                return new ServerAddress(matcher.group(1), port);
            }
        }
        throw new InputException("--server: " + text + " (expected: HOST:PORT, port 1 to 65535)");
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
