package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import dev.lutra.server.run.ExperimentRun;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Rooms one finds, and constructors one can call without counting. */
@AnalyzeClasses(packages = "dev.lutra", importOptions = ImportOption.DoNotIncludeTests.class)
class ShapesTest {

    private static final int CLASSES_A_PACKAGE = 25;
    private static final int COMPONENTS_OF_A_TYPE = 7;

    private static Stream<JavaClass> own(JavaClasses all) {
        return all.stream().filter(type -> !type.getPackageName().startsWith("dev.lutra.proto"));
    }

    @ArchTest
    static void noPackageHoldsTooManyClasses(JavaClasses all) {
        Map<String, Long> sizes = own(all)
            .filter(type -> !type.isNestedClass() && !type.getSimpleName().equals("package-info"))
            .collect(Collectors.groupingBy(JavaClass::getPackageName, Collectors.counting()));
        assertThat(sizes).containsKeys("dev.lutra.search", "dev.lutra.server.run");
        assertThat(sizes).allSatisfy((name, size) -> assertThat(size).as(name).isLessThanOrEqualTo(CLASSES_A_PACKAGE));
    }

    @ArchTest
    static void noRecordHasTooManyComponentsOfOneType(JavaClasses all) {
        assertThat(own(all).filter(JavaClass::isRecord)).hasSizeGreaterThan(50).allSatisfy(type -> {
            Map<String, Long> types = Arrays.stream(type.reflect().getRecordComponents())
                .collect(Collectors.groupingBy(component -> component.getGenericType().getTypeName(), Collectors.counting()));
            assertThat(types).as(type.getName()).allSatisfy((name, count) -> assertThat(count).as(name)
                .isLessThanOrEqualTo(COMPONENTS_OF_A_TYPE));
        });
    }

    /** A run opens its folder and calls stages; what they do is theirs. */
    @ArchTest
    static void aRunIsShort(JavaClasses all) throws IOException {
        String source = all.get(ExperimentRun.class).getFullName().replace('.', '/') + ".java";
        assertThat(Files.readAllLines(LutraProcess.CHECKOUT.resolve("server/src/main/java").resolve(source))).hasSizeLessThan(150);
    }
}
