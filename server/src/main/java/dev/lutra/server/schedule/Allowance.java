package dev.lutra.server.schedule;

import dev.lutra.InputException;
import dev.lutra.proto.border.FileTrouble;
import dev.lutra.server.experiment.Experiment;
import dev.lutra.server.experiment.ExperimentFile;
import dev.lutra.space.SpaceFile;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What an experiment that somebody submits may have this machine do: read files of some folders, and run commands only where the server's
 * owner has said so.
 *
 * @param folders that experiments may name files in
 * @param commands whether they may name programs, and a cluster whose settings can
 */
public record Allowance(List<Path> folders, boolean commands) {

    /** Where a submitted file would be, so that paths relative to it are told from others; nothing is ever there. */
    private static final Path NOWHERE = Path.of("/lutra/submitted");
    private static final String FILE = "experiment.yaml";

    /**
     * Reads an experiment that was submitted.
     *
     * @throws InputException if it is none, or asks for more than is allowed, in one line
     */
    Experiment read(String text) {
        Experiment experiment = parsed(text);
        requireCommands(experiment.command().isPresent(), "accuracy.command: runs a program on the server");
        // a master and settings are where Spark loads code from, and what it runs
        requireCommands(experiment.spark().isPresent(), "compute.spark: Spark runs what its settings name on the server");
        experiment.data().flatMap(Experiment.DataSource::cache).ifPresent(folder -> {
            throw new InputException(FILE + ": data.cache: " + folder + " (expected: no such key; the server keeps decoded images itself)");
        });
        Experiment.Target.requireElsewhere(experiment.targets());
        Set<Path> files = new LinkedHashSet<>();
        collect(experiment, files, Collections.newSetFromMap(new IdentityHashMap<>()));
        Stream.of(Optional.of(experiment.space()).filter(space -> experiment.hasNetworks()), experiment.retraining().space())
            .flatMap(Optional::stream).filter(SpaceFile::isFile).map(Path::of).forEach(files::add);
        files.forEach(this::check);
        return experiment;
    }

    private void requireCommands(boolean areNeeded, String why) {
        if (areNeeded && !commands) {
            throw new InputException(FILE + ": " + why + " (expected: no such key, or 'lutra serve --allow-commands')");
        }
    }

    private static Experiment parsed(String text) {
        try {
            return ExperimentFile.read(new Experiment.Text(NOWHERE.resolve(FILE), text));
        } catch (InputException e) {
            throw new InputException(e.getMessage().replace(NOWHERE + "/", ""), e);
        }
    }

    /** Every path in whatever an experiment is made of, so that none has to be thought of here. */
    private static void collect(Object value, Set<Path> files, Set<Object> seen) {
        if (value == null || value instanceof Experiment.Text || value instanceof Enum || !seen.add(value)) {
            return;
        }
        if (value instanceof Path file) {
            files.add(file);
        } else if (value instanceof Optional<?> some) {
            some.ifPresent(one -> collect(one, files, seen));
        } else if (value instanceof Collection<?> several) {
            several.forEach(one -> collect(one, files, seen));
        } else if (value instanceof Map<?, ?> named) {
            named.forEach((name, one) -> {
                collect(name, files, seen);
                collect(one, files, seen);
            });
        } else if (value.getClass().getName().startsWith("dev.lutra.")) {
            for (Class<?> type = value.getClass(); type != null && type != Object.class; type = type.getSuperclass()) {
                Stream.of(type.getDeclaredFields()).filter(field -> !Modifier.isStatic(field.getModifiers()))
                    .forEach(field -> collect(of(field, value), files, seen));
            }
        }
    }

    private static Object of(Field field, Object owner) {
        try {
            field.setAccessible(true);
            return field.get(owner);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException("fields of this program's own classes can be read", e);
        }
    }

    private void check(Path file) {
        if (file.startsWith(NOWHERE)) {
            throw new InputException(FILE + ": " + NOWHERE.relativize(file) + ": relative to the file, which is elsewhere (expected: an absolute path"
                + " on the server" + within() + ")");
        }
        Path real = real(file.toAbsolutePath().normalize());
        if (folders.stream().noneMatch(folder -> real.startsWith(real(folder.toAbsolutePath().normalize())))) {
            throw new InputException(FILE + ": " + file + ": not open to experiments (expected: a path" + within() + ")");
        }
    }

    private String within() {
        return folders.isEmpty()
            ? "; none is open to experiments: 'lutra serve --allow-data FOLDER' opens one"
            : " within " + String.join(" or ", folders.stream().map(Path::toString).toList());
    }

    /** Links followed as far as there is something. */
    private static Path real(Path file) {
        try {
            if (Files.exists(file)) {
                return file.toRealPath();
            }
        } catch (IOException e) {
            throw new InputException(FILE + ": " + file + ": cannot be looked for (" + FileTrouble.reason(file, e) + ")", e);
        }
        return file.getParent() == null ? file : real(file.getParent()).resolve(file.getFileName());
    }
}
