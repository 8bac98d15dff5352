package dev.lutra.agent;

/** What both sentinels say of the machine at one moment. */
record SpeedReading(Reading core, Reading memory) {

    long atNanos() {
        return (core.atNanos() + memory.atNanos()) / 2;
    }
}
