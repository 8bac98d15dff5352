package dev.lutra.tests;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.net.URI;
import java.util.Arrays;

/** Dependencies point one way: proto ← core ← server ← spark, proto ← agent. */
@AnalyzeClasses(packages = "dev.lutra", importOptions = ImportOption.DoNotIncludeTests.class)
class DependencyLinesTest {

    private static final String[] CORE = {
        "dev.lutra", "dev.lutra.cost..", "dev.lutra.csv..", "dev.lutra.data..", "dev.lutra.identity..", "dev.lutra.latency..",
        "dev.lutra.lowering..", "dev.lutra.measure..", "dev.lutra.network..",
        "dev.lutra.onnx..", "dev.lutra.ranking..", "dev.lutra.search..", "dev.lutra.space..", "dev.lutra.supernet..", "dev.lutra.weights..",
        "dev.lutra.yaml.."};

    @ArchTest
    static final ArchRule WHAT_IS_NOWHERE_ELSE_IS_IN_THE_CORE = classes().that()
        .resideOutsideOfPackages("dev.lutra.proto..", "dev.lutra.agent..", "dev.lutra.server..", "dev.lutra.spark..").should()
        .resideInAnyPackage(CORE);

    @ArchTest
    static final ArchRule PROTO_KNOWS_NOBODY = noClasses().that().resideInAPackage("dev.lutra.proto..")
        .should().dependOnClassesThat(DescribedPredicate.describe("Lutra's other code",
            type -> type.getPackageName().startsWith("dev.lutra") && !type.getPackageName().startsWith("dev.lutra.proto")));

    @ArchTest
    static final ArchRule CORE_HAS_NO_SERVER_SQL_OR_CLI = noClasses().that().resideInAnyPackage(CORE)
        .should().dependOnClassesThat(JavaClass.Predicates.resideInAnyPackage("dev.lutra.server..", "dev.lutra.agent..", "io.grpc..",
            "java.sql..", "org.jdbi..", "picocli..", "java.net..")
            // a URI is a way to write a name; it connects to nothing
            .and(DescribedPredicate.not(JavaClass.Predicates.equivalentTo(URI.class))));

    @ArchTest
    static final ArchRule CORE_HAS_NO_CLOCK = noClasses().that().resideInAnyPackage(CORE)
        .should().callMethod(System.class, "currentTimeMillis")
        .orShould().callMethod(java.time.Instant.class, "now")
        .orShould().callMethod(java.time.LocalDateTime.class, "now");

    @ArchTest
    static final ArchRule AGENT_NEVER_SEES_TRAINING = noClasses().that().resideInAPackage("dev.lutra.agent..")
        .should().dependOnClassesThat().resideInAnyPackage(concat(CORE, "dev.lutra.server..", "ai.djl.."));

    @ArchTest
    static final ArchRule DJL_STAYS_WHERE_NETWORKS_LEARN = noClasses().that()
        .resideOutsideOfPackages("dev.lutra.supernet..", "dev.lutra.search.nao")
        .should().dependOnClassesThat().resideInAPackage("ai.djl..");

    @ArchTest
    static final ArchRule SHARED_WEIGHTS_KNOW_NEITHER_TRAINING_NOR_EVALUATION = noClasses().that()
        .resideInAPackage("dev.lutra.supernet").should().dependOnClassesThat()
        .resideInAnyPackage("dev.lutra.supernet.training..", "dev.lutra.supernet.evaluation..");

    @ArchTest
    static final ArchRule EVALUATION_NEVER_SEES_TRAINING = noClasses().that().resideInAPackage("dev.lutra.supernet.evaluation..")
        .should().dependOnClassesThat().resideInAPackage("dev.lutra.supernet.training..");

    @ArchTest
    static final ArchRule SQL_STAYS_WHERE_THE_SERVER_KEEPS_ITS_ROWS = noClasses().that()
        .resideOutsideOfPackages("dev.lutra.server.store..", "dev.lutra.server.fleet..", "dev.lutra.server.access..",
            "dev.lutra.server.schedule..")
        .should().dependOnClassesThat().resideInAnyPackage("java.sql..", "org.jdbi..", "org.flywaydb..");

    @ArchTest
    static final ArchRule RPC_AND_PAGES_ONLY_CARRY_WHAT_THE_FLEET_DOES = noClasses().that()
        .resideInAnyPackage("dev.lutra.server.rpc..", "dev.lutra.server.web..")
        .should().dependOnClassesThat().resideInAnyPackage("dev.lutra.server.experiment..", "dev.lutra.server.run..",
            "dev.lutra.server.device..", "dev.lutra.server.cli..", "dev.lutra.server.report..", "dev.lutra.supernet..", "dev.lutra.search..");

    @ArchTest
    static final ArchRule A_RUN_NEEDS_NEITHER_GRPC_NOR_HTTP = noClasses().that()
        .resideInAnyPackage("dev.lutra.server.run..", "dev.lutra.server.experiment..")
        .should().transitivelyDependOnClassesThat().resideInAnyPackage("dev.lutra.server.rpc..", "dev.lutra.server.web..",
            "dev.lutra.server.device..", "io.grpc..", "com.sun.net.httpserver..", "java.net.http..");

    @ArchTest
    static final ArchRule PAGES_AND_RPC_DO_NOT_KNOW_EACH_OTHER = noClasses().that().resideInAPackage("dev.lutra.server.web..")
        .should().dependOnClassesThat().resideInAPackage("dev.lutra.server.rpc..");

    @ArchTest
    static final ArchRule NOTHING_KNOWS_THE_COMMAND_LINE = noClasses().that().resideOutsideOfPackage("dev.lutra.server.cli..")
        .should().dependOnClassesThat().resideInAPackage("dev.lutra.server.cli..");

    @ArchTest
    static final ArchRule CORE_PACKAGES_HAVE_NO_CYCLES = slices().matching("dev.lutra.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule INNER_PACKAGES_OF_THE_CORE_HAVE_NO_CYCLES = slices().assignedFrom(new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            return JavaClass.Predicates.resideInAnyPackage(CORE).test(type)
                ? SliceIdentifier.of(type.getPackageName())
                : SliceIdentifier.ignore();
        }

        @Override
        public String getDescription() {
            return "every package of the core";
        }
    }).should().beFreeOfCycles();

    @ArchTest
    static final ArchRule SERVER_PACKAGES_HAVE_NO_CYCLES = slices().matching("dev.lutra.server.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule COMMAND_PACKAGES_HAVE_NO_CYCLES = slices().matching("dev.lutra.server.cli.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule AGENT_PACKAGES_HAVE_NO_CYCLES = slices().matching("dev.lutra.agent.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule NOTHING_OF_THE_AGENT_KNOWS_ITS_COMMAND_LINE = noClasses().that().resideInAPackage("dev.lutra.agent.*..")
        .should().dependOnClassesThat().resideInAPackage("dev.lutra.agent");

    @ArchTest
    static final ArchRule ONLY_THE_LINK_KNOWS_THE_SERVER = noClasses().that().resideInAPackage("dev.lutra.agent.*..")
        .and().resideOutsideOfPackage("dev.lutra.agent.link..")
        .should().dependOnClassesThat().resideInAnyPackage("dev.lutra.agent.link..", "io.grpc..");

    @ArchTest
    static final ArchRule ONNX_RUNTIME_STAYS_IN_RUNTIME_AND_BENCH = noClasses().that().resideInAPackage("dev.lutra.agent..")
        .and().resideOutsideOfPackages("dev.lutra.agent.runtime..", "dev.lutra.agent.bench..")
        .should().dependOnClassesThat().resideInAPackage("ai.onnxruntime..");

    @ArchTest
    static final ArchRule IN_THE_SERVER_ONLY_PREDICTORS_RUN_IN_ONNX_RUNTIME = noClasses().that().resideInAPackage("dev.lutra.server..")
        .and().resideOutsideOfPackage("dev.lutra.server.predictor..").should().dependOnClassesThat().resideInAPackage("ai.onnxruntime..");

    @ArchTest
    static final ArchRule ONLY_SPARK_SEES_SPARK = noClasses().that().resideOutsideOfPackage("dev.lutra.spark..")
        .should().dependOnClassesThat().resideInAnyPackage("dev.lutra.spark..", "org.apache.spark..", "org.apache.hadoop..", "scala..");

    @ArchTest
    static final ArchRule TASKS_OF_A_CLUSTER_KNOW_NO_RUN = noClasses().that().resideInAnyPackage("dev.lutra.spark..", "dev.lutra.server.cluster..")
        .should().dependOnClassesThat().resideInAnyPackage("dev.lutra.server.run..", "dev.lutra.server.store..", "dev.lutra.server.cli..");

    private static String[] concat(String[] first, String... more) {
        String[] all = Arrays.copyOf(first, first.length + more.length);
        System.arraycopy(more, 0, all, first.length, more.length);
        return all;
    }
}
