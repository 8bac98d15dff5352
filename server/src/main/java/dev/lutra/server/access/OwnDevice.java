package dev.lutra.server.access;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.lutra.proto.Device;
import dev.lutra.proto.Role;
import java.text.Normalizer;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Keeps agents to their own device, whatever the call: the device that a request describes, and the one whose session it names, are the
 * caller's. A session of nobody's passes, to be told so by the call.
 */
public final class OwnDevice {

    private static final String SESSION = "session";
    private static final String DEVICE = "device";

    private final Function<String, Optional<String>> deviceOfSession;
    /** The session of a device that was found last, so that not every call has to look. */
    private final Map<String, String> sessions = new ConcurrentHashMap<>();

    /** @param deviceOfSession empty when no device has the session */
    public OwnDevice(Function<String, Optional<String>> deviceOfSession) {
        this.deviceOfSession = deviceOfSession;
    }

    /** @throws AccessException when an agent names another device than its own */
    public void check(Caller caller, Message request) {
        if (caller.role() != Role.AGENT) {
            return;
        }
        String own = caller.device().orElseThrow();
        FieldDescriptor session = request.getDescriptorForType().findFieldByName(SESSION);
        if (session != null) {
            checkSession(own, (String) request.getField(session));
        }
        FieldDescriptor described = request.getDescriptorForType().findFieldByName(DEVICE);
        if (described != null && described.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
            require(own, Normalizer.normalize(((Device) request.getField(described)).getName(), Normalizer.Form.NFC));
        }
    }

    private void checkSession(String own, String session) {
        if (session.equals(sessions.get(own))) {
            return;
        }
        deviceOfSession.apply(session).ifPresent(device -> {
            require(own, device);
            sessions.put(own, session);
        });
    }

    private static void require(String own, String named) {
        if (!own.equals(named)) {
            throw AccessException.forbidden("device " + named + ": the caller's key is that of " + own);
        }
    }
}
