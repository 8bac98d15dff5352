package dev.lutra.network;

/**
 * What an op reads or writes.
 *
 * @param id unique in its network; the input has 0
 * @param shape without the batch
 * @param sharedChannels channels that the widest network sharing these weights has here
 */
public record Value(int id, Shape shape, int sharedChannels) {

    /** Whether this is what a whole network reads. */
    public boolean isImage() {
        return id == 0;
    }

    public Width width() {
        return new Width(shape.channels(), sharedChannels);
    }
}
