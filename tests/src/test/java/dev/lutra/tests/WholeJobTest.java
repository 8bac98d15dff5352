package dev.lutra.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole job on real images. */
class WholeJobTest {

    @TempDir
    private Path folder;
    private SmallJob job;

    @BeforeEach
    void open() {
        job = new SmallJob(folder);
    }

    @Test
    void cifarImages() throws IOException {
        Path archive = LutraProcess.sharedData().resolve("cifar10-jpeg.tar");
        assumeTrue(Files.exists(archive), "no " + archive + ": the run on CIFAR-10's images is left out");
        LutraProcess.unpack(archive, folder, "--wildcards", "*77.jpg"); // one in a hundred
        Path experiment = job.experiment("cifar", "{train: train, test: test}", SmallJob.LOCAL);
        LutraProcess.Result finished = LutraProcess.run(folder, "run", experiment.toString());
        assertThat(finished.code()).as("%s", finished.errors()).isZero();
        job.assertComplete("cifar");
    }
}
