#!/bin/sh
# A table of shufflenetv2-cifar for OpenCV beside one for ONNX Runtime: error and interval coverage on networks held out, the order in
# which both runtimes rank networks that both have measured, and the winners of each measured in the other. Goes on where it stopped.
#
#   tests/benchmarks/other_runtime.sh FOLDER [PROFILE [NETWORKS]]
#
# PROFILE is an experiment's profile section (default: that of docs/benchmarks.md), NETWORKS how many random networks both runtimes rank
# (default: 30). Needs Debian's python3-opencv. FOLDER gets the runs, the measurements and other_runtime.md.
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { echo "other_runtime.sh: FOLDER missing" >&2; exit 2; }
profile=${2:-"{calibrate: 30, held-out: 20, half-width: 0.02, rounds: 5, slice: 120 ms, time-limit: 4 s}"}
networks=${3:-30}
lutra=${LUTRA:-$PWD/lutra}
figures=$PWD/tests/benchmarks/other_runtime.py
mkdir -p "$1/config/lutra" "$1/networks"
folder=$(cd "$1" && pwd)
cp agent/runtimes/opencv_dnn.py "$folder/config/lutra"
sed '/onnxruntime-node:/,$d' agent/runtimes/runtimes.yaml >"$folder/config/lutra/runtimes.yaml"
export XDG_CONFIG_HOME="$folder/config" XDG_STATE_HOME="$folder/state"
cd "$folder"

for provider in cpu opencv; do
    # the second run takes the supernet of the first: what differs is the device's runtime
    supernet='{epochs: 2, batch: 32}'
    [ "$provider" = cpu ] || supernet="{from: $folder/runs/cpu}"
    cat >"$provider.yaml" <<YAML
name: $provider
space: shufflenetv2-cifar
data: {train: "synthetic:10x100", test: "synthetic:10x20"}
supernet: $supernet
evaluation: {recalibration-images: 200, validation-images: 200}
objectives: [accuracy, latency]
search: {population: 30, generations: 6, seed: 1}
export: {top: 5}
targets: [{device: local, provider: $provider}]
profile: $profile
YAML
    [ -f "runs/$provider/report.html" ] || "$lutra" run "$provider.yaml" >&2
done

# a file measured in a runtime, once
measured() {
    [ -f "$3" ] || "$lutra" verify "$1" --baseline "$3" --update --provider "$2" --half-width 1% --time-limit '20 s' >&2
}
for number in $(seq "$networks"); do
    file=networks/$number.onnx
    [ -f "$file" ] || { "$lutra" export-arch shufflenetv2-cifar --arch random --seed "$number" --out "$file" >&2 && [ -f "$file" ]; }
    for provider in cpu opencv; do
        measured "$file" "$provider" "networks/$number-$provider.json"
    done
done
for run in cpu opencv; do
    for file in "runs/$run"/export/*.onnx; do
        for provider in cpu opencv; do
            measured "$file" "$provider" "networks/$run-$(basename "$file" .onnx)-$provider.json"
        done
    done
done
python3 "$figures" "$folder" >other_runtime.md
cat other_runtime.md
