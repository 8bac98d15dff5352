package dev.lutra.server.retrain;

import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;

/**
 * A network that is trained by itself.
 *
 * @param name for people
 * @param space that it is of, with as many classes as the images have
 * @param architecture which
 */
public record LoneNetwork(String name, SearchSpace space, Architecture architecture) {}
