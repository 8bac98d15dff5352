package dev.lutra.agent.device;

import dev.lutra.agent.bench.Bench;
import dev.lutra.agent.bench.CommandBench;
import dev.lutra.agent.bench.OfferedBench;
import dev.lutra.agent.bench.ProcessBench;
import dev.lutra.agent.command.CommandRuntime;
import dev.lutra.agent.task.InputException;
import dev.lutra.agent.task.TaskFailure;
import dev.lutra.proto.RuntimeOffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The runtimes that an agent offers, with what runs models in them: ONNX Runtime, and those that the device's owner has configured. */
public final class Offers implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Offers.class);

    private final ProcessBench onnxRuntime;
    private final List<RuntimeOffer> runtimes = new ArrayList<>();
    private final Map<String, CommandBench> commands = new LinkedHashMap<>();
    private final OfferedBench bench = new OfferedBench();

    private Offers(ProcessBench onnxRuntime) {
        this.onnxRuntime = onnxRuntime;
    }

    /**
     * Tries what there is.
     *
     * @param wanted providers to offer, configured runtimes among them; empty: all that work
     * @param onnxRuntime runs models in ONNX Runtime; stays open
     * @param configured by the device's owner
     * @param cores that models are confined to; empty: all
     * @throws InputException if ONNX Runtime has no native library for this machine, something wanted does not work here, or a configured
     *     runtime has the name of a provider
     */
    public static Offers find(List<String> wanted, ProcessBench onnxRuntime, List<CommandRuntime> configured, List<Integer> cores)
        throws InterruptedException {
        Offers offers = new Offers(onnxRuntime);
        try {
            offers.look(wanted, configured, cores);
            return offers;
        } catch (InterruptedException | RuntimeException e) {
            offers.close();
            throw e;
        }
    }

    private void look(List<String> wanted, List<CommandRuntime> configured, List<Integer> cores) throws InterruptedException {
        RuntimeOffer there = onnxRuntime();
        for (CommandRuntime runtime : configured) {
            if (there.getProvidersList().contains(runtime.name())) {
                throw new InputException("runtimes." + runtime.name() + ": a provider of onnxruntime has this name (expected: another)");
            }
        }
        List<String> working = ProviderOffer.working(there.getProvidersList(), onnxRuntime);
        List<RuntimeOffer> own = new ArrayList<>();
        for (CommandRuntime runtime : configured) {
            if (wanted.isEmpty() || wanted.contains(runtime.name())) {
                tryOut(runtime, cores, own);
            }
        }
        List<String> all = new ArrayList<>(working);
        own.forEach(offer -> all.addAll(offer.getProvidersList()));
        List<String> chosen = ProviderOffer.choose(wanted, all);
        List<String> ofOnnxRuntime = chosen.stream().filter(working::contains).toList();
        if (!ofOnnxRuntime.isEmpty()) {
            runtimes.add(there.toBuilder().clearProviders().addAllProviders(ofOnnxRuntime).build());
            bench.with(onnxRuntime, ofOnnxRuntime);
        }
        for (RuntimeOffer offer : own) {
            runtimes.add(offer);
            bench.with(commands.get(offer.getName()), offer.getProvidersList());
        }
    }

    private RuntimeOffer onnxRuntime() throws InterruptedException {
        try {
            return inProtection();
        } catch (TaskFailure e) {
            throw new InputException("onnxruntime: does not load on this machine: " + e.getMessage());
        }
    }

    /** Where the runtime starts without protection alone, the bench goes on so. */
    private RuntimeOffer inProtection() throws InterruptedException {
        try {
            return onnxRuntime.runtime();
        } catch (TaskFailure | IllegalStateException e) {
            if (!onnxRuntime.isProtected()) {
                throw e;
            }
            onnxRuntime.unprotect("the runtime starts only so (" + TaskFailure.oneLine(e.getMessage()) + ")");
            return onnxRuntime.runtime();
        }
    }

    private void tryOut(CommandRuntime runtime, List<Integer> cores, List<RuntimeOffer> offers) throws InterruptedException {
        CommandBench tried = new CommandBench(runtime, cores, Path.of(System.getProperty("java.io.tmpdir")));
        try {
            offers.add(ProviderOffer.tried(tried));
            commands.put(runtime.name(), tried);
        } catch (TaskFailure e) {
            log.warn("not offered: {}{}", e.getMessage(), tried.protection().startsWith("protected")
                ? " (what it needs beside the system's files is named under visible: in runtimes.yaml)"
                : "");
        } finally {
            if (!commands.containsKey(runtime.name())) {
                tried.close();
            }
        }
    }

    public List<RuntimeOffer> runtimes() {
        return List.copyOf(runtimes);
    }

    /** All providers, of all runtimes. */
    public List<String> providers() {
        return runtimes.stream().flatMap(offer -> offer.getProvidersList().stream()).toList();
    }

    /** Whether models of a provider are run by a command that the owner has configured. */
    public boolean isCommand(String provider) {
        return commands.containsKey(provider);
    }

    public Bench bench() {
        return bench;
    }

    /** How models are kept from the rest of the device, where that differs between runtimes by their names. */
    public String protection() {
        return onnxRuntime.protection() + commands.values().stream()
            .filter(command -> !command.protection().equals(onnxRuntime.protection()))
            .map(command -> "; " + command.name() + " " + command.protection()).collect(Collectors.joining());
    }

    @Override
    public void close() {
        commands.values().forEach(CommandBench::close);
    }
}
