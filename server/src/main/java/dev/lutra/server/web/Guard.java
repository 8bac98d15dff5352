package dev.lutra.server.web;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.lutra.Names;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What comes before every answer of the web server. Only requests to a name of this server are answered: a stranger's name that leads here
 * (DNS rebinding) would make its page one of ours to a browser. What a page elsewhere sends in the name of who looks at it (CSRF) is
 * refused: calls are JSON, which a page may only send to where it came from, and say where they came from.
 *
 * <p>One address has so many calls at a time that are read or answered, which hold a thread each; those that wait hold none.
 *
 * @param hosts names and addresses of this server, in lower case
 * @param underWay calls by address
 */
record Guard(Set<String> hosts, HttpHandler handler, Map<InetAddress, Integer> underWay) implements HttpHandler {

    private static final Pattern HOST = Pattern.compile("(?<name>\\[[0-9a-fA-F:.]+]|[^:\\[\\]]+)(:\\d{1,5})?");
    private static final Set<String> OWN_SITES = Set.of("same-origin", "none");
    private static final String JSON = "application/json";
    /** A quarter of the threads. */
    private static final int MOST_OF_ADDRESS = 64;
    private static final String UNPACKED = "identity";

    Guard(Set<String> hosts, HttpHandler handler) {
        this(hosts, handler, new ConcurrentHashMap<>());
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        InetAddress caller = exchange.getRemoteAddress().getAddress();
        try {
            handle(exchange, underWay.merge(caller, 1, Integer::sum));
        } finally {
            underWay.computeIfPresent(caller, (address, calls) -> calls == 1 ? null : calls - 1);
        }
    }

    private void handle(HttpExchange exchange, int underWayOfCaller) throws IOException {
        Optional<Refusal> problem = underWayOfCaller > MOST_OF_ADDRESS
            ? Optional
                .of(new Refusal(503, "calls: " + MOST_OF_ADDRESS + " others from this address are read or answered (expected: fewer at a time)"))
            : problem(exchange);
        if (problem.isEmpty()) {
            handler.handle(exchange);
            return;
        }
        try (exchange) {
            Router.refuse(exchange, problem.get().status(), problem.get().getMessage());
        }
    }

    private Optional<Refusal> problem(HttpExchange exchange) {
        Headers headers = exchange.getRequestHeaders();
        String host = headers.getFirst("Host");
        Matcher named = HOST.matcher(host == null ? "" : host);
        if (!named.matches() || !hosts.contains(named.group("name").toLowerCase(Locale.ROOT))) {
            return Optional.of(new Refusal(421, "host: " + (host == null ? "none" : Names.shown(host))
                + " (expected: a name or address of the machine that serves; 'lutra serve --name' adds others)"));
        }
        String coding = headers.getFirst("Content-Encoding");
        if (coding != null && !coding.equalsIgnoreCase(UNPACKED)) { // so that sizes are what is sent
            return Optional.of(new Refusal(415, "content encoding: " + Names.shown(coding) + " (expected: none)"));
        }
        if (!exchange.getRequestURI().getPath().startsWith(Router.API)) {
            return Optional.empty();
        }
        String origin = headers.getFirst("Origin");
        String site = headers.getFirst("Sec-Fetch-Site");
        if (origin != null && !origin.replaceFirst("^https?://", "").equals(host) || site != null && !OWN_SITES.contains(site)) {
            return Optional.of(new Refusal(403, "from another site's page (expected: a page of this server)"));
        }
        String type = headers.getFirst("Content-Type");
        if (exchange.getRequestMethod().equals("POST")
            && (type == null || !type.toLowerCase(Locale.ROOT).replaceFirst(";.*", "").strip().equals(JSON))) {
            return Optional.of(new Refusal(415, "content type: " + (type == null ? "none" : "another") + " (expected: " + JSON + ")"));
        }
        return Optional.empty();
    }
}
