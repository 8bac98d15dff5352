package dev.lutra.proto.border;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VisibleTextTest {

    @Test
    void whatCannotBeSeenIsWrittenAsANumber() {
        assertThat(VisibleText.of("a\u001b[31mb\nc größe 手机")).isEqualTo("a\\u{1b}[31mb\\u{a}c größe 手机");
        assertThat(VisibleText.of("a\u202eb\u2028c\ud800d\u0000")).isEqualTo("a\\u{202e}b\\u{2028}c\\u{d800}d\\u{0}");
    }
}
