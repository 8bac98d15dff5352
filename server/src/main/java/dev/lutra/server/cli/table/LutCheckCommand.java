package dev.lutra.server.cli.table;

import dev.lutra.InputException;
import dev.lutra.latency.LookupTable;
import dev.lutra.latency.table.TableCheck;
import dev.lutra.latency.table.TableCheck.Finding;
import dev.lutra.latency.table.TableCheck.Severity;
import dev.lutra.server.cli.output.Json;
import dev.lutra.server.cli.output.JsonOption;
import dev.lutra.server.cli.output.Lines;
import dev.lutra.server.cli.space.ShapeOptions;
import dev.lutra.space.SpaceFile;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "check", mixinStandardHelpOptions = true, description = "How far a table is to be relied on, and what speaks against it. Exit code 1 if something is serious, else 0.")
final class LutCheckCommand implements Callable<Integer> {

    private static final int SERIOUS = 1;
    private static final int NAMED = 3;
    private static final Pattern AGE = Pattern.compile("(\\d{1,5}) *(h|d|w)");

    @Parameters(index = "0", paramLabel = "FILE", description = "The table.")
    private Path file;

    @Option(names = "--space", paramLabel = "SPACE", description = "Space whose segments have to be there: built-in name or a space file.")
    private Optional<String> space = Optional.empty();

    @Mixin
    private ShapeOptions shape;

    @Option(names = "--max-age", paramLabel = "AGE", description = "Of an entry: 36h, 180d, 26w (default: 180d).")
    private Optional<String> maxAge = Optional.empty();

    @Option(names = "--all", description = "List every finding (default: in groups).")
    private boolean all;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() {
        if (space.isEmpty() && shape.given().isPresent()) {
            throw new InputException(shape.given().get() + ": changes nothing here (expected: with --space)");
        }
        if (all && json.isWanted()) {
            throw new InputException("--all: changes nothing here (expected: without --json, which lists everything)");
        }
        Duration oldest = maxAge.map(LutCheckCommand::age).orElse(TableCheck.USUAL_AGE);
        LookupTable table = LookupTable.load(file);
        List<Finding> findings = TableCheck.check(table, space.map(name -> shape.applyTo(SpaceFile.load(name))), oldest, Instant.now());
        boolean serious = findings.stream().anyMatch(finding -> finding.severity() == Severity.SERIOUS);
        if (json.isWanted()) {
            System.out.println(Json.line(document(new TableVerdict(table, findings), findings, serious)));
        } else {
            print(table, findings);
        }
        return serious ? SERIOUS : 0;
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

    private void print(LookupTable table, List<Finding> findings) {
        new TableVerdict(table, findings).lines().forEach(Lines::print);
        if (all) {
            findings.forEach(finding -> Lines.print(word(finding.severity()) + "  " + finding.check() + ": "
                + finding.subject() + ": " + finding.message()));
        } else {
            groups(findings).forEach(group -> Lines.print(described(group)));
        }
    }

    /** Findings of one kind and severity, the worst first. */
    private static Collection<List<Finding>> groups(List<Finding> findings) {
        return findings.stream().collect(Collectors.groupingBy(
            finding -> word(finding.severity()) + "  " + finding.check(), LinkedHashMap::new, Collectors.toList())).values();
    }

    private static String described(List<Finding> group) {
        Finding first = group.get(0);
        String kind = word(first.severity()) + "  " + first.check() + ": ";
        if (group.size() == 1) {
            return kind + first.subject() + ": " + first.message();
        }
        String named = group.stream().limit(NAMED).map(Finding::subject).collect(Collectors.joining(", "));
        int more = group.size() - NAMED;
        return kind + group.size() + " entries: " + named + (more > 0 ? " and " + more + " more" : "")
            + "; the first: " + first.message();
    }

    private static String word(Severity severity) {
        return severity.name().toLowerCase(Locale.ROOT);
    }

    private Map<String, Object> document(TableVerdict verdict, List<Finding> findings, boolean serious) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("file", file.toString());
        document.put("serious", serious);
        document.put("verdict", verdict.lines());
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
