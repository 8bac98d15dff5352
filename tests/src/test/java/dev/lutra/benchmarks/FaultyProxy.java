package dev.lutra.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** A TCP port of this machine that leads to another, over a network that is as bad as it is told to be. */
final class FaultyProxy implements AutoCloseable {

    /** What happens to everything that goes through. */
    enum Weather {
        FAIR,
        /** Every chunk takes a while. */
        SLOW,
        /** Nothing comes through, and nobody is told. */
        SILENT,
        /** Connections end, and new ones with them. */
        CUT
    }

    private static final long SLOW_NANOS = 100_000_000;
    private static final long LOOK_NANOS = 20_000_000;
    private static final int CHUNK = 16 << 10;

    private final int target;
    private final ServerSocket listening;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile Weather weather = Weather.FAIR;

    FaultyProxy(int target) throws IOException {
        this.target = target;
        listening = new ServerSocket();
        listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1000);
        start(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    void weather(Weather now) {
        weather = now;
        if (now == Weather.CUT) {
            open.forEach(FaultyProxy::end);
        }
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "proxy");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                Socket server = new Socket();
                open.add(client);
                open.add(server);
                start(() -> lead(client, server));
            } catch (IOException e) {
                // closed, or one that was gone at once
            }
        }
    }

    private void lead(Socket client, Socket server) {
        try {
            if (weather == Weather.CUT) {
                throw new IOException("cut");
            }
            server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
            start(() -> copy(server, client));
            copy(client, server);
        } catch (IOException e) {
            end(client);
            end(server);
            open.remove(client);
            open.remove(server);
        }
    }

    private void copy(Socket from, Socket to) {
        try (InputStream in = from.getInputStream(); OutputStream out = to.getOutputStream()) {
            byte[] chunk = new byte[CHUNK];
            for (int bytes = in.read(chunk); bytes >= 0; bytes = in.read(chunk)) {
                if (weather == Weather.SLOW) {
                    LockSupport.parkNanos(SLOW_NANOS);
                }
                while (weather == Weather.SILENT) {
                    LockSupport.parkNanos(LOOK_NANOS);
                }
                out.write(chunk, 0, bytes);
                out.flush();
            }
        } catch (IOException e) {
            // either side has gone: so does the other
        } finally {
            end(from);
            end(to);
            open.remove(from);
            open.remove(to);
        }
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // gone already
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        open.forEach(FaultyProxy::end);
    }
}
