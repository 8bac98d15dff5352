package dev.lutra.space;

/** A layer cannot stand where the table puts it; the reader of a space file turns its number into a line. */
public final class MisplacedLayerException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    private final int layer;

    MisplacedLayerException(int layer, String message) {
        super(message);
        this.layer = layer;
    }

    /** Position in the table, from 0. */
    public int layer() {
        return layer;
    }
}
