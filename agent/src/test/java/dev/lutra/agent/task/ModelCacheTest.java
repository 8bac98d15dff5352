package dev.lutra.agent.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.proto.content.Sha256;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModelCacheTest {

    private final Map<String, byte[]> source = new HashMap<>();
    private final List<String> fetched = new ArrayList<>();
    private final ModelCache cache = new ModelCache(100, hash -> {
        fetched.add(hash);
        return source.get(hash);
    });

    private String model(int size, int fill) {
        byte[] content = new byte[size];
        Arrays.fill(content, (byte) fill);
        String hash = Sha256.of(content);
        source.put(hash, content);
        return hash;
    }

    @Test
    void theLeastRecentlyUsedModelsLeaveFirst() throws Exception {
        String a = model(40, 1);
        String b = model(40, 2);
        String c = model(40, 3);

        for (String hash : List.of(a, b, a, c, a, b)) {
            assertThat(cache.get(hash)).isSameAs(source.get(hash));
        }
        assertThat(fetched).containsExactly(a, b, c, b);
    }

    @Test
    void aModelLargerThanTheCacheIsKeptUntilTheNext() throws Exception {
        String large = model(500, 1);
        String small = model(10, 2);

        for (String hash : List.of(large, large, small, large)) {
            cache.get(hash);
        }
        assertThat(fetched).containsExactly(large, small, large);
    }

    @Test
    void contentOfAnotherHashIsRefusedAndNotKept() {
        String hash = model(4, 1);
        source.put(hash, new byte[]{9});

        assertThatThrownBy(() -> cache.get(hash)).isInstanceOf(TaskFailure.class)
            .hasMessageStartingWith("model " + hash + ": the 1 bytes received have SHA-256 ");
        assertThatThrownBy(() -> cache.get(hash)).isInstanceOf(TaskFailure.class);
        assertThat(fetched).containsExactly(hash, hash);
    }
}
