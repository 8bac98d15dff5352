#!/bin/sh
# Peak memory of whole networks, predicted against measured: random networks of a space, each measured as agents do, some to learn from and
# others to judge by (dev.lutra.benchmarks.PeakMemory).
#
#   tests/benchmarks/memory.sh [SPACE [LEARNED [JUDGED]]]
set -eu
cd "$(dirname "$0")/../.."
[ -d server/target/lib ] || ./lutra --version >/dev/null
java -cp "server/target/classes:src/target/classes:server/target/lib/*:agent/target/classes:agent/target/lib/*" \
    tests/src/test/java/dev/lutra/benchmarks/PeakMemory.java "${1:-spos-shufflenetv2}" "${2:-12}" "${3:-30}"
