package dev.lutra.space.interchange;

import dev.lutra.AtomicFile;
import dev.lutra.InputException;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.yaml.YamlNode;
import java.nio.file.Path;

/**
 * One architecture in a file that other tools read and write: MMRazor's subnet YAML, or the {@code net.config} JSON of
 * ProxylessNAS and Once-for-all.
 *
 * @param space that the architecture is of: a built-in one, or the single network that a {@code net.config} describes
 * @param architecture what the file holds
 */
public record ArchitectureFile(SearchSpace space, Architecture architecture) {

    /**
     * Reads either format, telling them apart by their keys.
     *
     * @throws InputException with file, line, key and expectation if the file is neither, or wrong
     */
    public static ArchitectureFile read(Path file) {
        YamlNode root = YamlNode.read(file); // JSON is YAML, so that both come with line numbers
        if (root.isMapping() && root.find("blocks").isPresent()) {
            return NetConfig.read(root, file);
        }
        if (root.isMapping() && MmrazorSubnet.isSubnet(root)) {
            return MmrazorSubnet.read(root);
        }
        throw InputException.in(file,
            "neither net.config nor subnet (expected: a key 'blocks', or keys like backbone.layers.0.0)");
    }

    /**
     * Writes MMRazor's subnet YAML.
     *
     * @throws InputException if MMRazor has no such space
     */
    public void writeSubnet(Path file) {
        AtomicFile.write(file, MmrazorSubnet.write(space, architecture));
    }

    /**
     * Writes {@code net.config}, with the fields that describe the network.
     *
     * @throws InputException if the format has no such blocks
     */
    public void writeNetConfig(Path file) {
        AtomicFile.write(file, NetConfig.write(space, architecture));
    }
}
