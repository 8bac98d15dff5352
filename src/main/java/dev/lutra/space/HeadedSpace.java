package dev.lutra.space;

import dev.lutra.network.Shape;
import java.util.Optional;

/** What every space takes from the head of its file. */
abstract class HeadedSpace implements SearchSpace {

    final Header header;

    HeadedSpace(Header header) {
        this.header = header;
    }

    /** Everything the file says but the layers. */
    public final Header header() {
        return header;
    }

    @Override
    public final String name() {
        return header.name();
    }

    @Override
    public final String title() {
        return header.title();
    }

    @Override
    public final String source() {
        return header.source();
    }

    @Override
    public final Optional<String> definition() {
        return header.definition();
    }

    @Override
    public final Shape input() {
        return header.input();
    }

    @Override
    public final int classes() {
        return header.classes();
    }

    @Override
    public final boolean learnsBatchNorm() {
        return header.learnsBatchNorm();
    }
}
