package dev.lutra.server.access;

import dev.lutra.proto.Role;
import java.util.List;
import java.util.Optional;

/** Says who calls, and whether such a caller may. */
public interface Door {

    /**
     * The caller of a call, if such a caller may make it.
     *
     * @param call says who: nobody, where it says nothing
     * @param run that the call only looks at; empty: it does something, or is about more than that
     * @param header {@code Bearer TOKEN}, the first word in any case (RFC 9110, 11.1); null: none was sent
     * @throws AccessException when not
     */
    Caller admit(String call, List<Role> admitted, Optional<String> run, String header);

    /** The same of a call that is about more than one run. */
    default Caller admit(String call, List<Role> admitted, String header) {
        return admit(call, admitted, Optional.empty(), header);
    }
}
