package dev.lutra.server.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lutra.cost.CountingRule;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchitectureDrawingTest {

    private static final int CHOICES = 12;
    private static final Pattern LEGEND = Pattern.compile("<rect x=\"\\d+\" y=\"\\d+\" width=\"13\" height=\"13\" rx=\"3\" fill=\"(.*?)\"");

    @TempDir
    private Path folder;

    private String drawing() throws IOException {
        List<String> names = IntStream.range(0, CHOICES).mapToObj(i -> "choice" + i).toList();
        SearchSpace space = SpaceFile.load(Files.writeString(folder.resolve("twelve.yaml"), """
            name: twelve
            title: Twelve choices
            source: this test
            input: {channels: 3, size: 8}
            classes: 4
            choices:
            %slayers:
              - {choices: [%s], channels: 8, repeat: 12}
              - {block: global-pool}
              - {name: classifier, block: linear}
            """.formatted(IntStream.range(0, CHOICES).mapToObj(i -> names.get(i) + ": {block: mb, kernel: 3, expand: " + (i + 1) + "}")
            .collect(Collectors.joining("\n")).indent(2), String.join(", ", names))).toString());
        return ArchitectureDrawing.svg("twelve", LayerTable.of(space, space.parse(String.join(",", names)), CountingRule.MACS));
    }

    @Test
    void everyChoiceHasAColourOfItsOwn() throws IOException {
        assertThat(LEGEND.matcher(drawing()).results().map(found -> found.group(1))).hasSize(CHOICES).doesNotHaveDuplicates()
            .allMatch(colour -> colour.matches("#[0-9a-f]{6}"));
    }

    @Test
    void theLegendIsWithinTheDrawing() throws IOException {
        String svg = drawing();
        Matcher size = Pattern.compile("viewBox=\"0 0 (\\d+) ").matcher(svg);
        assertThat(size.find()).isTrue();
        int ends = LEGEND.matcher(svg).results().map(MatchResult::group).mapToInt(rect -> Integer.parseInt(rect.split("\"")[1]))
            .max().orElseThrow() + 19 + 8 * "choice0".length();
        assertThat(ends).isLessThanOrEqualTo(Integer.parseInt(size.group(1)));
    }
}
