#!/bin/sh
# A server and a hundred agents that do tasks while they are killed at random, the network between them is cut, slowed and silent, the disk
# is full now and then (as root: on a file system of memory), and the server's clock is set. Fails if a task is lost, has another outcome than it should, or a result
# was acknowledged of two leases.
#
#   tests/benchmarks/chaos.sh [SECONDS [AGENTS [PROCESSES [BLOCK [SEED]]]]]
set -eu
cd "$(dirname "$0")/../.."
[ -d server/target/lib ] || ./lutra --version >/dev/null
folder=$(mktemp -d)
classes=$(mktemp -d)
trap 'rm -rf "$classes" "$folder"' EXIT
path="server/target/lutra-server-0.1.0.jar:server/target/lib/*:agent/target/lutra-agent-0.1.0.jar:agent/target/lib/*"
javac -nowarn -d "$classes" -cp "$path" -sourcepath tests/src/test/java tests/src/test/java/dev/lutra/benchmarks/FleetChaos.java
java -XX:+UseSerialGC -cp "$classes:$path" dev.lutra.benchmarks.FleetChaos "$folder" "${1:-600}" "${2:-100}" "${3:-4}" "${4:-500}" "${5:-1}"
