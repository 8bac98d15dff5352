package dev.lutra.supernet.superkernel;

import dev.lutra.InputException;
import dev.lutra.space.NamedBlock;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.StagedSpace;
import dev.lutra.space.block.MbBlock;
import java.util.List;

/** Spaces whose rows' options share one block's weights, whatever the space's file says: how superkernels train a row of choices. */
final class SharedRows {

    private SharedRows() {}

    /** The same networks with weights that nested options share; rows that are not nested stay as they are. */
    static SearchSpace of(SearchSpace space) {
        if (!(space instanceof StagedSpace staged) || !isNested(space)) {
            return space;
        }
        List<StagedSpace.Layer> layers = staged.table().stream().map(layer -> layer.searchable() ? shared(layer) : layer).toList();
        return layers.equals(staged.table()) ? space : new StagedSpace(staged.header(), layers);
    }

    private static boolean isNested(SearchSpace space) {
        try {
            NestedRow.of(space);
            return true;
        } catch (InputException e) {
            return false;
        }
    }

    /** Whether options have the same weights already. */
    static boolean areShared(List<NamedBlock> blocks) {
        return blocks.stream().map(NamedBlock::scope).distinct().count() == 1;
    }

    private static StagedSpace.Layer shared(StagedSpace.Layer layer) {
        List<NamedBlock> named = layer.options().stream().filter(option -> !NestedRow.isSkip(option)).toList();
        if (areShared(named)) {
            return layer;
        }
        List<MbBlock> blocks = named.stream().map(option -> (MbBlock) option.block()).toList();
        int kernel = blocks.stream().mapToInt(block -> block.depthwise().sharedKernel()).max().orElseThrow();
        MbBlock.Expansion expansion = blocks.stream().map(MbBlock::sharedExpansion)
            .max((one, other) -> Double.compare(one.ratio(), other.ratio())).orElseThrow();
        return layer.withOptions(layer.options().stream()
            .map(option -> NestedRow.isSkip(option)
                ? option
                : new NamedBlock(option.option(), SuperkernelSampling.NAME, part((MbBlock) option.block(), kernel, expansion)))
            .toList());
    }

    private static MbBlock part(MbBlock block, int kernel, MbBlock.Expansion expansion) {
        return new MbBlock(new MbBlock.Depthwise(block.depthwise().kernel(), kernel, block.depthwise().repeats()), block.expansion(), expansion,
            block.groups(), block.activation(), block.squeezeExcite(), block.residual());
    }
}
