#!/bin/sh
# Whether two checkouts do the same: three seeds on two spaces, each trained, searched and exported by both, on one thread of
# libtorch. Fronts, weights of the checkpoints, and graphs and weights of the exported ONNX files have to be equal to the bit;
# metadata may differ, and what differs is named. Nothing measured enters: the latencies are counts in a table. All paths are drawn
# uniformly: which path comes first where there is one was changed on purpose. Images are drawn once, for both.
#
#   tests/benchmarks/golden.sh BASE NEW [FOLDER]      two built checkouts; what they made is kept in FOLDER if it is given
#
# GOLDEN_BASE and GOLDEN_NEW are further keys under `supernet:` for one side, such as 'epochs: 3'.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -ge 2 ] || { echo "golden.sh: BASE and NEW missing (expected: two checkouts)" >&2; exit 2; }
base=$(cd "$1" && pwd) new=$(cd "$2" && pwd)
if [ $# -ge 3 ]; then
    mkdir -p "$3" && work=$(cd "$3" && pwd)
else
    work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
fi
export XDG_STATE_HOME="$work/state"
export LUTRA_JAVA_OPTS="-Dai.djl.pytorch.num_threads=1 -Dai.djl.pytorch.num_interop_threads=1 ${LUTRA_JAVA_OPTS:-}"

# Elastic widths, squeeze-and-excite, learned batch norm, dropout and layers left out, none of which the first space has.
cat >"$work/elastic.yaml" <<'YAML'
name: elastic
title: Elastic inverted bottlenecks that may be left out
source: Lutra
input: {channels: 3, size: 32}
classes: 10
scales: [0.5, 1.0]
choices:
  k3: {block: mb, kernel: 3, expand: 4}
  k5se: {block: mb, kernel: 5, expand: 4, se: true}
  skip: {block: skip}
layers:
  - {name: stem, block: conv, kernel: 3, channels: 16, stride: 2}
  - {choices: [k3, k5se, skip], channels: 24, repeat: 3, stride: 2}
  - {choices: [k3, k5se], channels: 40, repeat: 3, stride: 2}
  - {name: last, block: conv, kernel: 1, channels: 64}
  - {block: global-pool}
  - {block: dropout, rate: 0.2}
  - {name: classifier, block: linear}
YAML

golden() {
    java -cp "$new/server/target/lutra-server-0.1.0.jar:$new/server/target/lib/*" \
        "$here/tests/src/test/java/dev/lutra/benchmarks/GoldenFiles.java" "$@"
}

networks() {  # the choices of every layer: 60 architectures, drawn from them
    printf '%s\n' "$@" | awk '{ choices[NR] = $0 } END {
        srand(7)
        for (n = 0; n < 60; n++) {
            arch = ""
            for (i = 1; i <= NR; i++) {
                count = split(choices[i], names, " ")
                arch = arch (i > 1 ? "," : "") names[1 + int(rand() * count)]
            }
            print arch
        }
    }'
}

table() {  # name, space: a table of latencies that are counts of MACs and parameters
    { echo arch,latency_ms
      "$base/lutra" describe "$2" --arch - | sed 's/.*"arch":"\([^"]*\)","macs":\([0-9]*\),"params":\([0-9]*\).*/\1 \2 \3/' |
          awk '{ printf "\"%s\",%.6f\n", $1, 0.1 + $2 / 1e7 + $3 / 1e6 }'; } >"$work/$1.csv"
    "$base/lutra" calibrate "$2" --networks "$work/$1.csv" --device counted --out "$work/$1.table.json" >/dev/null
}

run() {  # checkout, side, name, space, seed, keys under supernet
    folder="$work/$2/$3-$5"
    rm -rf "$folder" && mkdir -p "$folder"
    cp "$work/$3.table.json" "$folder/table.json"
    cat >"$folder/experiment.yaml" <<YAML
name: golden
space: $4
seed: $5
data: {train: "$work/images", validation-share: 0.25}
supernet:
  epochs: 2
  batch: 32
  first-path: 0
  optimizer: {lr: 0.05}
evaluation: {recalibration-images: 128, validation-images: 100}
targets: [{device: counted, table: table.json}]
objectives: [accuracy, latency, params]
search: {population: 8, generations: 3}
export: {top: 2}
YAML
    [ -z "$6" ] || sed -i "/^  ${6%%:*}:/d; s/^supernet:/&\n  $6/" "$folder/experiment.yaml"
    for stage in train search export; do
        "$1/lutra" "$stage" "$folder/experiment.yaml" --out "$folder/run" >"$folder/$stage.log" 2>&1 ||
            { echo "golden.sh: $2: $stage of $3, seed $5, failed:" >&2; tail -5 "$folder/$stage.log" >&2; exit 1; }
    done
}

rm -rf "$work/images"
golden draw "$work/images"
blocks='k3 k5 k7 xception'
networks "$blocks" "$blocks" "$blocks" "$blocks" "$blocks" "$blocks" "$blocks" "$blocks" "$blocks" "$blocks" "$blocks" "$blocks" |
    table shuffle shufflenetv2-cifar
blocks='k3:0.5 k3:1.0 k5se:0.5 k5se:1.0'
networks "$blocks" "$blocks skip" "$blocks skip" "$blocks" "$blocks" "$blocks" | table elastic "$work/elastic.yaml"
for seed in 1 2 3; do
    for name in shuffle elastic; do
        [ $name = shuffle ] && space=shufflenetv2-cifar || space="$work/elastic.yaml"
        run "$base" base $name "$space" $seed "${GOLDEN_BASE:-}"
        run "$new" new $name "$space" $seed "${GOLDEN_NEW:-}"
        set -- "$@" "$name-$seed"
    done
done
shift $(($# - 6))
golden "$work/base" "$work/new" "$@"
