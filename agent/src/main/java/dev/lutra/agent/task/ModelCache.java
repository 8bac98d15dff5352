package dev.lutra.agent.task;

import dev.lutra.proto.content.Sha256;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** Models in memory by content hash; the least recently used ones leave when they take more than a limit. Not thread-safe. */
public final class ModelCache {

    /** Gets a model's bytes from somewhere. */
    public interface Source {
        byte[] fetch(String sha256) throws InterruptedException;
    }

    private final long maxBytes;
    private final Source source;
    private final Map<String, byte[]> models = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    public ModelCache(long maxBytes, Source source) {
        this.maxBytes = maxBytes;
        this.source = source;
    }

    /**
     * The bytes whose SHA-256 is the given lower-case hex.
     *
     * @throws TaskFailure if what the source gave has another hash
     */
    public byte[] get(String sha256) throws InterruptedException {
        byte[] model = models.get(sha256);
        if (model == null) {
            model = source.fetch(sha256);
            String received = Sha256.of(model);
            if (!received.equals(sha256)) {
                throw new TaskFailure("model " + sha256 + ": the " + model.length + " bytes received have SHA-256 " + received);
            }
            models.put(sha256, model);
            bytes += model.length;
            evict();
        }
        return model;
    }

    /** The newest model stays, however large. */
    private void evict() {
        Iterator<byte[]> oldest = models.values().iterator();
        while (bytes > maxBytes && models.size() > 1) {
            bytes -= oldest.next().length;
            oldest.remove();
        }
    }
}
