#!/bin/sh
# What averaging costs a supernet: trained by one learner, and by two that are averaged every 1, 4, 16 and 64 steps, on the same paths and on paths of their
# own; losses, accuracy of random paths, and the order of networks beside that of networks trained by themselves. Learners take turns on this machine, which
# comes to the same weights as a cluster.
#
#   tests/benchmarks/rounds.sh FOLDER IMAGES [EPOCHS [NETWORKS]]
#
# IMAGES has the folders train and test, each with one folder of images a class, of ten; 6,000 and 3,000 of CIFAR-10 are enough.
set -eu

home=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
mkdir -p "$1"
folder=$(CDPATH='' cd -- "$1" && pwd -P)
images=$(CDPATH='' cd -- "$2" && pwd -P)
epochs=${3:-10}
networks=${4:-16}
export LUTRA_JAVA_OPTS="-Dai.djl.pytorch.num_threads=1" XDG_STATE_HOME="$folder/state" XDG_CACHE_HOME="$folder/cache"

cat >"$folder/small.yaml" <<'YAML'
name: small
title: Six layers for small images, whose 108 networks differ much
source: tests/benchmarks/rounds.sh
input: {channels: 3, size: 32}
classes: 10
batch-norm: {learned-in-supernet: false}
choices:
  e1: {block: mb, kernel: 3, expand: 1}
  e6: {block: mb, kernel: 5, expand: 6}
  skip: {block: skip}
layers:
  - {name: stem, block: conv, kernel: 3, channels: 16, stride: 2}
  - {choices: [e1, e6], channels: 24, stride: 2}
  - {choices: [skip, e1, e6], channels: 24}
  - {choices: [e1, e6], channels: 48, stride: 2}
  - {choices: [skip, e1, e6], channels: 48, repeat: 2}
  - {name: last, block: conv, kernel: 1, channels: 128}
  - {block: global-pool}
  - {name: classifier, block: linear, bias: false}
YAML

# NAME SUPERNET MORE
experiment() {
    cat >"$folder/$1.yaml" <<YAML
name: $1
space: small.yaml
data: {train: "$images/train", validation: "$images/test"}
evaluation: {recalibration-images: 1024, validation-images: 3000, evaluators: 1}
objectives: [accuracy, macs]
supernet: {batch: 64, probes: 0, first-path: 0, $2}
$3
YAML
}

# NAME COMMAND
lutra() {
    "$home/lutra" "$2" "$folder/$1.yaml" --out "$folder/$1" 2>"$folder/$1.log" >"$folder/$1.out" || { tail -n 3 "$folder/$1.log" >&2; exit 1; }
}

experiment alone "epochs: 1" "retrain: {epochs: 4, batch: 64}
rank: {train: $networks}"
lutra alone train
lutra alone rank
python3 "$home/tests/benchmarks/rounds_figures.py" table "$folder" >"$folder/alone.csv"
for run in one-1 same-1 same-4 same-16 same-64 own-1 own-16 own-64; do
    learners=", data-parallel: {workers: 2, period: ${run#*-}, paths: ${run%-*}}"
    [ "$run" != one-1 ] || learners=
    experiment "$run" "epochs: $epochs$learners" "rank: {table: alone.csv, networks: $networks}"
    lutra "$run" train
    lutra "$run" rank
    python3 "$home/tests/benchmarks/rounds_figures.py" row "$folder" "$run"
done
