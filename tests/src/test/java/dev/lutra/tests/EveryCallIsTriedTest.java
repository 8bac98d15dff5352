package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import dev.lutra.server.web.RouteGroup;
import io.grpc.BindableService;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Tests of who may call what try all calls of the servers that they start. These rules hold those to have all that there is, so that a
 * service or a group of routes that is new cannot be forgotten there.
 */
@AnalyzeClasses(packages = "dev.lutra", importOptions = ImportOption.DoNotIncludeTests.class)
class EveryCallIsTriedTest {

    @ArchTest
    static void everyServiceOverGrpc(JavaClasses all) throws IOException {
        assertMade(all, BindableService.class, 4, "src/main/java/dev/lutra/server/rpc/LutraServer.java",
            "src/test/java/dev/lutra/server/rpc/EveryCallTest.java");
    }

    @ArchTest
    static void everyGroupOfRoutes(JavaClasses all) throws IOException {
        assertMade(all, RouteGroup.class, 6, "src/main/java/dev/lutra/server/web/WebServer.java",
            "src/test/java/dev/lutra/server/web/AllRoutes.java");
    }

    /** @param files the server that always has some, and the test that has the others added */
    private static void assertMade(JavaClasses all, Class<?> kind, int least, String... files) throws IOException {
        List<String> names = all.stream().filter(one -> one.isAssignableTo(kind) && !one.isInterface())
            .filter(one -> !one.getModifiers().contains(JavaModifier.ABSTRACT)).map(JavaClass::getSimpleName).toList();
        assertThat(names).hasSizeGreaterThanOrEqualTo(least);
        StringBuilder made = new StringBuilder();
        for (String file : files) {
            made.append(Files.readString(LutraProcess.CHECKOUT.resolve("server").resolve(Path.of(file))));
        }
        assertThat(names).allSatisfy(name -> assertThat(made.toString()).as(name).contains("new " + name + "("));
    }
}
