package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import dev.lutra.server.cli.Main;
import dev.lutra.server.event.RunEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine;

/** The pages name all that there is: packages, commands, benchmarks, what a run tells. */
@AnalyzeClasses(packages = "dev.lutra", importOptions = ImportOption.DoNotIncludeTests.class)
class DocumentationTest {

    private static final Pattern NAMED_TEST = Pattern.compile("`[A-Z]\\w*Test(#\\w+)?`");

    @ArchTest
    static void everyPackageIsOnThePageOfTheArchitecture(JavaClasses all) throws IOException {
        List<String> packages = all.stream().map(JavaClass::getPackageName).distinct()
            .filter(name -> !List.of("dev.lutra", "dev.lutra.proto", "dev.lutra.agent", "dev.lutra.server", "dev.lutra.spark").contains(name))
            .sorted().toList();
        assertThat(packages).hasSizeGreaterThan(60);
        String page = page("architecture.md");
        assertThat(packages).allSatisfy(name -> assertThat(rowOf(page, name)).as(name)
            .contains("`" + name.substring(name.lastIndexOf('.') + 1) + "`"));
    }

    /** The first row, in the table of its module, of the outer package; all of the page where that is a module of its own. */
    private static String rowOf(String page, String name) {
        List<String> parts = Arrays.asList(name.split("\\.")).subList(2, name.split("\\.").length);
        if (parts.get(0).equals("proto")) {
            return page;
        }
        String module = List.of("agent", "server").contains(parts.get(0)) ? parts.get(0) : "core";
        String outer = parts.get(module.equals("core") ? 0 : 1);
        String table = page.substring(page.indexOf("| package of the " + module));
        return table.substring(0, table.indexOf("\n\n")).lines()
            .filter(row -> row.split("\\|")[1].contains("`" + outer + "`")).findFirst().orElse("");
    }

    @ArchTest
    static void everyCommandIsOnThePageOfTheArchitecture(JavaClasses all) throws IOException {
        List<String> commands = commands(Main.commandLine(), "").filter(name -> !name.endsWith("help")).toList();
        assertThat(commands).contains("run", "lut check").hasSizeGreaterThan(25);
        assertThat(page("architecture.md")).contains(commands.stream().map(name -> "`" + name + "`").toList());
    }

    @ArchTest
    static void everyBenchmarkIsOnThePageOfWhatWasMeasured(JavaClasses all) throws IOException {
        String page = page("benchmarks.md");
        try (Stream<Path> files = Files.list(LutraProcess.CHECKOUT.resolve("tests/benchmarks"))) {
            List<String> scripts = files.map(file -> "`tests/benchmarks/" + file.getFileName()).filter(name -> name.endsWith(".sh")).toList();
            assertThat(scripts).hasSizeGreaterThan(10).allMatch(page::contains);
        }
    }

    /** Tests that the page of security names are there: classes, and methods behind a {@code #}. */
    @ArchTest
    static void everyTestOnThePageOfSecurityIsThere(JavaClasses all) throws IOException {
        List<String> named = NAMED_TEST.matcher(page("security.md")).results().map(MatchResult::group).map(name -> name.replace("`", "")).toList();
        assertThat(named).hasSizeGreaterThan(25);
        Map<String, Path> tests = new HashMap<>();
        for (String module : List.of("", "proto", "agent", "server", "tests")) {
            try (Stream<Path> files = Files.walk(LutraProcess.CHECKOUT.resolve(module).resolve("src/test/java"))) {
                files.filter(file -> file.toString().endsWith("Test.java"))
                    .forEach(file -> tests.put(file.getFileName().toString().replace(".java", ""), file));
            }
        }
        for (String name : named) {
            String[] parts = name.split("#");
            assertThat(tests).as(name).containsKey(parts[0]);
            if (parts.length > 1) {
                assertThat(Files.readString(tests.get(parts[0]))).as(name).contains(" " + parts[1] + "(");
            }
        }
    }

    /** Every threat, and everything that once went wrong, names what holds it. */
    @ArchTest
    static void everyRowOfWhatIsHeldNamesATest(JavaClasses all) throws IOException {
        List<String> rows = page("security.md").lines().dropWhile(line -> !line.equals("## Threats"))
            .takeWhile(line -> line.equals("## Threats") || !line.startsWith("## ")).filter(line -> line.startsWith("| "))
            .filter(line -> !line.endsWith("| held by |")).toList();
        assertThat(rows).hasSizeGreaterThan(20).allSatisfy(row -> {
            String[] cells = row.split("\\|");
            assertThat(NAMED_TEST.matcher(cells[cells.length - 1]).find()).as(row).isTrue();
        });
    }

    private static Stream<String> commands(CommandLine command, String before) {
        return command.getSubcommands().entrySet().stream().flatMap(sub -> sub.getValue().getSubcommands().isEmpty()
            ? Stream.of(before + sub.getKey())
            : commands(sub.getValue(), before + sub.getKey() + " "));
    }

    @ArchTest
    static void everyEventIsOnThePageOfTheExperimentWithAllThatItTells(JavaClasses all) throws IOException {
        String page = page("reference/experiment.md");
        String table = page.substring(page.indexOf("## What happened"));
        List<Class<?>> told = Arrays.stream(RunEvent.class.getPermittedSubclasses()).filter(kind -> !properties(kind).isEmpty()).toList();
        assertThat(told).hasSizeGreaterThan(20).allSatisfy(kind -> {
            String name = kind.getSimpleName().replaceAll("(?<=.)(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
            String row = table.lines().filter(line -> line.startsWith("|") && line.split("\\|")[1].contains("`" + name + "`"))
                .findFirst().orElse("");
            assertThat(row).as(name).contains(properties(kind).stream().map(property -> "`" + property + "`").toList());
        });
    }

    private static List<String> properties(Class<?> kind) {
        return Arrays.stream(kind.getRecordComponents()).flatMap(component -> Stream.ofNullable(component.getAccessor()
            .getAnnotation(JsonProperty.class))).map(JsonProperty::value).toList();
    }

    private static String page(String name) throws IOException {
        return Files.readString(LutraProcess.CHECKOUT.resolve("docs").resolve(name));
    }
}
