package dev.lutra.tests;

import dev.lutra.server.cli.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/**
 * A command as a page shows it: a line of a block of shell, or code in a sentence that begins with {@code lutra}.
 *
 * @param isShown whether it is a line of a block, to be typed
 * @param words of the line, without quotes
 */
record DocumentedCommand(Path page, String text, boolean isShown, List<String> words) {

    private static final Pattern BLOCK = Pattern.compile("^ *```sh\\n(.*?)^ *```$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern ANY_BLOCK = Pattern.compile("^ *```.*?^ *```$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern CODE = Pattern.compile("(?<!`)`((?:\\./)?lutra [^`]+)`(?!`)");
    private static final Pattern WORD = Pattern.compile("'([^']*)'|\"([^\"]*)\"|(\\S+)");

    /** All on a page: first those of blocks. */
    static List<DocumentedCommand> of(Path page) throws IOException {
        String text = Files.readString(page);
        List<DocumentedCommand> found = new ArrayList<>();
        Matcher block = BLOCK.matcher(text);
        while (block.find()) {
            block.group(1).replaceAll("\\\\\\n\\s*", "").lines()
                .flatMap(line -> Arrays.stream(line.replaceFirst("(^|\\s)#(\\s.*|)$", "").split("; ")))
                .map(String::strip).filter(line -> !line.isEmpty()).map(line -> of(page, line, true)).forEach(found::add);
        }
        Matcher code = CODE.matcher(ANY_BLOCK.matcher(text).replaceAll(""));
        while (code.find()) {
            found.add(of(page, code.group(1).replaceAll("\\s+", " "), false));
        }
        return found;
    }

    static DocumentedCommand of(Path page, String text, boolean isShown) {
        List<String> words = WORD.matcher(text).results()
            .map(word -> word.group(1) != null ? word.group(1) : word.group(2) != null ? word.group(2) : word.group(3)).toList();
        return new DocumentedCommand(page, text, isShown, words);
    }

    boolean isOfLutra() {
        return Set.of("lutra", "./lutra").contains(words.get(0));
    }

    boolean isOfTheAgent() {
        return isOfLutra() && words.size() > 1 && words.get(1).equals("agent");
    }

    /** Whether it names several commands at once, as {@code lut list\|show}. */
    List<String> alternatives() {
        return words.stream().limit(3).filter(word -> word.contains("|")).findFirst().map(word -> Arrays.stream(word.split("\\\\?\\|"))
            .map(one -> words.subList(0, words.indexOf(word)).stream().collect(Collectors.joining(" ")) + " " + one).toList()).orElse(List.of(text));
    }

    /** The subcommand that it names, without what follows. */
    CommandSpec command() {
        CommandLine line = isOfTheAgent() ? dev.lutra.agent.Main.commandLine() : Main.commandLine();
        int at = isOfTheAgent() ? 2 : 1;
        while (at < words.size() && line.getSubcommands().containsKey(words.get(at))) {
            line = line.getSubcommands().get(words.get(at++));
        }
        return line.getCommandSpec();
    }

    /** How many words name the command. */
    int named() {
        return command().qualifiedName(" ").split(" ").length;
    }

    /** What follows its name. */
    List<String> arguments() {
        return words.subList(Math.min(named(), words.size()), words.size());
    }

    Set<String> options() {
        return arguments().stream().map(word -> word.replaceFirst("^\\[", "").replaceFirst("=.*", ""))
            .filter(word -> word.startsWith("--") && word.length() > 2)
            .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Whether it only names a command, or an option of one, in a sentence: what it needs to be run is not there. */
    boolean isName() {
        if (isShown) {
            return false;
        }
        if (arguments().isEmpty() && !text.startsWith("./")) {
            return true;
        }
        boolean needed = command().options().stream().filter(option -> option.required() && option.group() == null)
            .anyMatch(option -> Arrays.stream(option.names()).noneMatch(options()::contains))
            || command().positionalParameters().stream().anyMatch(parameter -> parameter.required()) && operands() == 0;
        return needed || text.endsWith("--arch") || text.endsWith("--from") || text.contains("…") && isOfTheAgent() && !text.contains("--server");
    }

    private long operands() {
        return arguments().stream().takeWhile(word -> !word.startsWith("--")).count();
    }
}
