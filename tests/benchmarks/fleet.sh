#!/bin/sh
# One server and a thousand simulated agents in eight processes, each with a key and an encrypted TCP connection of its own: 100,000 empty
# tasks through all of them; how long a task takes to an agent at 500 tasks a second; tasks of two seconds; one agent that works beside 0,
# 100 and 999 that wait. Fails if a task is lost or counted twice.
#
#   tests/benchmarks/fleet.sh [SIZE ...]     run it on a machine that does nothing else
#
# SIZE: large (as above), small (forty agents, seconds), or eight numbers: agents, processes, tasks, those that wait beside one (with commas),
# tasks of that one, tasks a second, seconds, rounds of tasks of two seconds.
set -eu
cd "$(dirname "$0")/../.."
[ -d server/target/lib ] || ./lutra --version >/dev/null
folder=$(mktemp -d)
classes=$(mktemp -d)
trap 'rm -rf "$classes" "$folder"' EXIT
path="server/target/lutra-server-0.1.0.jar:server/target/lib/*:agent/target/lutra-agent-0.1.0.jar:agent/target/lib/*"
javac -nowarn -d "$classes" -cp "$path" -sourcepath tests/src/test/java \
    tests/src/test/java/dev/lutra/benchmarks/FleetBenchmark.java
java -XX:+UseSerialGC -cp "$classes:$path" dev.lutra.benchmarks.FleetBenchmark "$folder" "${@:-large}"
