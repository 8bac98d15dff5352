package dev.lutra.measure;

/** What the values of a measure count. */
public enum Unit {
    /** Things, such as multiply-accumulates: {@code 40M}. */
    COUNT,
    /** Time; files hold milliseconds, everything else nanoseconds: {@code 3 ms}. */
    NANOSECONDS,
    /** Memory: {@code 20 MB}, of a million bytes each. */
    BYTES,
    /** Energy; files hold millijoules: {@code 5 mJ}. */
    NANOJOULES,
    /** Parts of something: {@code 0.5}. */
    RATIO
}
