package dev.lutra.server.schedule;

/** What a server and a run's process say to each other: lines on the process's standard output and input. */
final class Orders {

    /** The process asks for a device to train on, whose kind follows. */
    static final String TAKE = "lutra: take ";
    /** The process needs that device no more. */
    static final String LEAVE = "lutra: leave";
    /** The run is over; what is to be known of it follows. */
    static final String OVER = "lutra: over ";
    /** To a process that has asked: it may train. */
    static final String GO = "go";
    /** To a process that has asked: it is to end, and is started again when it may train. */
    static final String WAIT = "wait";
    /** To a process: its tasks have another priority, which follows. */
    static final String PRIORITY = "priority ";

    /** What a process ends with that was told to wait; not one of a signal, nor of a mistake. */
    static final int WAITS = 75;
    /** What a process ends with whose server is gone: that of SIGTERM, as which it is taken. */
    static final int TOLD_TO_END = 128 + 15;

    private Orders() {}
}
