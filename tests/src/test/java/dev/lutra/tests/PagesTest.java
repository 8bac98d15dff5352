package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The pages as a site: each says for whom it is, all are found from the first one, and no link leads nowhere. */
class PagesTest {

    private static final Path DOCS = LutraProcess.CHECKOUT.resolve("docs");
    private static final Pattern LINK = Pattern.compile("]\\((?<path>[^)#\\s]*)(#(?<anchor>[^)\\s]+))?\\)");
    private static final Pattern ELSEWHERE = Pattern.compile("[a-z]+:.*");
    private static final Pattern HEADING = Pattern.compile("^#+ (.+)$", Pattern.MULTILINE);
    private static final Pattern NUMBER = Pattern.compile("\\d+(\\.\\d+)?");
    private static final Pattern FENCED = Pattern.compile("^ *```.*?^ *```$", Pattern.MULTILINE | Pattern.DOTALL);

    private static List<Path> pages() throws IOException {
        try (Stream<Path> docs = Files.walk(DOCS);
            Stream<Path> lut = Files.list(LutraProcess.CHECKOUT.resolve("lut"));
            Stream<Path> top = Files.list(LutraProcess.CHECKOUT)) {
            return Stream.of(docs, lut, top).flatMap(files -> files).filter(file -> file.toString().endsWith(".md")).sorted().toList();
        }
    }

    @Test
    void everyPageSaysInOneLineForWhomItIs() throws IOException {
        List<Path> pages = pages().stream().filter(page -> page.startsWith(DOCS)).toList();
        assertThat(pages).hasSizeGreaterThan(25);
        for (Path page : pages) {
            List<String> lines = Files.readAllLines(page);
            assertThat(lines.get(0)).as("%s", page).startsWith("# ");
            assertThat(lines.get(2)).as("%s", page).matches("\\*For .+\\.\\*");
        }
    }

    @Test
    void everyPageIsFoundFromTheFirst() throws IOException {
        Path first = DOCS.resolve("README.md");
        Set<Path> linked = links(first).stream().map(Link::file).collect(Collectors.toSet());
        assertThat(pages()).filteredOn(page -> page.startsWith(DOCS) && !page.equals(first)).allMatch(linked::contains);
    }

    @Test
    void noLinkLeadsNowhere() throws IOException {
        List<Link> links = new ArrayList<>();
        for (Path page : pages()) {
            links.addAll(links(page));
        }
        assertThat(links).hasSizeGreaterThan(200).allSatisfy(link -> {
            assertThat(link.file()).as("%s", link).exists();
            if (!link.anchor().isEmpty()) {
                assertThat(anchors(link.file())).as("%s", link).contains(link.anchor());
            }
        });
    }

    /** What is said at a glance is what was measured: the same figures stand where they come from. */
    @Test
    void figuresAtAGlanceAreThoseOfTheirSections() throws IOException {
        String page = Files.readString(DOCS.resolve("benchmarks.md"));
        String glance = section(page, "at-a-glance");
        List<String> rows = glance.lines().filter(line -> line.contains("](#")).toList();
        assertThat(rows).hasSizeGreaterThan(5).allSatisfy(row -> {
            String[] cells = row.split("\\|");
            String section = section(page, cells[3].replaceAll(".*]\\(#([^)]+)\\).*", "$1"));
            assertThat(NUMBER.matcher(cells[2]).results().map(MatchResult::group)).as(row).isNotEmpty().allMatch(section::contains);
        });
    }

    /** From a heading to the next one of its rank. */
    private static String section(String page, String anchor) {
        return Arrays.stream(page.split("(?m)^(?=## )"))
            .filter(part -> anchor(part.lines().findFirst().orElse("").replaceFirst("^#+ ", "")).equals(anchor))
            .findFirst().orElseThrow(() -> new AssertionError("no section #" + anchor));
    }

    private record Link(Path page, Path file, String anchor) {}

    /** Those within the checkout. */
    private static List<Link> links(Path page) throws IOException {
        List<Link> links = new ArrayList<>();
        Matcher found = LINK.matcher(FENCED.matcher(Files.readString(page)).replaceAll(""));
        while (found.find()) {
            String path = found.group("path");
            if (!ELSEWHERE.matcher(path).matches()) {
                Path file = path.isEmpty() ? page : page.resolveSibling(path).normalize();
                links.add(new Link(page, file, found.group("anchor") == null ? "" : found.group("anchor")));
            }
        }
        return links;
    }

    private static String anchor(String heading) {
        return heading.replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1").toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}_ -]", "").replace(' ', '-');
    }

    /** As code hosts make them of headings. */
    private static List<String> anchors(Path page) {
        try {
            return HEADING.matcher(FENCED.matcher(Files.readString(page)).replaceAll("")).results()
                .map(heading -> anchor(heading.group(1))).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
