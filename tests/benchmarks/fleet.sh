#!/bin/sh
# One server and a thousand simulated agents in eight processes, each with a key and a TCP connection of its own, encrypted: 100,000 empty tasks through all of them; how
# long a task takes to an agent at 500 tasks a second; tasks of two seconds; one agent that works beside 0, 100 and 999 that wait. Fails if
# a task is lost or counted twice.
#
#   tests/benchmarks/fleet.sh [small|large [FOLDER]]      run it on a machine that does nothing else; large takes about 8 minutes
set -eu
cd "$(dirname "$0")/../.."
[ -d server/target/lib ] || ./lutra --version >/dev/null
folder=${2:-$(mktemp -d)}
classes=$(mktemp -d)
trap 'rm -rf "$classes"; [ $# -ge 2 ] || rm -rf "$folder"' EXIT
path="server/target/lutra-server-0.1.0.jar:server/target/lib/*:agent/target/lutra-agent-0.1.0.jar:agent/target/lib/*"
javac -nowarn -d "$classes" -cp "$path" tests/src/test/java/dev/lutra/benchmarks/FleetBenchmark.java \
    tests/src/test/java/dev/lutra/benchmarks/SimulatedAgents.java
java -XX:+UseSerialGC -cp "$classes:$path" dev.lutra.benchmarks.FleetBenchmark "$folder" "${1:-large}"
