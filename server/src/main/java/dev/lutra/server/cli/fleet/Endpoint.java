package dev.lutra.server.cli.fleet;

import dev.lutra.InputException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A host and a port to listen on. */
public record Endpoint(String host, int port) {

    private static final Pattern TEXT = Pattern.compile("(?<host>[^:\\[\\]]+|\\[[0-9a-fA-F:.%\\w]+\\]):(?<port>[0-9]{1,5})");

    /**
     * @param text {@code host:port}, an IPv6 address in brackets
     * @throws InputException if {@code text} is not that, naming the option
     */
    public static Endpoint parse(String option, String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches() || Integer.parseInt(matcher.group("port")) > 65535) {
            throw new InputException(option + ": " + text + " (expected: host:port, an IPv6 address in brackets)");
        }
        return new Endpoint(matcher.group("host").replaceAll("[\\[\\]]", ""), Integer.parseInt(matcher.group("port")));
    }

    /** As {@link #parse} takes it, with the port that was taken in the end. */
    String shown(int port) {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
}
