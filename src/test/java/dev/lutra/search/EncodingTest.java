package dev.lutra.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.InputException;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EncodingTest {

    private static int[] ones(float[] numbers) {
        return IntStream.range(0, numbers.length).filter(i -> {
            assertThat(numbers[i]).isIn(0f, 1f);
            return numbers[i] == 1;
        }).toArray();
    }

    @Test
    void oneHotHasANumberAnOption() {
        SearchSpace space = SpaceFile.load("bs-nas");
        assertThat(Encoding.ONE_HOT.width(space)).isEqualTo(space.genes().stream().mapToInt(gene -> gene.size()).sum());
        assertThat(ones(Encoding.ONE_HOT.encode(SmallProblem.SPACE, SmallProblem.SPACE.parse("0,1,2,3,0,1")))).containsExactly(0, 5, 10, 15, 16, 21);
    }

    /** By the layout of Once-for-all's predictor: 60 for kernels, 60 for expansions, 8 for the image size. */
    @Test
    void ofaHasBlocksInFrontOfTheirStage() {
        SearchSpace space = SpaceFile.load("ofa-mobilenetv3-12").withImageSize(160);
        String stages = "k3e3,k5e4,skip,k7e6," + "k3e3,k3e3,k3e3,k3e3," + "k7e6,k7e6,skip,skip," + "k5e3,k5e3,k5e3,skip," + "k3e6,k3e6,k3e6,k3e6";
        float[] numbers = Encoding.OFA.encode(space, space.parse(stages));
        assertThat(numbers).hasSize(128);
        assertThat(ones(numbers)).containsExactly(
            0, 4, 8, 12, 15, 18, 21, 26, 29, 37, 40, 43, 48, 51, 54, 57,
            60, 64, 68, 72, 75, 78, 81, 86, 89, 96, 99, 102, 110, 113, 116, 119,
            120 + 3);
        assertThat(Encoding.OFA.encode(space, space.parse(stages.replace("skip,k7e6", "k7e6,skip")))).isEqualTo(numbers);
    }

    @Test
    void ofaIsForItsOwnSpacesAndSizes() {
        assertThatThrownBy(() -> Encoding.OFA.width(SpaceFile.load("fbnet"))).isInstanceOf(InputException.class)
            .hasMessageStartingWith("accuracy.encoding: ofa, for fbnet (expected: a space of 20 layers");
        assertThatThrownBy(() -> Encoding.OFA.width(SpaceFile.load("ofa-mobilenetv3-12").withImageSize(150)))
            .isInstanceOf(InputException.class).hasMessageStartingWith("accuracy.encoding: ofa, for images of 150 pixels");
    }
}
