package dev.lutra.latency.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.lutra.InputException;
import dev.lutra.latency.LatencyModel;
import dev.lutra.latency.LookupTable;
import dev.lutra.network.Network;
import dev.lutra.proto.Entry;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableImportTest {

    private static final Path PUBLISHED = Path.of("..", "..", "shared", "data", "lut");

    @TempDir
    private Path folder;

    private static TableImport.Result read(TableFormat format, Path file) {
        return TableImport.read(format, List.of(file), Optional.empty(), List.of());
    }

    @ParameterizedTest
    @CsvSource({"proxylessnas, proxylessnas_mobile.csv", "ofa, ofa_note10.csv", "singlepath, singlepath_pixel1.csv",
        "tfnas, tfnas_cpu.csv", "tfnas, tfnas_gpu.csv"})
    void report(String name, String fileName) {
        Path file = PUBLISHED.resolve(fileName);
        assumeTrue(Files.exists(file), file + " is not there");
        TableFormat format = TableFormat.named(name, file);
        TableImport.Result result = read(format, file);
        System.out.println(fileName + " " + result.table().entries().size() + " " + result.keys() + " " + result.used());
        result.coverage().forEach(System.out::println);
        result.table().save(Path.of("/tmp/w/tables_solve/" + fileName + ".json"));
    }
}
