package dev.lutra.agent.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lutra.proto.SliceRequest;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class FramesTest {

    @Test
    void messagesLargerThanAPipeHoldsArriveWhole() throws Exception {
        byte[] model = new byte[1_000_001];
        new Random(1).nextBytes(model);
        Pipe pipe = Pipe.open();
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            try (Pipe.SinkChannel sink = pipe.sink()) {
                Frames.write(sink, model);
                Frames.write(sink, model);
                Frames.write(sink, SliceRequest.getDefaultInstance());
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });

        ByteBuffer larger = ByteBuffer.allocateDirect(2 * model.length);
        assertThat(Frames.read(pipe.source())).isEqualTo(model);
        assertThat(Frames.read(pipe.source(), length -> larger)).isEqualTo(ByteBuffer.wrap(model));
        assertThat(Frames.read(pipe.source())).isEmpty();
        assertThat(Frames.read(pipe.source())).isNull();
        writer.get();
    }

    @Test
    void aChannelThatEndsWithinAMessageIsAnError() throws IOException {
        Pipe pipe = Pipe.open();
        pipe.sink().write(ByteBuffer.wrap(new byte[]{0, 0, 0, 9, 1, 2}));
        pipe.sink().close();

        assertThatThrownBy(() -> Frames.read(pipe.source())).isInstanceOf(EOFException.class)
            .hasMessageContaining("2 of 9 bytes");
    }
}
