package dev.lutra.server.outcome;

import dev.lutra.search.Front;
import dev.lutra.server.experiment.Experiment;
import java.util.List;
import java.util.OptionalLong;

/**
 * The front that a search left, with what there is to know for a choice.
 *
 * @param images that an accuracy of the front is a share of, where it is one of images that might have been others
 * @param targets the devices of the experiment
 */
public record SearchedFront(Front front, OptionalLong images, List<Experiment.Target> targets) {

    public SearchedFront {
        targets = List.copyOf(targets);
    }
}
