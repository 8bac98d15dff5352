package dev.lutra.server.retrain;

import dev.lutra.InputException;
import dev.lutra.onnx.NetworkFile;
import dev.lutra.space.SearchSpace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Which networks to train by themselves.
 *
 * @param architectures of the experiment's space
 * @param files that hold a network each: ONNX files of Lutra's, or other tools'
 * @param asksDevices whether the targets' devices confirm what is exported
 */
public record RetrainRequest(List<String> architectures, List<Path> files, boolean asksDevices) {

    /** The winners of a search. */
    public static final RetrainRequest WINNERS = new RetrainRequest(List.of(), List.of(), true);

    public RetrainRequest {
        architectures = List.copyOf(architectures);
        files = List.copyOf(files);
    }

    /** Whether it names no network, which means the winners. */
    public boolean isForWinners() {
        return architectures.isEmpty() && files.isEmpty();
    }

    /**
     * The networks that it names. One from a file takes the images and classes of the experiment.
     *
     * @param own the experiment's space
     * @throws InputException if one of them is none
     */
    public List<LoneNetwork> networks(SearchSpace own) {
        List<LoneNetwork> networks = new ArrayList<>();
        for (String text : architectures) {
            networks.add(new LoneNetwork("arch-" + (networks.size() + 1), own, own.parse(text)));
        }
        files.forEach(file -> networks.add(network(file, own)));
        return networks;
    }

    private static LoneNetwork network(Path file, SearchSpace own) {
        NetworkFile found = NetworkFile.read(file);
        String name = file.getFileName().toString();
        SearchSpace space = found.space().withClasses(own.classes()).withImageSize(own.imageSize());
        if (space.input().channels() != own.input().channels()) {
            throw InputException.in(file, "takes images of " + space.input().channels() + " channels (expected: " + own.input().channels() + ")");
        }
        String text = found.architecture().toString();
        return space.fingerprint().equals(own.fingerprint())
            ? new LoneNetwork(name, own, own.parse(text))
            : new LoneNetwork(name, space, space.parse(text));
    }
}
