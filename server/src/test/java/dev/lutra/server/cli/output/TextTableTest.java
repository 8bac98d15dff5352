package dev.lutra.server.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TextTableTest {

    /** Columns may be called after others' folders, as those of runs that are compared. */
    @Test
    void whatOthersNameIsShownEscapedInTheHeaderToo() {
        String table = new TextTable("setting", "run\u001b[2J").row("seed\u001b", "1").toString();
        assertThat(table).doesNotContain("\u001b").contains("run\\u{1b}[2J", "seed\\u{1b}");
    }
}
