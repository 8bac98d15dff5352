#!/bin/sh
# A cluster of two workers of one core each on this machine beside one process: candidates per second and what a task costs besides judging; then
# the training of a supernet by two learners, averaged every 1, 4, 16 and 64 steps, beside that by one.
#
#   tests/benchmarks/spark.sh FOLDER IMAGES [VALIDATION-IMAGES [EPOCHS]]
#
# FOLDER keeps runs and event logs, and is emptied of those of before; IMAGES has one folder of images a class, as of CIFAR-10, of which a tenth judges
# candidates: 6,000 are enough. With more VALIDATION-IMAGES (500) a candidate takes longer. Build with ./lutra --spark x before. Figures are printed as they
# come; once five and a half minutes have gone, no further training is begun.
set -eu

home=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
mkdir -p "$1"
folder=$(CDPATH='' cd -- "$1" && pwd -P)
images=$(CDPATH='' cd -- "$2" && pwd -P)
validation=${3:-500}
epochs=${4:-1}
begun=$(date +%s)
lutra="$home/lutra"
figures="$home/tests/benchmarks/spark_figures.py"
export XDG_STATE_HOME="$folder/state" XDG_CACHE_HOME="$folder/cache" SPARK_LOCAL_IP=127.0.0.1

rm -rf "$folder"/trained "$folder"/train-* "$folder"/events-*

# NAME EVALUATORS SUPERNET
experiment() {
    cat >"$folder/$1.yaml" <<YAML
name: job
space: shufflenetv2-cifar
data: {train: "$images"}
supernet: {epochs: $epochs, batch: 64, probes: 0, first-path: 0$3}
evaluation: {recalibration-images: 512, validation-images: $validation, evaluators: $2}
objectives: [accuracy, macs]
search: {algorithm: nsga2, population: 16, generations: 3}
YAML
}
experiment one 1 ""
experiment two 2 ""
learners="same-1 same-16 same-64 same-4 own-16" # the projection takes the first two
for training in $learners; do
    experiment "train-$training" 2 ", data-parallel: {workers: 2, period: ${training#*-}, paths: ${training%-*}}"
done

# in a folder that no run has: a cluster whose libraries are deleted ends all that it was given
"$home/tests/spark_cluster.sh" "$folder/workers" 2 1 3g >"$folder/workers.said" 2>&1 &
cluster=$!
trap 'kill $cluster 2>/dev/null; wait $cluster 2>/dev/null' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
rm -f "$folder/workers/master"
until [ -f "$folder/workers/master" ]; do kill -0 $cluster; sleep 0.2; done
master=$(cat "$folder/workers/master")

# RUN COMMAND FILE OPTION...
lutra_in() {
    run=$1
    shift
    rm -rf "$folder/events-$run" && mkdir -p "$folder/events-$run"
    LUTRA_JAVA_OPTS="-Dai.djl.pytorch.num_threads=1 -Dspark.executor.memory=1g -Dspark.eventLog.enabled=true -Dspark.eventLog.compress=false -Dspark.eventLog.rolling.enabled=false -Dspark.eventLog.dir=file:$folder/events-$run" \
        "$lutra" "$@" --out "$folder/$run" 2>"$folder/$run.log" >/dev/null || { tail -n 3 "$folder/$run.log" >&2; exit 1; }
}

lutra_in trained train "$folder/one.yaml"
for run in one two cluster; do
    rm -rf "${folder:?}/$run"
    mkdir "$folder/$run"
    cp "$folder/trained/lutra.db" "$folder/trained/supernet.safetensors" "$folder/$run/"
done
lutra_in one search "$folder/one.yaml"
lutra_in two search "$folder/two.yaml"
lutra_in cluster search "$folder/two.yaml" --spark "$master"
cmp "$folder/one/front.json" "$folder/cluster/front.json" && cmp "$folder/one/front.json" "$folder/two/front.json" && echo "fronts: the same"
python3 "$figures" candidates "$folder"
for training in $learners; do
    if [ $(($(date +%s) - begun)) -gt 330 ]; then
        echo "no time left for $training"
        continue
    fi
    lutra_in "train-$training" train "$folder/train-$training.yaml" --spark "$master"
    python3 "$figures" training "$folder" trained "train-$training"
done
if [ -d "$folder/events-train-same-16" ]; then python3 "$figures" projection "$folder" train-same-1 train-same-16; fi
