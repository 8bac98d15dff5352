package dev.lutra.identity;

import dev.lutra.proto.content.Sha256;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Everything that a result follows from, each value under a name in the words of the user's files. The same values are shown as
 * provenance, stored with the result, and compared before it is used again.
 *
 * <p>A name that is added in later years says what stood in its place before ({@link Builder#putLater}). While the value is still
 * that, it is left out of fingerprints and files, so that what was stored before the name existed stays valid.
 */
public final class NamedValues {

    private static final MathContext[] PRECISIONS = precisions();

    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
    private static final int BRIEF_DIGITS = 12;

    private final SortedMap<String, String> values;
    private final Map<String, String> before;

    private NamedValues(Builder builder) {
        values = Collections.unmodifiableSortedMap(new TreeMap<>(builder.values));
        before = Map.copyOf(builder.before);
    }

    /**
     * One value that is not as it was.
     *
     * @param name of the value
     * @param stored what is stored; empty where it is not there
     * @param wanted what is asked for; empty where this program has no such value
     */
    public record Difference(String name, Optional<String> stored, Optional<String> wanted) {

        /** {@code supernet.epochs 9 (expected: 12)}. */
        @Override
        public String toString() {
            return name + " " + stored.map(Difference::brief).orElse("none") + " (expected: "
                + wanted.map(Difference::brief).orElse("none, as this version has no such setting") + ")";
        }

        /** A hash by its first digits, which tell it from the other one. */
        private static String brief(String value) {
            return HASH.matcher(value).matches() ? value.substring(0, BRIEF_DIGITS) + "…" : value;
        }
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Every value by its name, sorted, for people. */
    public SortedMap<String, String> shown() {
        return values;
    }

    /** The values by name, sorted, without those that are what stood there before their name existed: what is stored. */
    public SortedMap<String, String> stored() {
        SortedMap<String, String> stored = new TreeMap<>(values);
        stored.entrySet().removeIf(entry -> entry.getValue().equals(before.get(entry.getKey())));
        return Collections.unmodifiableSortedMap(stored);
    }

    /**
     * What is hashed: a line with kind and version, then the {@link #stored} values as {@code name=value}, a line each.
     *
     * @param kind what the values describe
     * @param version raised when equal values come to mean something else
     */
    String text(String kind, int version) {
        StringBuilder text = new StringBuilder(kind).append(' ').append(version).append('\n');
        stored().forEach((name, value) -> text.append(name).append('=')
            .append(value.replace("\\", "\\\\").replace("\n", "\\n")).append('\n'));
        return text.toString();
    }

    /**
     * SHA-256, 64 hexadecimal digits: equal for equal stored values of one kind and version.
     *
     * @param kind what the values describe
     * @param version raised when equal values come to mean something else
     */
    public String fingerprint(String kind, int version) {
        return Sha256.of(text(kind, version));
    }

    /**
     * The first value, by name, in which something stored differs from these; empty if it was made from equal ones.
     *
     * @param found what was {@link #stored}
     */
    public Optional<Difference> differenceFrom(Map<String, String> found) {
        SortedSet<String> names = new TreeSet<>(values.keySet());
        names.addAll(found.keySet());
        for (String name : names) {
            Optional<String> stored = Optional.ofNullable(found.getOrDefault(name, before.get(name)));
            Optional<String> wanted = Optional.ofNullable(values.get(name));
            if (!stored.equals(wanted)) {
                return Optional.of(new Difference(name, stored, wanted));
            }
        }
        return Optional.empty();
    }

    /** The shortest decimal text that reads back as the value, the same by every Java: {@code 0.00004}, {@code 12}. */
    public static String text(double value) {
        BigDecimal exact = new BigDecimal(value);
        for (MathContext precision : PRECISIONS) {
            BigDecimal rounded = exact.round(precision);
            if (rounded.doubleValue() == value) {
                return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
            }
        }
        throw new IllegalStateException(value + ": 17 digits tell every double apart");
    }

    private static MathContext[] precisions() {
        MathContext[] precisions = new MathContext[17];
        for (int i = 0; i < precisions.length; i++) {
            precisions[i] = new MathContext(i + 1);
        }
        return precisions;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NamedValues that && stored().equals(that.stored());
    }

    @Override
    public int hashCode() {
        return stored().hashCode();
    }

    @Override
    public String toString() {
        return values.toString();
    }

    /** Collects values. */
    public static final class Builder {

        private final SortedMap<String, String> values = new TreeMap<>();
        private final Map<String, String> before = new HashMap<>();

        private Builder() {}

        /**
         * @throws IllegalArgumentException if the name is taken by another value, or is no name
         */
        public Builder put(String name, String value) {
            if (name.isEmpty() || name.contains("=") || name.contains("\n")) {
                throw new IllegalArgumentException("'" + name + "' (expected: a name without '=')");
            }
            String other = values.putIfAbsent(name, Objects.requireNonNull(value, name));
            if (other != null && !other.equals(value)) {
                throw new IllegalArgumentException(name + ": " + value + " and " + other + " (expected: one value)");
            }
            return this;
        }

        public Builder put(String name, long value) {
            return put(name, Long.toString(value));
        }

        public Builder put(String name, double value) {
            return put(name, text(value));
        }

        public Builder put(String name, boolean value) {
            return put(name, Boolean.toString(value));
        }

        /**
         * A value whose name is younger than results that are still to be found.
         *
         * @param formerly the value that stood in its place before there was a name for it
         */
        public Builder putLater(String name, String value, String formerly) {
            before.put(name, formerly);
            return put(name, value);
        }

        /** All of another, with what it says about former values. */
        public Builder putAll(NamedValues other) {
            before.putAll(other.before);
            other.values.forEach(this::put);
            return this;
        }

        public NamedValues build() {
            return new NamedValues(this);
        }
    }
}
