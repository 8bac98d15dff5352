#!/usr/bin/env bash
# startup.sh [RUNS] [LAUNCHER]: CPU seconds, user and system together, of commands that are to answer at once, beside the smallest
# program that picocli makes, on the same JVM; the median of RUNS, after one run that is not counted. Without LAUNCHER: ./lutra.
set -euo pipefail
cd "$(dirname "$0")/../.."

runs=${1:-11}
lutra=${2:-./lutra}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
hello=$(mktemp -d)
trap 'rm -rf "$hello"' EXIT

"$lutra" --version >/dev/null # builds if need be
picocli=$(ls server/target/lib/picocli-*.jar)
javac -proc:none -cp "$picocli" -d "$hello" tests/src/test/java/dev/lutra/benchmarks/HelloPicocli.java
printf 'Main-Class: dev.lutra.benchmarks.HelloPicocli\nClass-Path: picocli.jar\n' >"$hello/manifest"
cp "$picocli" "$hello/picocli.jar"
jar cfm "$hello/hello.jar" "$hello/manifest" -C "$hello" dev

TIMEFORMAT='%U %S'
median_cpu() {
    "$@" >/dev/null 2>&1
    for _ in $(seq "$runs"); do
        { time "$@" >/dev/null 2>&1; } 2>&1
    done | awk '{print $1 + $2}' | sort -n | awk '{seconds[NR] = $1} END {print seconds[int((NR + 1) / 2)]}'
}

base=$(median_cpu "$java" -jar "$hello/hello.jar")
row() {
    printf '%-24s %6.2f s  %5.2f x\n' "$1" "$2" "$(echo "$2 $base" | awk '{print $1 / $2}')"
}
arch=k3e3,k3e3,skip,skip,k5e4,k3e3,k3e4,skip,k5e4,k3e3,k5e4,skip,k3e6,k3e4,k3e4,skip,k3e6,k3e3,k3e4,k3e6
row 'hello world' "$base"
row 'lutra --help' "$(median_cpu "$lutra" --help)"
row 'lutra describe --arch' "$(median_cpu "$lutra" describe spos-shufflenetv2 --arch random)"
row 'lutra predict' "$(median_cpu "$lutra" predict ofa-mobilenetv3-12 --arch "$arch" --lut lut/note10-ofa.json)"
row 'lutra spaces' "$(median_cpu "$lutra" spaces)"
row 'lutra describe' "$(median_cpu "$lutra" describe shufflenetv2-cifar)"
