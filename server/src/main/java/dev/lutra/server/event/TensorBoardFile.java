package dev.lutra.server.event;

import dev.lutra.InputException;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.proto.tensorboard.Event;
import dev.lutra.proto.tensorboard.Summary;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * What happens in a run as scalars for TensorBoard, in a file of its own for every life of the run: each is a record of TFRecord,
 * its length and its content both with a masked CRC-32C. Where a run repeats steps, TensorBoard shows what came last.
 */
public final class TensorBoardFile implements RunListener, AutoCloseable {

    private static final String VERSION = "brain.Event:2";
    private static final int MASK = 0xa282ead8;
    private static final int MASK_ROTATION = 15;
    private static final double MILLIS = 1000;

    private final Path file;
    private final OutputStream out;
    private final Clock clock;

    /**
     * Makes the folder if need be, and a file in it.
     *
     * @throws InputException if it cannot be written there
     */
    public TensorBoardFile(Path folder, Clock clock) {
        this.clock = clock;
        file = folder.resolve("events.out.tfevents." + clock.instant().getEpochSecond() + "." + ProcessHandle.current().pid() + ".lutra");
        try {
            Files.createDirectories(folder);
            out = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new InputException("--tensorboard: " + folder + ": cannot be written (expected: a folder): " + FileTrouble.reason(folder, e), e);
        }
        write(event(0).setFileVersion(VERSION).build());
    }

    @Override
    public void heard(RunEvent event) {
        if (event instanceof RunEvent.TrainingStep step && step.isKept()) {
            scalars(step.step(), step.training(), Map.of("loss", step.loss(), "accuracy", step.accuracy(), "learning-rate",
                step.learningRate()));
        } else if (event instanceof RunEvent.TrainingPace pace) {
            Map<String, Double> scalars = new LinkedHashMap<>(Map.of("images-per-second", pace.imagesPerSecond(),
                "data-wait-share", pace.dataWaitShare()));
            if (pace.memory() != null) {
                scalars.put("memory", (double) pace.memory());
            }
            scalars(pace.step(), pace.training(), scalars);
        } else if (event instanceof RunEvent.DecisionsTaken taken) {
            Map<String, Double> scalars = new LinkedHashMap<>(Map.of("lambda", taken.lambda()));
            taken.latencies().forEach((device, latency) -> scalars.put("latency/" + device, latency));
            scalars(taken.step(), taken.training(), scalars);
        } else if (event instanceof RunEvent.PathsProbed probed) {
            Map<String, Double> scalars = new LinkedHashMap<>(Map.of("probes/accuracy",
                probed.paths().stream().mapToDouble(RunEvent.PathsProbed.Probed::accuracy).average().orElse(Double.NaN)));
            if (probed.tau() != null) {
                scalars.put("probes/tau", probed.tau());
            }
            scalars(probed.epoch(), probed.training(), scalars);
        } else if (event instanceof RunEvent.GenerationEnded generation) {
            scalars(generation.candidates(), "search", Map.of("hypervolume", generation.hypervolume()));
        }
    }

    private void scalars(long step, String group, Map<String, Double> values) {
        Summary.Builder summary = Summary.newBuilder();
        values.forEach((name, value) -> summary.addValue(Summary.Value.newBuilder().setTag(group + "/" + name)
            .setSimpleValue(value.floatValue())));
        write(event(step).setSummary(summary).build());
    }

    private Event.Builder event(long step) {
        return Event.newBuilder().setWallTime(clock.millis() / MILLIS).setStep(step);
    }

    private void write(Event event) {
        byte[] content = event.toByteArray();
        byte[] length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(content.length).array();
        ByteBuffer written = ByteBuffer.allocate(length.length + content.length + 2 * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN)
            .put(length).putInt(masked(length)).put(content).putInt(masked(content));
        try {
            out.write(written.array());
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be written: " + FileTrouble.reason(e), e);
        }
    }

    private static int masked(byte[] bytes) {
        CRC32C sum = new CRC32C();
        sum.update(bytes);
        return Integer.rotateRight((int) sum.getValue(), MASK_ROTATION) + MASK;
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be closed: " + FileTrouble.reason(e), e);
        }
    }
}
