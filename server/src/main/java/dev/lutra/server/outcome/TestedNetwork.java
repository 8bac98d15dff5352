package dev.lutra.server.outcome;

import dev.lutra.supernet.evaluation.Hits;
import java.util.Optional;

/**
 * A network on the test images.
 *
 * @param architecture canonical text
 * @param file of the run's folder that was judged; empty where it is the supernet's weights
 * @param hits what it got right
 */
public record TestedNetwork(String architecture, Optional<String> file, Hits hits) {}
