package dev.lutra.agent.task;

/** The machine was suspended, or this agent stopped, while a task was under way: what was measured is of no use, and another try is. */
public final class Overslept extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public Overslept() {
        super("the machine slept, or this agent was stopped, meanwhile");
    }
}
