package dev.lutra.proto.border;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** Why a file or folder cannot be read or written, in words for people. */
public final class FileTrouble {

    private FileTrouble() {}

    /** The reason without the file's name, which messages of the file system's exceptions begin with, or are no more than. */
    public static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof NoSuchFileException) {
            return "no such file";
        }
        if (e instanceof NotDirectoryException) {
            return "not a folder";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "something else is there";
        }
        if (e instanceof DirectoryNotEmptyException) {
            return "a folder that is not empty";
        }
        if (e instanceof CharacterCodingException) {
            return "not UTF-8";
        }
        if (e instanceof EOFException) {
            return "it ends too early";
        }
        if (e instanceof FileNotFoundException) {
            return String.valueOf(e.getMessage()).replaceFirst("(?s)^.*\\((.*)\\)$", "$1"); // of java.io: the path, and why in brackets
        }
        String said = e instanceof FileSystemException known ? known.getReason() : e.getMessage();
        return said == null ? e.getClass().getSimpleName() : said;
    }

    /** The same with the file's name where the trouble is with another than the caller will name, such as a folder that it is to lie in. */
    public static String reason(Path named, IOException e) {
        return e instanceof FileSystemException other && other.getFile() != null && !Path.of(other.getFile()).equals(named)
            ? other.getFile() + ": " + reason(e)
            : reason(e);
    }
}
