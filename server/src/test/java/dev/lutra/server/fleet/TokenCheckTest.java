package dev.lutra.server.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenCheckTest {

    private static final TokenCheck CHECK = new TokenCheck("0123456789abcdef");

    @ParameterizedTest
    @ValueSource(strings = {"Bearer 0123456789abcdef", "bearer 0123456789abcdef", "BEARER  0123456789abcdef"})
    void theSchemeIsInAnyCase(String header) {
        assertThat(CHECK.problem(header)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Bearer 0123456789ABCDEF", "Bearer 0123456789abcde", "Bearer "})
    void anotherTokenIsNotTaken(String header) {
        assertThat(CHECK.problem(header)).hasValue("wrong token");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Basic 0123456789abcdef", "0123456789abcdef", "Bearer"})
    void anotherSchemeIsNone(String header) {
        assertThat(CHECK.problem(header)).hasValueSatisfying(problem -> assertThat(problem).startsWith("no token"));
    }

    @Test
    void noHeaderIsNone() {
        assertThat(CHECK.problem(null)).hasValueSatisfying(problem -> assertThat(problem).startsWith("no token"));
    }
}
