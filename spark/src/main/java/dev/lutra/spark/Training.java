package dev.lutra.spark;

import dev.lutra.server.cluster.Assignment;
import dev.lutra.server.cluster.LoneAssignment;

/**
 * Trains a network by itself.
 *
 * @param supernet name of the file of shared weights; empty where there are none
 */
record Training(Assignment assignment, String supernet, LoneAssignment network) implements Work<Boolean> {

    private static final long serialVersionUID = 1L;

    @Override
    public Boolean done() {
        Warm.workplace(assignment, supernet).train(network);
        return true;
    }
}
