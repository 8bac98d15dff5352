package dev.lutra.server.view;

import dev.lutra.AtomicFile;
import dev.lutra.latency.LookupTable;
import dev.lutra.proto.content.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A run's page frozen into one file: what the live page shows and does, without a server and without a network. Scripts and data stand in
 * it; its policy names them by their hashes and allows nothing else.
 */
public final class FrozenView {

    /** Drawings of some ten kilobytes each; those of the winners and of the front's best come first. */
    private static final int MOST_DRAWN = 120;
    private static final String ENTRY = "frozen.js";
    private static final List<String> STYLES = List.of("style.css", "board.css");

    private FrozenView() {}

    /** Writes the page of a run. */
    public static void write(Path file, RunFacts facts) {
        String html = html(facts, Instant.now());
        AtomicFile.write(file, html);
    }

    /** @param now when it is frozen */
    static String html(RunFacts facts, Instant now) {
        RunView view = RunView.of(facts, now, true);
        String script = LinkedModules.script(ENTRY);
        String style = STYLES.stream().map(LinkedModules::text).collect(Collectors.joining());
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src '%s'; style-src '%s'; img-src blob: data:; \
            base-uri 'none'; form-action 'none'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>%s: Lutra report</title>
            <link rel="icon" href="data:,">
            <style>%s</style>
            </head>
            <body class="wide">
            <main id="page"><noscript>%s This page is drawn by its own script: open it in a browser that runs it.</noscript></main>
            <script type="application/json" id="data">%s</script>
            <script type="module">%s</script>
            </body>
            </html>
            """.formatted(hash(script), hash(style), escaped(view.name()), style, escaped(view.verdict()), data(facts, view), script);
    }

    private static String hash(String text) {
        return "sha256-" + Base64.getEncoder().encodeToString(Sha256.digest().digest(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    /** As JSON in which nothing ends the element that it stands in. */
    private static String data(RunFacts facts, RunView view) {
        String json = "{\"run\":" + RunView.json(view) + ",\"candidates\":" + candidates(facts) + ",\"tables\":" + tables(facts)
            + ",\"architectures\":" + architectures(facts) + "}";
        return json.replace("<", "\\u003c");
    }

    private static String candidates(RunFacts facts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            facts.candidates().json(out);
        } catch (IOException e) {
            throw new UncheckedIOException("in memory nothing fails", e);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private static String tables(RunFacts facts) {
        StringJoiner tables = new StringJoiner(",", "{", "}");
        facts.networks().ifPresent(space -> {
            for (Map.Entry<String, LookupTable> table : facts.tables().entrySet()) {
                tables.add(RunView.json(table.getKey()) + ":" + RunView.json(TableView.of(table.getKey(), table.getValue(), space)));
            }
        });
        return tables.toString();
    }

    private static String architectures(RunFacts facts) {
        Set<String> drawn = new LinkedHashSet<>();
        facts.winners().forEach(winner -> drawn.add(winner.architecture()));
        facts.front().ifPresent(front -> front.architectures().forEach(architecture -> drawn.add(architecture.toString())));
        StringJoiner architectures = new StringJoiner(",", "{", "}");
        Function<String, ArchitectureView> views = ArchitectureView.of(facts);
        drawn.stream().limit(MOST_DRAWN)
            .forEach(text -> architectures.add(RunView.json(text) + ":" + RunView.json(views.apply(text))));
        return architectures.toString();
    }
}
