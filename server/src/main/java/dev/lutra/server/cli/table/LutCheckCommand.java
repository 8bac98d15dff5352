package dev.lutra.server.cli.table;

import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.table.TableCheck;
import dev.lutra.latency.table.TableCheck.Finding;
import dev.lutra.latency.table.TableCheck.Severity;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.space.ClassesOption;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "check", mixinStandardHelpOptions = true, description = "Reasons not to rely on a table. Exit code 1 if one is serious, else 0.")
final class LutCheckCommand implements Callable<Integer> {

    private static final int SERIOUS = 1;
    private static final Pattern AGE = Pattern.compile("(\\d{1,5}) *(h|d|w)");

    @Parameters(index = "0", paramLabel = "FILE", description = "The table.")
    private Path file;

    @Option(names = "--space", paramLabel = "SPACE", description = "Space whose segments have to be there: built-in name or a space file.")
    private Optional<String> space = Optional.empty();

    @Option(names = "--image-size", paramLabel = "N", description = "Side of the images (default: the space's own).")
    private Optional<Integer> imageSize = Optional.empty();

    @Mixin
    private ClassesOption classes;

    @Option(names = "--max-age", paramLabel = "AGE", description = "Of an entry: 36h, 180d, 26w (default: 180d).")
    private Optional<String> maxAge = Optional.empty();

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() {
        Duration oldest = maxAge.map(LutCheckCommand::age).orElse(TableCheck.USUAL_AGE);
        LookupTable table = LookupTable.load(file);
        List<Finding> findings = TableCheck.check(table, space.map(this::space), oldest, Instant.now());
        boolean serious = findings.stream().anyMatch(finding -> finding.severity() == Severity.SERIOUS);
        if (json.isWanted()) {
            System.out.println(Json.line(document(findings, serious)));
        } else {
            print(table, findings);
        }
        return serious ? SERIOUS : 0;
    }

    private SearchSpace space(String name) {
        SearchSpace wanted = SpaceFile.load(name);
        wanted = imageSize.isPresent() ? wanted.withImageSize(imageSize.get()) : wanted;
        return classes.applyTo(wanted);
    }

    private static Duration age(String text) {
        Matcher age = AGE.matcher(text);
        if (!age.matches()) {
            throw new InputException("--max-age: " + text + " (expected: a time such as 36h, 180d or 26w)");
        }
        long count = Long.parseLong(age.group(1));
        return switch (age.group(2)) {
            case "h" -> Duration.ofHours(count);
            case "d" -> Duration.ofDays(count);
            default -> Duration.ofDays(7 * count);
        };
    }

    private static void print(LookupTable table, List<Finding> findings) {
        for (Finding finding : findings) {
            System.out.println(word(finding.severity()) + "  " + finding.check() + ": " + finding.subject() + ": "
                + finding.message());
        }
        System.out.println(table.entries().size() + " entries: " + count(findings, Severity.SERIOUS) + " serious, "
            + count(findings, Severity.WARNING) + " warnings, " + count(findings, Severity.NOTE) + " notes");
    }

    private static long count(List<Finding> findings, Severity severity) {
        return findings.stream().filter(finding -> finding.severity() == severity).count();
    }

    private static String word(Severity severity) {
        return severity.name().toLowerCase(Locale.ROOT);
    }

    private Map<String, Object> document(List<Finding> findings, boolean serious) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("file", file.toString());
        document.put("serious", serious);
        document.put("findings", findings.stream().map(finding -> {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("severity", word(finding.severity()));
            one.put("check", finding.check());
            one.put("subject", finding.subject());
            one.put("message", finding.message());
            return one;
        }).toList());
        return document;
    }
}
