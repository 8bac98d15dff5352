package dev.lutra.onnx;

import dev.lutra.InputException;
import dev.lutra.space.Architecture;
import dev.lutra.space.SearchSpace;
import dev.lutra.space.interchange.ArchitectureFile;
import java.nio.file.Path;

/**
 * The one network that a file is about: an ONNX file of Lutra's, an MMRazor subnet YAML or a ProxylessNAS or Once-for-all
 * {@code net.config}.
 *
 * @param space that the network is of
 * @param architecture which
 */
public record NetworkFile(SearchSpace space, Architecture architecture) {

    /**
     * Reads any of them.
     *
     * @throws InputException if the file is none of them, or wrong
     */
    public static NetworkFile read(Path file) {
        if (file.toString().endsWith(".onnx")) {
            ExportedNetwork exported = ExportedNetwork.read(file);
            return new NetworkFile(exported.space(), exported.architecture());
        }
        ArchitectureFile contents = ArchitectureFile.read(file);
        return new NetworkFile(contents.space(), contents.architecture());
    }
}
