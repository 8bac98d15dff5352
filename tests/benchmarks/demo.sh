#!/usr/bin/env bash
# The demo as a newcomer sees it: N times with the machine to itself and N times beside a busy loop on one core, each in a new
# folder, so that everything is done anew. A line a run, and the shares over all of them.
#
#   tests/benchmarks/demo.sh FOLDER [CALM [BUSY]]       (three each)
#
# Lutra is built first; the build is not in the times. FOLDER gets calm-1 … and busy-1 …, each a run folder with the demo's JSON
# (demo.json), its messages (demo.log) and the accuracies of 20 random paths (paths.txt, dev.lutra.benchmarks.RandomPaths).
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { echo "demo.sh: FOLDER missing" >&2; exit 2; }
folder=$1 calm=${2:-3} busy=${3:-3}
./lutra --version >/dev/null
mkdir -p "$folder"
load=
trap '[ -z "$load" ] || kill "$load" 2>/dev/null || true' EXIT

one() {  # run folder
    mkdir -p "$1"
    begun=$(date +%s%N)
    status=0
    ./lutra demo --json --out "$1" >"$1/demo.json" 2>"$1/demo.log" || status=$?
    echo "$status $((($(date +%s%N) - begun) / 1000000))" >"$1/status"
}

for ((i = 1; i <= calm; i++)); do
    one "$folder/calm-$i"
done
for ((i = 1; i <= busy; i++)); do
    while :; do :; done &
    load=$!
    one "$folder/busy-$i"
    kill "$load"
    wait "$load" 2>/dev/null || true
    load=
done

# as the launcher does for what evaluates
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=67108864 MALLOC_ARENA_MAX=1
for run in "$folder"/calm-* "$folder"/busy-*; do
    [ -f "$run/supernet.safetensors" ] || continue
    java -XX:+UseSerialGC -Dai.djl.offline=true -cp "server/target/lutra-server-0.1.0.jar:server/target/lib/*" \
        tests/src/test/java/dev/lutra/benchmarks/RandomPaths.java "$run/experiment.yaml" "$run" 20 >"$run/paths.txt"
done
"${PYTHON:-/usr/bin/python3}" tests/benchmarks/demo_figures.py "$folder"
