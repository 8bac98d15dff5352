package dev.lutra.server.access;

import dev.lutra.proto.border.KeyProof;
import dev.lutra.server.store.Database;
import java.security.PublicKey;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.Handle;

/** The key of every device's name. The database has them; they are looked up in memory. */
final class DeviceKeys {

    private final Map<String, PublicKey> byDevice = new ConcurrentHashMap<>();

    DeviceKeys(Database database) {
        database.patiently(handle -> {
            handle.createQuery("SELECT device, public_key FROM device_keys")
                .map((row, context) -> Map.entry(row.getString("device"), KeyProof.publicKey(row.getBytes("public_key"))))
                .forEach(entry -> byDevice.put(entry.getKey(), entry.getValue()));
            return null;
        });
    }

    Optional<PublicKey> of(String device) {
        return Optional.ofNullable(byDevice.get(device));
    }

    /** Within a transaction; {@link #learned} when it has gone well. */
    static void store(Handle handle, String device, PublicKey key, long nowMillis) {
        handle.createUpdate("INSERT INTO device_keys (device, public_key, enrolled_millis) VALUES (:device, :key, :now)"
            + " ON CONFLICT (device) DO UPDATE SET public_key = excluded.public_key, enrolled_millis = excluded.enrolled_millis")
            .bind("device", device).bind("key", key.getEncoded()).bind("now", nowMillis).execute();
    }

    /** Within a transaction; {@link #forgotten} when it has gone well. */
    static boolean remove(Handle handle, String device) {
        return handle.createUpdate("DELETE FROM device_keys WHERE device = :device").bind("device", device).execute() > 0;
    }

    void learned(String device, PublicKey key) {
        byDevice.put(device, key);
    }

    void forgotten(String device) {
        byDevice.remove(device);
    }
}
