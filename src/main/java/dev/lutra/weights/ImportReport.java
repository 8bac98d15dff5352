package dev.lutra.weights;

import java.util.List;

/**
 * How an architecture's tensors and a file's fit together.
 *
 * @param matched tensors of ours that the file fills
 * @param unmatched tensors of ours that it does not, each with the reason
 * @param unused tensors of theirs that fill nothing
 * @param mismatched tensors of ours whose counterpart cannot fill them, each with the reason
 */
public record ImportReport(List<String> matched, List<String> unmatched, List<String> unused, List<String> mismatched) {

    public ImportReport {
        matched = List.copyOf(matched);
        unmatched = List.copyOf(unmatched);
        unused = List.copyOf(unused);
        mismatched = List.copyOf(mismatched);
    }
}
