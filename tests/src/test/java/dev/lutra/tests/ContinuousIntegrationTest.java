package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The lists that {@code .ci/ran} goes by name tests that there are: who moves, renames or tags one is told by the build. */
class ContinuousIntegrationTest {

    /** A class's annotations, each on a line of its own, and its name. */
    private static final Pattern OUTER_CLASS = Pattern.compile("^((?:@.*\\R)*)(?:public |abstract |final )*class (\\w+Test)\\b",
        Pattern.MULTILINE);
    private static final Pattern OF_BESIDE_THE_CHECKOUT = Pattern.compile("\"\\.\\./\\.\\./shared|sharedData\\(\\)\\.");

    private static List<String> listed(String name) throws IOException {
        return Files.readAllLines(LutraProcess.CHECKOUT.resolve(".ci").resolve(name)).stream()
            .filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
    }

    private static List<Path> tests() throws IOException {
        List<Path> tests = new ArrayList<>();
        for (String module : List.of("proto", "src", "agent", "server", "tests")) {
            Path sources = LutraProcess.CHECKOUT.resolve(module.equals("src") ? "src/test/java" : module + "/src/test/java");
            try (Stream<Path> files = Files.walk(sources)) {
                files.filter(file -> file.toString().endsWith("Test.java")).forEach(tests::add);
            }
        }
        assertThat(tests).hasSizeGreaterThan(100);
        return tests;
    }

    private static String name(Path source) {
        String path = source.toString();
        return path.substring(path.lastIndexOf("/java/") + 6, path.length() - ".java".length()).replace('/', '.');
    }

    @Test
    void classesThatTheBuildLeavesOutAreListed() throws IOException {
        String pom = Files.readString(LutraProcess.CHECKOUT.resolve("pom.xml"));
        Matcher excluded = Pattern.compile("<excluded.test.groups>([\\w,]+)</").matcher(pom);
        assertThat(excluded.find()).isTrue();
        Set<String> tags = Stream.of(excluded.group(1).split(",")).map(tag -> "@Tag(\"" + tag + "\")").collect(Collectors.toSet());
        Set<String> leftOut = new TreeSet<>();
        for (Path test : tests()) {
            Matcher type = OUTER_CLASS.matcher(Files.readString(test));
            if (type.find() && tags.stream().anyMatch(type.group(1)::contains)) {
                leftOut.add(name(test));
            }
        }
        assertThat(listed("left-out")).containsExactlyInAnyOrderElementsOf(leftOut);
    }

    @Test
    void whatMayBeSkippedIsThere() throws IOException {
        List<Path> tests = tests();
        for (String one : listed("may-skip")) {
            String[] parts = one.split("#");
            Path source = tests.stream().filter(test -> name(test).equals(parts[0])).findFirst()
                .orElseThrow(() -> new AssertionError(".ci/may-skip: no class " + parts[0]));
            assertThat(parts.length == 1 || Files.readString(source).contains("void " + parts[1] + "(")).as(one).isTrue();
        }
    }

    /** What lies beside a checkout, a machine of the continuous integration may lack. */
    @Test
    void testsThatReadWhatLiesBesideTheCheckoutMayBeSkipped() throws IOException {
        Set<String> listed = listed("may-skip").stream().map(one -> one.split("#")[0]).collect(Collectors.toSet());
        List<String> readers = new ArrayList<>();
        for (Path test : tests()) {
            if (OF_BESIDE_THE_CHECKOUT.matcher(Files.readString(test)).find()) {
                readers.add(name(test));
            }
        }
        assertThat(readers).hasSizeGreaterThan(3).isSubsetOf(listed);
    }
}
