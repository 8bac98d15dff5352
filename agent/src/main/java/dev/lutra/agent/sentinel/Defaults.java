package dev.lutra.agent.sentinel;

import java.time.Duration;

/** Every number that decides what is measured again, with its reason. */
public final class Defaults {

    /**
     * A machine that is this much slower than it lately was at its best is disturbed: on rented machines somebody on the core's
     * other thread slows networks by 10 to 50 %, for minutes or for a tenth of a second, which no scaling takes back exactly. A
     * table measured beside a load that came and went was 2.6 % slower than a quiet one when such slices were scaled and weighed,
     * while the levels of its other slices were 0.4 % slower.
     */
    public static final double SLOWED = 0.12;
    /** The sentinel before and after a slice may disagree by this much; beyond, the speed changed while the slice ran. */
    public static final double JUMP = 0.15;
    /** A thread that waited this long for a core had to share it. */
    public static final double DELAYED = 0.10;
    /** A slice whose halves disagree by more was interfered with in one of them. */
    public static final double HALVES = 0.08;

    /**
     * What lasts for less than a slice may be gone before and after it. So a slice is held to be disturbed, too, if it is slower by
     * {@link #SLOWED} than what a quarter of the task's others undercut …
     */
    public static final double CALMEST = 0.25;
    /** … unless more than this share of them are: then that is how the model is. */
    public static final double UNSEEN = 1 / 3.0;

    /**
     * A process serves the rounds that begin within this time. Networks lie differently in the memory of each, but so do they in
     * each session of one.
     */
    public static final Duration PROCESS_LIFE = Duration.ofSeconds(8);

    /**
     * A sentinel is read again when so many times as long has passed as reading it takes: the core's on a CPU beside every slice, as
     * somebody on the core's other thread may come and go several times a second; where a session takes seconds to open, not so often.
     */
    public static final int SPACING = 8;
    /** The memory's is read that often: what slows the memory down lasts for longer … */
    public static final Duration MEMORY_SPACING = Duration.ofSeconds(3);
    /** … so where the core leaves no time for another reading, the last one holds for so long … */
    public static final Duration MEMORY_HOLDS = Duration.ofSeconds(10);
    /** … while another is tried for that often. */
    public static final Duration MEMORY_RETRY = Duration.ofSeconds(1);

    /** A round gives every task a slice, and up to three … */
    public static final int TURNS = 3;
    /** … while that takes less than this: what is decided after a round takes its time too. */
    public static final Duration SHORT_ROUND = Duration.ofSeconds(1);

    /** What the machine is usually capable of is judged over this time … */
    static final Duration USUAL_WINDOW = Duration.ofMinutes(5);
    /**
     * … by the readings of the core that only a twentieth undercut: what is taken of them beside every slice leaves no doubt whether
     * somebody is there, and somebody may be there for nearly all of that time without passing as usual …
     */
    public static final double CORE_USUAL = 0.05;
    /** … and by those of the memory that only a fifth undercut: fewer and less alike. */
    public static final double MEMORY_USUAL = 0.2;

    /**
     * A process also ends after so many slices of a task, because slices of one process have something in common. A process's start
     * costs as much as four slices, and the variance between processes is a fifth to two fifths of that within one: more slices of
     * one process would say hardly more for their time.
     */
    public static final int PROCESS_SLICES = 3;

    /** Beyond this, for {@link #DEPARTED} of measuring without a single reading within it, the device has changed for good. */
    static final double DEPARTURE = 0.10;
    static final Duration DEPARTED = Duration.ofMinutes(10);

    /** Between looks whether it is calm again lies a tenth of what has been waited, which is thus overshot by no more … */
    public static final int LOOKS = 10;
    /** … but at least this … */
    public static final Duration SHORTEST_PAUSE = Duration.ofMillis(10);
    /** … and at most that. */
    public static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
    /** Waiting may take this long at first … */
    public static final Duration FIRST_PATIENCE = Duration.ofSeconds(5);
    /** … and later so many times as long as measuring has: what never gets calm is measured all the same. */
    public static final int PATIENCE = 3;

    /** With a time budget every task gets so many slices before any gets more: two are the least that show what they scatter by … */
    public static final int BUDGET_SLICES = 2;
    /** … what is planned at once takes about this long: then more is known … */
    public static final Duration BUDGET_ROUND = Duration.ofSeconds(2);
    /** … a slice is reckoned at this until one has been taken … */
    public static final Duration BUDGET_SLICE = Duration.ofMillis(200);
    /** … waiting for calm, with all looking whether it is there, may take this long at first … */
    public static final Duration BUDGET_FIRST_PATIENCE = Duration.ofSeconds(2);
    /** … and as long as measuring has: half the time is the most that a machine which never gets calm costs. */
    public static final int BUDGET_PATIENCE = 1;

    /** Sentinels that never ran and failed so often cannot run; a single failure may be a process that somebody killed. */
    public static final int FAILED_READINGS = 3;

    /** A machine that sleeps more often while one task is under way never gets to its end. */
    public static final int SLEEPS = 20;

    private Defaults() {}
}
