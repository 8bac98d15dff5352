package dev.lutra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {

    @ParameterizedTest
    @ValueSource(strings = {"jetson", "pi-5.lan", "手机", "größe_2"})
    void devicesAreNamedInAnyScript(String name) {
        assertThat(Names.device("device", name)).isEqualTo(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a/b", "x\u001b[2J", "two\nlines", "a\u202eb",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
    void othersAreRefusedInOneVisibleLine(String name) {
        assertThatThrownBy(() -> Names.device("device", name)).isInstanceOf(InputException.class)
            .hasMessageStartingWith("device: '").message()
            .doesNotContain("\u001b").doesNotContain("\n").doesNotContain("\u202e");
    }

    @Test
    void oneNameHasOneSpelling() {
        assertThat(Names.device("device", "mu\u0308nchen")).isEqualTo("m\u00fcnchen");
    }

    @Test
    void whatCannotBeSeenIsShownAsANumber() {
        assertThat(Names.shown("a\u001b[31mb\nc größe 手机")).isEqualTo("a\\u{1b}[31mb\\u{a}c größe 手机");
    }

    @Test
    void fileNamesLeadBackToTheirNames() {
        List<String> names = List.of("手机", "平板", "a/b", "a_b", "a%2Fb", ".", "..", ".hidden", "größe", "a b", "a+b");
        assertThat(names.stream().map(Names::inFile)).doesNotHaveDuplicates().allMatch(file -> file.matches("[A-Za-z0-9_%-][A-Za-z0-9._%-]*"));
        assertThat(names).allSatisfy(
            name -> assertThat(URLDecoder.decode(Names.inFile(name), StandardCharsets.UTF_8)).isEqualTo(name));
    }
}
