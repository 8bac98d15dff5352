package dev.lutra.proto.border;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TokenHeaderTest {

    @Test
    void theTokenStandsAfterTheScheme() {
        assertThat(TokenHeader.token("Bearer secret")).contains("secret");
        assertThat(TokenHeader.token("bEARER  secret ")).as("schemes are known in any case, RFC 9110, 11.1").contains("secret");
        assertThat(TokenHeader.token(null)).isEmpty();
        for (String other : new String[]{"", "secret", "Bearer", "Bearersecret", "Basic c2VjcmV0", " Bearer secret"}) {
            assertThat(TokenHeader.token(other)).as(other).isEmpty();
        }
    }
}
