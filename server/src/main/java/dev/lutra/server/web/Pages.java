package dev.lutra.server.web;

import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.MustacheFactory;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Pages, their scripts and the browser's runtime, from this program's own resources. Public: they hold no secret, and the token
 * reaches them in the fragment of a link, which browsers do not send.
 */
final class Pages implements HttpHandler {

    /** Whatever stands behind it is a run's name, which the page's script asks the server about. */
    private static final String RUN = "/runs/";
    private static final Map<String, String> PAGES = Map.of("/", "home", "/join", "join", "/agent", "agent", "/compare", "compare",
        RUN, "run");
    private static final String HTML = "text/html; charset=utf-8";
    private static final Pattern FILE = Pattern.compile("/pages/((?:[A-Za-z0-9][A-Za-z0-9_.-]*/)*[A-Za-z0-9][A-Za-z0-9_.-]*)");
    private static final Map<String, String> TYPES = Map.of(
        "css", "text/css; charset=utf-8", "js", "text/javascript; charset=utf-8", "mjs", "text/javascript; charset=utf-8",
        "json", "application/json", "wasm", "application/wasm");
    private static final Set<String> METHODS = Set.of("GET", "HEAD");

    /** Where the build puts the browser's runtime, if it can get one. */
    private static final String RUNTIME = "ort/";
    private static final String SENTINEL = "sentinel.onnx";
    private static final String LIMITS = "task-limits.json";
    private static final String UNCACHED = "no-store";

    private final byte[] sentinel = Sentinel.onnx();
    private final byte[] limits = Limits.json();
    private final Map<String, byte[]> pages = written();

    /** The pages by path, each put into the frame that they share. */
    private static Map<String, byte[]> written() {
        MustacheFactory templates = new DefaultMustacheFactory("dev/lutra/server/web/pages");
        Map<String, byte[]> pages = new HashMap<>();
        PAGES.forEach((path, name) -> {
            StringWriter page = new StringWriter();
            templates.compile(name + ".mustache").execute(page, Map.of());
            pages.put(path, page.toString().getBytes(StandardCharsets.UTF_8));
        });
        return pages;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = page(exchange.getRequestURI().getPath());
            String name = name(path);
            if (!METHODS.contains(exchange.getRequestMethod())) {
                exchange.sendResponseHeaders(405, -1);
            } else if (pages.containsKey(path)) {
                exchange.getResponseHeaders().set("Cache-Control", UNCACHED);
                send(exchange, HTML, pages.get(path));
            } else if (name.equals(SENTINEL)) {
                send(exchange, "application/octet-stream", sentinel);
            } else if (name.equals(LIMITS)) {
                exchange.getResponseHeaders().set("Cache-Control", UNCACHED);
                send(exchange, TYPES.get("json"), limits);
            } else {
                sendResource(exchange, name);
            }
        }
    }

    private static String page(String path) {
        return path.startsWith(RUN) && path.length() > RUN.length() && path.indexOf('/', RUN.length()) < 0 ? RUN : path;
    }

    /** A resource's name, or one that does not exist. */
    private static String name(String path) {
        var file = FILE.matcher(path);
        return file.matches() ? file.group(1) : "";
    }

    private static void sendResource(HttpExchange exchange, String name) throws IOException {
        String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
        InputStream packed = type == null ? null : Pages.class.getResourceAsStream("pages/" + name + ".gz");
        try (InputStream in = packed != null || type == null ? packed : Pages.class.getResourceAsStream("pages/" + name)) {
            if (in == null) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            Headers headers = exchange.getResponseHeaders();
            if (packed != null) {
                headers.set("Content-Encoding", "gzip"); // there is no browser with WebGPU that does not take it
            }
            // The runtime is many megabytes, and its names hold its version.
            boolean lasting = name.startsWith(RUNTIME) && !name.endsWith(".json");
            headers.set("Cache-Control", lasting ? "public, max-age=31536000, immutable" : UNCACHED);
            send(exchange, type, in.readAllBytes());
        }
    }

    private static void send(HttpExchange exchange, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(200, -1);
            return;
        }
        exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }
}
