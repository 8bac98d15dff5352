package dev.lutra.server.tls;

import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** By which names and addresses others reach this machine. */
public final class OwnAddress {

    private OwnAddress() {}

    /**
     * What to put into a link: the host that is listened on or, when that is every interface, the address that a phone in the
     * same network most likely reaches.
     */
    public static String of(InetAddress listening) {
        return listening.isAnyLocalAddress() ? reachable().stream().findFirst().orElse("localhost") : plain(listening);
    }

    /** As {@link #of}, for a URL, where colons of an address stand in brackets. */
    public static String inUrl(InetAddress listening) {
        String address = of(listening);
        return address.indexOf(':') < 0 ? address : "[" + address.replaceFirst("%.*", "") + "]";
    }

    /** Where this machine itself reaches what listens: every interface has the loopback among them. */
    public static String fromHere(InetAddress listening) {
        String address = (listening.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : listening).getHostAddress();
        return address.indexOf(':') < 0 ? address : "[" + address.replaceFirst("%.*", "") + "]";
    }

    /** Everything a certificate should name. */
    public static List<String> all(InetAddress listening) {
        Set<String> all = new LinkedHashSet<>();
        all.add(of(listening));
        all.addAll(reachable());
        all.addAll(List.of("localhost", "127.0.0.1"));
        return List.copyOf(all);
    }

    /** IPv4 addresses of the interfaces that are up; containers' bridges, which phones never see, last. */
    private static List<String> reachable() {
        List<InetAddress> addresses = new ArrayList<>();
        try {
            NetworkInterface.networkInterfaces().filter(OwnAddress::isUp)
                .sorted(Comparator.comparing((NetworkInterface device) -> device.getName().matches("(docker|br-|veth|virbr).*"))
                    .thenComparing(NetworkInterface::getIndex))
                .forEach(device -> device.inetAddresses().filter(Inet4Address.class::isInstance).forEach(addresses::add));
        } catch (SocketException e) {
            throw new UncheckedIOException(e);
        }
        return addresses.stream().map(OwnAddress::plain).toList();
    }

    private static boolean isUp(NetworkInterface device) {
        try {
            return device.isUp() && !device.isLoopback();
        } catch (SocketException e) {
            return false;
        }
    }

    private static String plain(InetAddress address) {
        return address.isLoopbackAddress() ? "localhost" : address.getHostAddress();
    }
}
