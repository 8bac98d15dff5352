import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * {@code java -cp 'lib/*' Licences.java RELEASE}: writes {@code licences/} of a release: a line for each library, the texts that its jar
 * brings, and the text of each licence that the lists of components name. Fails where a library is in no list.
 */
final class Licences {

    private static final Pattern TEXT = Pattern.compile(
        "(META-INF/)?([A-Za-z0-9_.-]+/)?(AL2\\.0|LGPL2\\.1|[A-Za-z0-9_.-]*(LICEN[SC]E|NOTICE|COPYING|ThirdParty)[A-Za-z0-9_.-]*)",
        Pattern.CASE_INSENSITIVE);

    private Licences() {}

    public static void main(String[] arguments) throws IOException {
        Path release = Path.of(arguments[0]);
        Path out = Files.createDirectories(release.resolve("licences"));
        Map<String, JsonNode> components = new TreeMap<>();
        for (String module : List.of("server", "agent")) {
            for (JsonNode component : new JsonMapper().readTree(release.resolve("sbom/" + module + ".cdx.json").toFile()).path("components")) {
                components.put(component.path("name").asText() + "-" + component.path("version").asText(), component);
            }
        }
        List<String> lines = new ArrayList<>();
        try (Stream<Path> jars = Files.list(release.resolve("lib"))) {
            for (Path jar : jars.sorted().toList()) {
                String name = jar.getFileName().toString().replaceFirst("\\.jar$", "");
                if (name.startsWith("lutra-")) {
                    continue;
                }
                JsonNode component = components.entrySet().stream().filter(known -> name.equals(known.getKey()) || name.startsWith(known.getKey() + "-"))
                    .map(Map.Entry::getValue).findFirst()
                    .orElseThrow(() -> new IOException(jar + ": in no list of components"));
                lines.add(name + ": " + String.join(", ", licences(component, out)));
                copyTexts(jar, out.resolve(name));
            }
        }
        Files.write(out.resolve("LIBRARIES.txt"), lines);
    }

    /** What a component says of itself; the texts that the list brings are written. */
    private static List<String> licences(JsonNode component, Path out) throws IOException {
        List<String> names = new ArrayList<>();
        for (JsonNode choice : component.path("licenses")) {
            JsonNode licence = choice.path("license");
            String name = licence.path("id").asText(licence.path("name").asText(choice.path("expression").asText()));
            names.add(name);
            String text = licence.path("text").path("content").asText();
            if (!text.isEmpty()) {
                Files.write(out.resolve(name.replaceAll("[^A-Za-z0-9.-]+", "-") + ".txt"), Base64.getMimeDecoder().decode(text));
            }
        }
        if (names.isEmpty()) {
            throw new IOException(component.path("name").asText() + ": names no licence");
        }
        return names;
    }

    private static void copyTexts(Path jar, Path folder) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (ZipEntry entry : zip.stream().filter(file -> !file.isDirectory() && TEXT.matcher(file.getName()).matches()).toList()) {
                if (entry.getName().endsWith(".class")) {
                    continue;
                }
                Files.createDirectories(folder);
                try (InputStream text = zip.getInputStream(entry)) {
                    Files.write(folder.resolve(entry.getName().replace('/', '_')), text.readAllBytes());
                }
            }
        }
    }
}
