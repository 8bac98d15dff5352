package dev.lutra.agent.command;

import dev.lutra.agent.task.InputException;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.content.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.schema.FailsafeSchema;

/**
 * The file in which a device's owner says what runtimes there are beside ONNX Runtime: {@code runtimes:}, then a name and what belongs to
 * it. Every mistake is told with file and key. Paths that begin with {@code ./} lie beside the file.
 */
public final class RuntimesFile {

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,31}");
    private static final Pattern TIME = Pattern.compile("([1-9]\\d{0,5}) *(s|min)");
    private static final Set<String> KEYS = Set.of("command", "prepare", "report", "version", "visible", "protection", "limit", "prepare-limit");
    private static final String BESIDE = "./";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration PREPARE_LIMIT = Duration.ofMinutes(10);
    private static final int MOST_BYTES = 1 << 20;
    private static final int DIGITS = 8;

    private final Path file;
    private final Path folder;

    private RuntimesFile(Path file) {
        this.file = file;
        this.folder = file.toAbsolutePath().normalize().getParent();
    }

    /**
     * Reads it.
     *
     * @return by name, in alphabetical order
     * @throws InputException naming file and key, if it cannot be read or something in it cannot be
     */
    public static List<CommandRuntime> read(Path file) {
        return new RuntimesFile(file).runtimes();
    }

    private List<CommandRuntime> runtimes() {
        Map<String, Object> top = mapping("", load());
        requireKeys("", top, Set.of("runtimes"));
        List<CommandRuntime> runtimes = new ArrayList<>();
        new TreeMap<>(mapping("runtimes", top.get("runtimes"))).forEach((name, settings) -> {
            String key = "runtimes." + name;
            if (!NAME.matcher(name).matches()) {
                throw wrong(key, "not a name (expected: small letters, digits and -, at most 32, a letter first)");
            }
            runtimes.add(runtime(name, key, mapping(key, settings)));
        });
        return List.copyOf(runtimes);
    }

    /** Everything is text: nothing here is a number or a date by how it looks. */
    private Object load() {
        try {
            return new Load(LoadSettings.builder().setLabel(file.toString()).setSchema(new FailsafeSchema()).setAllowDuplicateKeys(false).build())
                .loadFromString(text(file));
        } catch (YamlEngineException e) {
            throw new InputException(file + ": not YAML: " + TaskFailure.oneLine(e.getMessage()));
        } catch (IOException e) {
            throw new InputException(file + ": cannot be read: " + FileTrouble.reason(file, e) + " (expected: a YAML file of runtimes)");
        }
    }

    private static String text(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException("no regular file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw new IOException("more than " + MOST_BYTES + " bytes");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private CommandRuntime runtime(String name, String key, Map<String, Object> settings) {
        requireKeys(key, settings, KEYS);
        List<String> command = texts(key + ".command", settings.get("command"));
        if (command.isEmpty()) {
            throw wrong(key + ".command", "missing (expected: a list, program and arguments)");
        }
        List<String> prepare = texts(key + ".prepare", settings.get("prepare"));
        ReportFormat report = ReportFormat.of(text(key + ".report", settings.getOrDefault("report", ReportFormat.LUTRA.toString())))
            .orElseThrow(() -> wrong(key + ".report", settings.get("report") + " (expected: one of " + ReportFormat.names() + ")"));
        CommandRuntime.Version version = version(key + ".version", settings.get("version"));
        for (List<String> one : List.of(command, prepare)) {
            CommandRuntime.unknownPlaceholder(one).ifPresent(unknown -> {
                throw wrong(key, "{" + unknown + "} (expected: placeholders " + String.join(", ", Ask.NAMES) + ")");
            });
        }
        List<Path> visible = new ArrayList<>(texts(key + ".visible", settings.get("visible")).stream().map(this::absolute).map(Path::of).toList());
        String protection = text(key + ".protection", settings.getOrDefault("protection", "protected"));
        if (!Set.of("protected", "none").contains(protection)) {
            throw wrong(key + ".protection", protection + " (expected: protected or none)");
        }
        StringBuilder identity = new StringBuilder(report.toString());
        for (List<String> one : List.of(command, prepare, version.command())) {
            for (String part : one) {
                identity.append('\n').append(part);
                besides(part).ifPresent(script -> {
                    visible.add(script);
                    identity.append('\n').append(content(key, script));
                });
            }
        }
        return new CommandRuntime(name, absolute(prepare), absolute(command), report,
            new CommandRuntime.Version(absolute(version.command()), version.text()), List.copyOf(visible), protection.equals("protected"),
            time(key + ".limit", settings.get("limit"), LIMIT), time(key + ".prepare-limit", settings.get("prepare-limit"), PREPARE_LIMIT),
            Sha256.of(identity.toString().getBytes(StandardCharsets.UTF_8)).substring(0, DIGITS));
    }

    private CommandRuntime.Version version(String key, Object value) {
        if (value == null) {
            throw wrong(key, "missing (expected: a command whose first line it is, as a list, or a text)");
        }
        return value instanceof String literal
            ? new CommandRuntime.Version(List.of(), literal)
            : new CommandRuntime.Version(texts(key, value), "");
    }

    private List<String> absolute(List<String> command) {
        return command.stream().map(this::absolute).toList();
    }

    private String absolute(String part) {
        return part.startsWith(BESIDE) ? folder.resolve(part.substring(BESIDE.length())).normalize().toString() : part;
    }

    /** A script beside this file that a command names. */
    private Optional<Path> besides(String part) {
        return part.startsWith(BESIDE) ? Optional.of(Path.of(absolute(part))) : Optional.empty();
    }

    private String content(String key, Path script) {
        try {
            return Sha256.of(Files.readAllBytes(script));
        } catch (IOException e) {
            throw wrong(key, script + " cannot be read: " + FileTrouble.reason(script, e) + " (expected: a script beside this file)");
        }
    }

    private Duration time(String key, Object value, Duration usual) {
        if (value == null) {
            return usual;
        }
        Matcher matcher = TIME.matcher(text(key, value));
        if (!matcher.matches()) {
            throw wrong(key, value + " (expected: a time such as 60 s or 10 min)");
        }
        long number = Long.parseLong(matcher.group(1));
        return matcher.group(2).equals("s") ? Duration.ofSeconds(number) : Duration.ofMinutes(number);
    }

    private Map<String, Object> mapping(String key, Object value) {
        if (!(value instanceof Map<?, ?> mapping)) {
            throw wrong(key, "no mapping (expected: names with what belongs to them)");
        }
        Map<String, Object> named = new TreeMap<>();
        mapping.forEach((name, of) -> named.put(String.valueOf(name), of));
        return named;
    }

    private void requireKeys(String key, Map<String, Object> mapping, Set<String> known) {
        for (String name : mapping.keySet()) {
            if (!known.contains(name)) {
                throw wrong(key.isEmpty() ? name : key + "." + name,
                    "unknown (expected: " + String.join(", ", known.stream().sorted().toList()) + ")");
            }
        }
    }

    private String text(String key, Object value) {
        if (!(value instanceof String text) || text.isBlank()) {
            throw wrong(key, "no text (expected: one)");
        }
        return text.strip();
    }

    private List<String> texts(String key, Object value) {
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> list) || !list.stream().allMatch(String.class::isInstance)) {
            throw wrong(key, "no list of texts (expected: such as [python3, ./script.py])");
        }
        return list.stream().map(String.class::cast).toList();
    }

    private InputException wrong(String key, String problem) {
        return new InputException(file + ": " + (key.isEmpty() ? "" : key + ": ") + problem);
    }
}
