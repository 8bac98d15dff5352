package dev.lutra.server.winner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lutra.data.Shown;
import org.junit.jupiter.api.Test;

class SameAnswersTest {

    private static final float NONE = Float.NaN;

    /** A file that answers no number gives no class, not the first one, which half of the images here show. */
    @Test
    void aFileThatAnswersNoNumberIsNotAlike() {
        float[] network = {2, 1, 0, 0, 1, 2, 3, 1, 1, 0, 2, 1};
        Shown shown = new Shown.One(new int[]{0, 2, 0, 1});
        SameAnswers broken = new SameAnswers();
        broken.add(network, new float[]{NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE}, shown, 0.5);
        assertThat(broken.alike()).isZero();
        assertThat(broken.found()).isZero();
        SameAnswers half = new SameAnswers();
        half.add(network, new float[]{NONE, 1, 0, NONE, 1, 2, 3, NONE, 1, NONE, 2, NONE}, shown, 0.5);
        assertThat(half.alike()).as("by the outputs that are numbers").isEqualTo(0.75);
        assertThat(half.found()).isEqualTo(0.75);
    }

    @Test
    void imagesThatShowSeveralAreAlikeWhereAllTheirClassesAre() {
        SameAnswers answers = new SameAnswers();
        answers.add(new float[]{1, -1, 0.5f, 2}, new float[]{0.9f, -1.1f, 0.4f, -2}, new Shown.Several(2, new int[][]{{0}, {0, 1}}), 0.5);
        assertThat(answers.alike()).isEqualTo(0.5);
        SameAnswers higher = new SameAnswers();
        higher.add(new float[]{1, 0.8f}, new float[]{0.84f, 0.8f}, new Shown.Several(1, new int[][]{{0}, {}}), 0.7);
        assertThat(higher.alike()).as("a sigmoid of 0.7 is an output of 0.85").isEqualTo(0.5);
        assertThat(higher.difference()).isCloseTo(0.16 / 2 / 0.2, within(1e-6));
    }
}
