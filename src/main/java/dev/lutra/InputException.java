package dev.lutra;

import java.nio.file.Path;

/**
 * Something a user gave is wrong and can be put right. The message is one line, whatever the file holds that it quotes, and
 * names the file or key and what was expected; the command line prints it as it is and exits with 2.
 */
public class InputException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    public InputException(String message) {
        super(Names.shown(message));
    }

    public InputException(String message, Throwable cause) {
        super(Names.shown(message), cause);
    }

    /** About a file: {@code <file>: <problem>}. */
    public static InputException in(Path file, String problem) {
        return new InputException(Names.shown(file) + ": " + problem);
    }
}
