package dev.lutra.server.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingLockTest {

    @TempDir
    private Path folder;

    private Path weights() {
        return folder.resolve("weights.safetensors");
    }

    @Test
    void aTrainingIsOneThreadsAtATime() throws Exception {
        CompletableFuture<Void> second;
        try (TrainingLock first = TrainingLock.await(weights())) {
            second = CompletableFuture.runAsync(() -> TrainingLock.await(weights()).close());
            TrainingLock.await(folder.resolve("other.safetensors")).close();
            assertThatThrownBy(() -> second.get(1, TimeUnit.SECONDS)).isInstanceOf(java.util.concurrent.TimeoutException.class);
        }
        second.get(1, TimeUnit.MINUTES);
    }

    @Test
    void aTrainingIsOneProcessAtATime() throws Exception {
        Path file = folder.resolve("weights.safetensors.lock");
        Process other = new ProcessBuilder("/usr/bin/python3", "-c", """
            import fcntl, sys
            with open(sys.argv[1], 'w') as file:
                fcntl.lockf(file, fcntl.LOCK_EX)
                print('held', flush=True)
                sys.stdin.read()
            """, file.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            assertThat(other.getInputStream().read()).isEqualTo('h');
            CompletableFuture<Void> second = CompletableFuture.runAsync(() -> TrainingLock.await(weights()).close());
            assertThatThrownBy(() -> second.get(1, TimeUnit.SECONDS)).isInstanceOf(java.util.concurrent.TimeoutException.class);
            other.destroyForcibly(); // as a machine that fails
            second.get(1, TimeUnit.MINUTES);
        } finally {
            other.destroyForcibly();
        }
    }

    @Test
    void whoIsToldToEndWaitsNoLongerAndLeavesTheTrainingToWhoHasIt() throws Exception {
        try (TrainingLock first = TrainingLock.await(weights())) {
            Thread[] waiting = new Thread[1];
            CompletableFuture<Void> second = CompletableFuture.runAsync(() -> {
                waiting[0] = Thread.currentThread();
                TrainingLock.await(weights()).close();
            }, work -> new Thread(work).start());
            while (waiting[0] == null || waiting[0].getState() != Thread.State.WAITING) {
                Thread.sleep(10);
            }
            waiting[0].interrupt();
            assertThatThrownBy(() -> second.get(1, TimeUnit.MINUTES)).hasCauseInstanceOf(CancellationException.class);
            try (FileChannel channel = FileChannel.open(folder.resolve("weights.safetensors.lock"), StandardOpenOption.WRITE)) {
                assertThatThrownBy(channel::tryLock).as("still held").isInstanceOf(java.nio.channels.OverlappingFileLockException.class);
            }
        }
        assertThat(Files.exists(folder.resolve("weights.safetensors.lock"))).isTrue();
    }
}
