package dev.lutra.server.access;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.MethodDescriptor;
import dev.lutra.InputException;
import dev.lutra.Names;
import dev.lutra.proto.AuthenticateReply;
import dev.lutra.proto.AuthenticateRequest;
import dev.lutra.proto.ChallengeReply;
import dev.lutra.proto.CreateTokenReply;
import dev.lutra.proto.CreateTokenRequest;
import dev.lutra.proto.EnrollReply;
import dev.lutra.proto.EnrollRequest;
import dev.lutra.proto.ListTokensReply;
import dev.lutra.proto.RevokeTokenReply;
import dev.lutra.proto.RevokeTokenRequest;
import dev.lutra.proto.Role;
import dev.lutra.proto.RoleOption;
import dev.lutra.proto.border.KeyProof;
import dev.lutra.proto.border.TokenHeader;
import dev.lutra.server.store.Database;
import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** A server's door: who calls, and whether such a caller may. What the calls of {@code AccessService} do is here, too. */
public final class Access implements Door {

    /** A key on P-256 takes 91 bytes. */
    private static final int MOST_KEY_BYTES = 128;

    /**
     * Where a server is reached.
     *
     * @param agents {@code host:port}, with the key's fingerprint where it encrypts
     * @param pages {@code scheme://host:port}; empty where it has none
     */
    public record Places(String agents, String pages) {}

    private final Database database;
    private final Clock clock;
    private final Tokens tokens;
    private final DeviceKeys keys;
    private final Bearers bearers;
    private final Challenges challenges;
    private volatile Places places = new Places("", "");

    private Access(Database database, Clock clock) {
        this.database = database;
        this.clock = clock;
        this.tokens = new Tokens(database, clock);
        this.keys = new DeviceKeys(database);
        this.bearers = new Bearers(clock);
        this.challenges = new Challenges(clock);
    }

    /**
     * Of a server's database.
     *
     * @param owner a token that may do everything; of those that it had before none does
     */
    public static Access open(Database database, Clock clock, String owner) {
        Access access = new Access(database, clock);
        access.tokens.adopt(owner);
        return access;
    }

    public Tokens tokens() {
        return tokens;
    }

    /** Where this server is reached, for those who are told how to join. */
    public void reachedAt(Places told) {
        this.places = told;
    }

    public Places places() {
        return places;
    }

    /**
     * The caller of a call, if such a caller may make it.
     *
     * @param call says who: nobody, where it says nothing
     * @param header {@code Bearer TOKEN}, the first word in any case (RFC 9110, 11.1); null: none was sent
     * @throws AccessException when not
     */
    public Caller admit(MethodDescriptor call, String header) {
        return admit(call.getName(), call.getOptions().getExtension(RoleOption.admits), Optional.empty(), header);
    }

    @Override
    public Caller admit(String call, List<Role> admitted, Optional<String> run, String header) {
        if (admitted.contains(Role.ANYONE)) {
            return Caller.ANYONE;
        }
        Caller caller = identify(header);
        if (!admitted.contains(caller.role())) {
            throw AccessException.forbidden(call + ": not for " + word(caller.role()) + " tokens (expected: "
                + admitted.stream().map(Access::word).collect(Collectors.joining(" or ")) + hint(admitted) + ")");
        }
        if (caller.run().isPresent() && !caller.run().equals(run)) {
            throw AccessException.forbidden(call + ": the token is for looking at run " + caller.run().get());
        }
        return caller;
    }

    private static String word(Role role) {
        return role.name().toLowerCase(Locale.ROOT);
    }

    /** Agents of before had the owner's token. */
    private static String hint(List<Role> admitted) {
        return admitted.contains(Role.AGENT) ? ", which an agent of this version becomes by its key" : "";
    }

    private Caller identify(String header) {
        String hash = Secrets.hash(TokenHeader.token(header)
            .orElseThrow(() -> AccessException.unknown("no token (expected: Authorization: Bearer <token>)")));
        Optional<Caller> agent = bearers.device(hash).map(device -> new Caller(Role.AGENT, device, Optional.of(device)));
        return agent.or(() -> tokens.caller(hash)).orElseThrow(() -> AccessException.unknown("wrong token"));
    }

    public ChallengeReply challenge() {
        return ChallengeReply.newBuilder().setChallenge(ByteString.copyFrom(challenges.make())).build();
    }

    /**
     * Gives a device's name to a key.
     *
     * @param caller with a join token, which is used up by it, or an operator
     * @throws InputException when it is no name or no key
     * @throws NameHasKeyException when the name has another key, and the token is not for just this name
     * @throws AccessException when the signature is not that of the key, or the token was used meanwhile
     */
    public EnrollReply enroll(EnrollRequest request, Caller caller) {
        String device = Names.device("device", request.getDevice());
        PublicKey key = key(request.getPublicKey());
        checkSignature(key, KeyProof.Purpose.ENROLL, request.getDevice(), request.getChallenge(), request.getSignature());
        boolean replaces = caller.device().isPresent();
        if (replaces && !caller.device().get().equals(device)) {
            throw AccessException.forbidden("device " + device + ": the token is for " + caller.device().get());
        }
        database.transaction(handle -> {
            Optional<PublicKey> before = keys.of(device);
            if (before.isPresent() && !before.get().equals(key) && !replaces) {
                throw new NameHasKeyException("device " + device + ": the name belongs to another agent's key (expected: another name, or a"
                    + " token of 'lutra token create --device " + device + "', which replaces that key)");
            }
            if (caller.role() == Role.JOINING) {
                tokens.use(handle, caller.name(), device);
            }
            DeviceKeys.store(handle, device, key, clock.millis());
            return null;
        });
        if (caller.role() == Role.JOINING) {
            tokens.used(caller.name(), device);
        }
        bearers.revoke(device);
        keys.learned(device, key);
        return EnrollReply.getDefaultInstance();
    }

    private static PublicKey key(ByteString encoded) {
        try {
            if (encoded.size() > MOST_KEY_BYTES) {
                throw new IllegalArgumentException("public key: " + encoded.size() + " bytes (expected: at most " + MOST_KEY_BYTES + ")");
            }
            return KeyProof.publicKey(encoded.toByteArray());
        } catch (IllegalArgumentException e) {
            throw new InputException(e.getMessage(), e);
        }
    }

    private void checkSignature(PublicKey key, KeyProof.Purpose purpose, String device, ByteString challenge, ByteString signature) {
        byte[] asked = challenge.toByteArray();
        if (!challenges.isOpen(asked)) {
            throw AccessException.unknown("challenge: not one of this server's last minute");
        }
        if (!KeyProof.holds(key, purpose, device, asked, signature.toByteArray()) || !challenges.close(asked)) {
            throw AccessException.unknown("device " + Names.shown(device) + ": not signed with its key" + JOIN_HINT);
        }
    }

    private static final String JOIN_HINT = " (expected: the key that it has here, or a token of 'lutra token create')";

    /**
     * A token to speak for a device with, for an hour.
     *
     * @throws AccessException when the device does not have the key that has signed
     */
    public AuthenticateReply authenticate(AuthenticateRequest request) {
        String device = Names.device("device", request.getDevice());
        PublicKey key = keys.of(device).orElseThrow(() -> AccessException.unknown("device " + device + ": has no key here" + JOIN_HINT));
        checkSignature(key, KeyProof.Purpose.AUTHENTICATE, request.getDevice(), request.getChallenge(), request.getSignature());
        return AuthenticateReply.newBuilder().setBearer(bearers.issue(device)).setLifetimeMillis(Bearers.LIFETIME.toMillis()).build();
    }

    /** See {@link Tokens#create}. */
    public CreateTokenReply createToken(CreateTokenRequest request) {
        String device = request.getDevice().isEmpty() ? "" : Names.device("device", request.getDevice());
        Tokens.Made made = tokens.create(request.getRole(), Duration.ofMillis(request.getLifetimeMillis()), device);
        return CreateTokenReply.newBuilder().setId(made.id()).setToken(made.token()).setServer(places.agents()).setPages(places.pages()).build();
    }

    public ListTokensReply listTokens() {
        return ListTokensReply.newBuilder().addAllTokens(tokens.list()).build();
    }

    /** See {@link Tokens#revoke}. */
    public RevokeTokenReply revokeToken(RevokeTokenRequest request) {
        tokens.revoke(request.getId());
        return RevokeTokenReply.getDefaultInstance();
    }

    /** Takes a device's key away; what was given for it is worth nothing from now on. */
    public void removeKey(String device) {
        database.transaction(handle -> DeviceKeys.remove(handle, device));
        keys.forgotten(device);
        bearers.revoke(device);
    }
}
