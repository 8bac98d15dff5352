package dev.lutra.agent.bench;

import dev.lutra.proto.Slice;
import dev.lutra.proto.SliceReply;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a measuring process is once a model has taken it over: it may say and leave what it likes. */
final class HostileWorker {

    private static final int ABORTED = 134;

    private HostileWorker() {}

    /** @param args what it does, what a {@link Worker} is given, and last of it the socket's path */
    public static void main(String[] args) throws Exception {
        Path door = Path.of(args[args.length - 1]);
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(door))) {
            Frames.read(channel);
            Frames.read(channel);
            Path crash = door.resolveSibling("crash");
            switch (args[0]) {
                case "a length below none" -> channel.write(ByteBuffer.allocate(Integer.BYTES).putInt(0, -1));
                case "a length beyond all" -> channel.write(ByteBuffer.allocate(Integer.BYTES).putInt(0, Integer.MAX_VALUE));
                case "garbage" -> Frames.write(channel, new byte[]{-1, -1, -1, -1, -1});
                case "negative times" -> Frames.write(channel, reply(-5));
                case "endless times" -> Frames.write(channel, reply(Long.MAX_VALUE));
                case "nothing" -> Frames.write(channel, new byte[0]);
                case "a pipe" -> leave("mkfifo", crash.toString());
                case "a link to a device" -> leave("ln", "-s", "/dev/zero", crash.toString());
                case "a folder in the door" -> {
                    Files.deleteIfExists(door);
                    leave("sh", "-c", "mkdir -p \"$0/inner\"; : > \"$0/inner/x\"; chmod 0 \"$0/inner\"", door.toString());
                }
                default -> throw new IllegalArgumentException(args[0]);
            }
            Thread.sleep(600_000);
        }
    }

    private static SliceReply reply(long nanos) {
        return SliceReply.newBuilder().setSlice(Slice.newBuilder().addAllSamplesNanos(List.of(nanos, nanos, nanos))).build();
    }

    private static void leave(String... command) throws IOException, InterruptedException {
        new ProcessBuilder(command).inheritIO().start().waitFor();
        Runtime.getRuntime().halt(ABORTED);
    }
}
