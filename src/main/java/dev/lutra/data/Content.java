package dev.lutra.data;

import dev.lutra.data.source.Listing;
import dev.lutra.proto.content.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** SHA-256 over names, sizes and labels of a source's images, then over their pixels in order, then over which of them are missing. */
record Content(Listing listing, MessageDigest digest) {

    /** One that has the names. */
    static Content of(Listing listing) {
        MessageDigest digest = Sha256.digest();
        IntStream.range(0, listing.size()).mapToObj(image -> line(listing, image)).sorted()
            .forEach(line -> digest.update((line + "\n").getBytes(StandardCharsets.UTF_8)));
        return new Content(listing, digest);
    }

    /** The digits, when the pixels have gone into the digest. */
    String end(Set<Integer> missing) {
        missing.stream().sorted().forEach(image -> digest.update(("without " + line(listing, image) + "\n").getBytes(StandardCharsets.UTF_8)));
        return Sha256.end(digest);
    }

    /** An image by name, size and classes. */
    static String line(Listing listing, int image) {
        return listing.name(image) + "\t" + listing.bytes(image) + "\t"
            + IntStream.of(listing.labels(image)).mapToObj(listing.classes()::get).collect(Collectors.joining("\t"));
    }
}
