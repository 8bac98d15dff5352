#!/bin/sh
# A cluster of two workers of one core each on this machine beside one process: candidates per second and what a task costs besides judging, and
# the training of a supernet by two learners beside that by one.
#
#   tests/benchmarks/spark.sh FOLDER IMAGES [VALIDATION-IMAGES [EPOCHS]]
#
# FOLDER keeps runs and event logs; IMAGES has one folder of images a class, as of CIFAR-10. With more VALIDATION-IMAGES (2000) a
# candidate takes longer. Build with ./lutra --spark x before.
set -eu

home=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
mkdir -p "$1"
folder=$(CDPATH='' cd -- "$1" && pwd -P)
images=$(CDPATH='' cd -- "$2" && pwd -P)
validation=${3:-2000}
epochs=${4:-2}
lutra="$home/lutra"
export XDG_STATE_HOME="$folder/state" XDG_CACHE_HOME="$folder/cache" SPARK_LOCAL_IP=127.0.0.1
one_thread="-Dai.djl.pytorch.num_threads=1"

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
experiment shares 2 ", data-parallel: {workers: 2, period: 1}"
experiment rounds 2 ", data-parallel: {workers: 2, period: 8}"
experiment own 2 ", data-parallel: {workers: 2, period: 8, paths: own}"

"$home/tests/spark_cluster.sh" "$folder/cluster" 2 1 3g >"$folder/cluster.said" 2>&1 &
cluster=$!
trap 'kill $cluster 2>/dev/null; wait $cluster 2>/dev/null' EXIT
until [ -f "$folder/cluster/master" ]; do kill -0 $cluster; sleep 0.2; done
master=$(cat "$folder/cluster/master")

# RUN COMMAND FILE OPTION...
lutra_in() {
    run=$1
    shift
    rm -rf "$folder/events-$run" && mkdir -p "$folder/events-$run"
    LUTRA_JAVA_OPTS="$one_thread -Dspark.executor.memory=2g -Dspark.eventLog.enabled=true -Dspark.eventLog.compress=false -Dspark.eventLog.rolling.enabled=false -Dspark.eventLog.dir=file:$folder/events-$run" \
        "$lutra" "$@" --out "$folder/$run" 2>"$folder/$run.log" >/dev/null || { tail -n 3 "$folder/$run.log" >&2; exit 1; }
}

rm -rf "$folder/trained" && lutra_in trained train "$folder/one.yaml"
for run in one two cluster; do
    rm -rf "$folder/$run" && mkdir "$folder/$run"
    cp "$folder/trained/lutra.db" "$folder/trained/supernet.safetensors" "$folder/$run/"
done
lutra_in one search "$folder/one.yaml"
lutra_in two search "$folder/two.yaml"
lutra_in cluster search "$folder/two.yaml" --spark "$master"
cmp "$folder/one/front.json" "$folder/cluster/front.json" && cmp "$folder/one/front.json" "$folder/two/front.json" && echo "fronts: the same"
for run in shares rounds own; do
    rm -rf "$folder/train-$run" && lutra_in "train-$run" train "$folder/$run.yaml" --spark "$master"
done
python3 "$home/tests/benchmarks/spark_figures.py" "$folder"
