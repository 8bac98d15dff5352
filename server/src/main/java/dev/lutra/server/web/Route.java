package dev.lutra.server.web;

import dev.lutra.proto.Role;
import dev.lutra.proto.SizeOption;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
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
 * @param mostBytes of what is sent
 */
public record Route(String method, String pattern, List<Role> admits, Words words, int mostBytes, Handler handler) {

    /** A few settings: what takes more says so. */
    private static final int USUAL_BYTES = 32 << 10;
    /** What bytes take as base64, with some room for names. */
    private static final int JSON_BYTES = 11;
    private static final int BINARY_BYTES = 8;
    private static final Pattern PARAMETER = Pattern.compile("\\{([a-z]+)}");

    public Route(String method, String pattern, List<Role> admits, Words words, Handler handler) {
        this(method, pattern, admits, words, USUAL_BYTES, handler);
    }

    /** The same, for so much. */
    public Route taking(int most) {
        return new Route(method, pattern, admits, words, most, handler);
    }

    /** The same, for what the protocol says of a call, as JSON. */
    public Route takingWhat(MethodDescriptor<?, ?> call) {
        return taking(jsonBytes(((ProtoMethodDescriptorSupplier) call.getSchemaDescriptor()).getMethodDescriptor().getOptions()
            .getExtension(SizeOption.mostBytes)));
    }

    /** What so many bytes of a message take as JSON. */
    static int jsonBytes(int bytes) {
        return bytes / BINARY_BYTES * JSON_BYTES;
    }

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
