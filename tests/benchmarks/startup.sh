#!/usr/bin/env bash
# startup.sh [RUNS] [LAUNCHER]: CPU seconds, user and system together, of commands that are to answer at once, beside the smallest
# program that picocli makes, on the same JVM; median and least of RUNS, after one run that is not counted, and the medians' ratio.
# Without LAUNCHER: ./lutra.
set -euo pipefail
export LC_ALL=C.UTF-8 # decimal points

runs=${1:-11}
lutra=$(readlink -f "${2:-$(dirname "$0")/../../lutra}")
cd "$(dirname "$0")/../.."
jdk=${JAVA_HOME:+$JAVA_HOME/bin/}
hello=$(mktemp -d)
trap 'rm -rf "$hello"' EXIT

"$lutra" --version >/dev/null # builds if need be
picocli=$(ls server/target/lib/picocli-*.jar)
"${jdk}javac" -proc:none -cp "$picocli" -d "$hello" tests/src/test/java/dev/lutra/benchmarks/HelloPicocli.java
printf 'Main-Class: dev.lutra.benchmarks.HelloPicocli\nClass-Path: picocli.jar\n' >"$hello/manifest"
cp "$picocli" "$hello/picocli.jar"
"${jdk}jar" cfm "$hello/hello.jar" "$hello/manifest" -C "$hello" dev

TIMEFORMAT='%U %S'
cpu() {
    "$@" >/dev/null
    for _ in $(seq "$runs"); do
        { time "$@" >/dev/null 2>&1; } 2>&1
    done | awk '{print $1 + $2}' | sort -n | awk '{seconds[NR] = $1} END {print seconds[int((NR + 1) / 2)], seconds[1]}'
}

base=
row() {
    local name=$1 times
    shift
    times=$(cpu "$@")
    base=${base:-${times% *}}
    echo "$times $base" | awk -v name="$name" '{printf "%-24s %6.2f s, least %.2f s  %5.2f x\n", name, $1, $2, $1 / $3}'
}
arch=k3e3,k3e3,skip,skip,k5e4,k3e3,k3e4,skip,k5e4,k3e3,k5e4,skip,k3e6,k3e4,k3e4,skip,k3e6,k3e3,k3e4,k3e6
row 'hello world' "${jdk}java" -jar "$hello/hello.jar"
row 'lutra --help' "$lutra" --help
row 'lutra describe --arch' "$lutra" describe spos-shufflenetv2 --arch random
row 'lutra predict' "$lutra" predict ofa-mobilenetv3-12 --arch "$arch" --lut lut/note10-ofa.json
row 'lutra spaces' "$lutra" spaces
row 'lutra describe' "$lutra" describe shufflenetv2-cifar
