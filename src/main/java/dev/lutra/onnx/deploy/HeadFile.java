package dev.lutra.onnx.deploy;

import java.nio.file.Path;

/** A file with a head of the user's, which is read once, when it is first asked for. For use by several threads. */
public final class HeadFile {

    private final Path file;
    private DetectorHead head;

    public HeadFile(Path file) {
        this.file = file;
    }

    /**
     * What is in it.
     *
     * @throws dev.lutra.InputException if it is no ONNX file, or does not read features by their names
     */
    public synchronized DetectorHead read() {
        if (head == null) {
            head = DetectorHead.read(file);
        }
        return head;
    }
}
