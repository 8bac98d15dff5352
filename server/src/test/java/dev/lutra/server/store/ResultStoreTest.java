package dev.lutra.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultStoreTest {

    @TempDir
    Path folder;
    private Database database;
    private ResultStore results;

    @BeforeEach
    void open() {
        database = Database.open(folder.resolve("lutra.db"));
        results = new ResultStore(database, "mine");
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void findsWhatWasPut() {
        results.put("candidate", "0,1,2", "{\"accuracy\": 0.7}");
        assertThat(results.find("candidate", "0,1,2")).contains("{\"accuracy\": 0.7}");
        assertThat(results.find("candidate", "2,1,0")).isEmpty();
        assertThat(results.find("stage", "0,1,2")).isEmpty();
    }

    @Test
    void listsInTheOrderOfTheFirstPut() {
        results.put("candidate", "z", "1");
        results.put("candidate", "a", "2");
        results.put("stage", "m", "3");
        results.put("candidate", "k", "4");
        results.put("candidate", "z", "5");
        assertThat(results.all("candidate")).containsExactly(
            Map.entry("z", "5"), Map.entry("a", "2"), Map.entry("k", "4"));
    }

    @Test
    void keepsExperimentsApart() {
        results.put("candidate", "a", "1");
        ResultStore other = new ResultStore(database, "other");
        assertThat(other.find("candidate", "a")).isEmpty();
        other.put("candidate", "a", "2");
        assertThat(results.find("candidate", "a")).contains("1");
        assertThat(other.all("candidate")).containsExactly(Map.entry("a", "2"));
    }
}
