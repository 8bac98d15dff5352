package dev.lutra.server.schedule;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;

/** What is told of runs, as JSON with the names that stand in the protocol: of pages, programs and commands alike. */
public final class RunJson {

    private RunJson() {}

    public static String of(Message told) {
        try {
            return JsonFormat.printer().preservingProtoFieldNames().alwaysPrintFieldsWithNoPresence().omittingInsignificantWhitespace().print(told);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("messages without Any always print", e);
        }
    }
}
