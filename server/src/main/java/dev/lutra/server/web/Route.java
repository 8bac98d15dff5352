package dev.lutra.server.web;

import dev.lutra.proto.Role;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A call that the web server answers, as data: how it is asked, who may, what it is for. What is said of the server's calls, and every
 * test of all of them, is made from these.
 *
 * @param method of HTTP, such as GET
 * @param pattern of the path; {@code {name}} stands for a part without a slash
 * @param admits who may call
 */
public record Route(String method, String pattern, List<Role> admits, Words words, Handler handler) {

    private static final Pattern PARAMETER = Pattern.compile("\\{([a-z]+)}");

    /**
     * What people are told of a call.
     *
     * @param description what it does, a sentence
     * @param body what it takes; empty: nothing
     * @param answer what it gives
     */
    public record Words(String description, String body, String answer) {}

    /** What a call does. */
    @FunctionalInterface
    public interface Handler {

        /** Says whether it has answered; otherwise the answer comes later, from whoever then closes the exchange. */
        boolean answer(Call call) throws IOException;
    }

    /** Names of what its pattern leaves open. */
    public List<String> parameters() {
        return PARAMETER.matcher(pattern).results().map(found -> found.group(1)).toList();
    }

    /** The parameters of a path, decoded; empty where the path is not of this call. */
    Optional<Map<String, String>> match(String rawPath) {
        String[] wanted = pattern.split("/", -1);
        String[] given = rawPath.split("/", -1);
        if (wanted.length != given.length) {
            return Optional.empty();
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (int part = 0; part < wanted.length; part++) {
            Matcher parameter = PARAMETER.matcher(wanted[part]);
            if (parameter.matches() && !given[part].isEmpty()) {
                values.put(parameter.group(1), decoded(given[part]));
            } else if (!wanted[part].equals(given[part])) {
                return Optional.empty();
            }
        }
        return Optional.of(values);
    }

    /** In a path a plus is a plus. */
    static String decoded(String raw) {
        return URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
