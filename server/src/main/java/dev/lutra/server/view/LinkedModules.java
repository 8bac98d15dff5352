package dev.lutra.server.view;

import dev.lutra.InputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The pages' modules as one script, for a page that may load nothing: each becomes a function that is called once, in the order in which
 * they need each other. They keep to a few forms of import and export, at the beginning of a line; a module that has another is refused.
 */
final class LinkedModules {

    private static final String PAGES = "/dev/lutra/server/web/pages/";
    private static final Pattern IMPORT = Pattern.compile("(?m)^import (\\{[^}]*}|\\* as \\w+) from '(\\.[^']+)';$");
    private static final Pattern DECLARED = Pattern.compile("(?m)^export (?=(?:async )?(?:function\\*?|class|const|let) (\\w+))");
    /** As minifiers leave it, at the end. */
    private static final Pattern LISTED = Pattern.compile("export\\{([^}]*)};?\\s*$");
    private static final Pattern OTHER = Pattern.compile("(?m)^(import|export)\\b.*$");

    private final Map<String, String> linked = new LinkedHashMap<>();

    private LinkedModules() {}

    /**
     * The script of a module and all that it imports.
     *
     * @param entry its name among the pages' files
     */
    static String script(String entry) {
        LinkedModules modules = new LinkedModules();
        modules.add(entry);
        return "const modules = {};\n" + String.join("", modules.linked.values());
    }

    private void add(String name) {
        if (linked.containsKey(name)) {
            return;
        }
        String code = text(name);
        List<String> bindings = new ArrayList<>();
        for (Matcher found = IMPORT.matcher(code); found.find();) {
            String needed = Path.of(name).resolveSibling(found.group(2)).normalize().toString();
            add(needed);
            bindings.add(binding(found.group(1), needed));
        }
        String body = IMPORT.matcher(code).replaceAll("");
        List<String> exports = new ArrayList<>(DECLARED.matcher(body).results().map(found -> found.group(1)).toList());
        body = DECLARED.matcher(body).replaceAll("");
        Matcher listed = LISTED.matcher(body);
        if (listed.find()) {
            for (String one : listed.group(1).split(",")) {
                String[] names = one.strip().split(" as ");
                exports.add(names[names.length - 1] + ": " + names[0]);
            }
            body = body.substring(0, listed.start());
        }
        Matcher other = OTHER.matcher(body);
        if (other.find()) {
            throw new IllegalStateException(name + ": " + other.group() + " (expected: a form that a single file can hold)");
        }
        linked.put(name, "modules['" + name + "'] = await (async () => {\n" + String.join("", bindings) + body + "\nreturn { "
            + String.join(", ", exports) + " };\n})();\n");
    }

    private static String binding(String imported, String module) {
        return imported.startsWith("*")
            ? "const " + imported.substring("* as ".length()) + " = modules['" + module + "'];\n"
            : "const " + imported.lines().map(line -> line.replaceAll("(\\w+) as (\\w+)", "$1: $2")).collect(Collectors.joining(" "))
                + " = modules['" + module + "'];\n";
    }

    /** A file among those of the pages. */
    static String text(String name) {
        try (InputStream in = LinkedModules.class.getResourceAsStream(PAGES + name)) {
            if (in == null) {
                throw new InputException(name + ": not in this build (expected: one that has run 'mvn process-resources')");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(name + ": " + e.getMessage(), e);
        }
    }
}
