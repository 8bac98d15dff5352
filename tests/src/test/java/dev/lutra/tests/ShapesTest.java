package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Rooms one finds, and constructors one can call without counting. */
class ShapesTest {

    private static final int CLASSES_A_PACKAGE = 25;
    private static final int COMPONENTS_OF_A_TYPE = 7;

    private static final JavaClasses OWN = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
        .withImportOption(location -> !location.contains("dev/lutra/proto/")).importPackages("dev.lutra");

    @Test
    void noPackageHoldsTooManyClasses() {
        Map<String, Long> sizes = OWN.stream()
            .filter(type -> !type.isNestedClass() && !type.getSimpleName().equals("package-info"))
            .collect(Collectors.groupingBy(JavaClass::getPackageName, Collectors.counting()));
        assertThat(sizes).containsKeys("dev.lutra.search", "dev.lutra.server.run");
        assertThat(sizes).allSatisfy((name, size) -> assertThat(size).as(name).isLessThanOrEqualTo(CLASSES_A_PACKAGE));
    }

    @Test
    void noRecordHasTooManyComponentsOfOneType() {
        assertThat(OWN.stream().filter(JavaClass::isRecord)).hasSizeGreaterThan(50).allSatisfy(type -> {
            Map<String, Long> types = Arrays.stream(type.reflect().getRecordComponents())
                .collect(Collectors.groupingBy(component -> component.getGenericType().getTypeName(), Collectors.counting()));
            assertThat(types).as(type.getName()).allSatisfy((name, count) -> assertThat(count).as(name)
                .isLessThanOrEqualTo(COMPONENTS_OF_A_TYPE));
        });
    }
}
