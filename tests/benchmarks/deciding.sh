#!/bin/sh
# A whole run against what takes no search: supernet, search, verify and repair, retrained winner, beside (a) 50 random networks that keep
# the same limit, all judged by the supernet, of which the best is retrained and the three whose MACs are nearest to the winner's, (b) the
# largest network under the limit, (c) nsga2 with as many evaluations, (d) the largest network of the space. Everything is retrained the
# same short way; one table says accuracy and measured latency.
#
#   tests/benchmarks/deciding.sh TRAIN TEST OUT [EPOCHS [RETRAIN-EPOCHS [BUDGET]]]
#
# TRAIN and TEST as an experiment names images, such as folders of CIFAR-10's as JPEG files; EPOCHS of the supernet, 30, and RETRAIN-EPOCHS,
# 20; BUDGET of either search, 500. In the environment, PROFILE is the experiments' `profile`, and ROWS those of the table (lutra best random
# limit nsga2 largest), all of them unless it is set. This machine is the device, and the limit lies between its fastest and its slowest
# network. OUT keeps the runs: what was killed goes on there with the same command, which may also name more rows.
set -eu
[ $# -ge 3 ] || { echo "deciding.sh TRAIN TEST OUT [EPOCHS [RETRAIN-EPOCHS [BUDGET]]]" >&2; exit 2; }
absolute() { case $1 in *:*) echo "$1" ;; *) realpath "$1" ;; esac; }
train=$(absolute "$1") test=$(absolute "$2") epochs=${4:-30} retrain=${5:-20} budget=${6:-500}
rows=${ROWS:-lutra best random limit nsga2 largest}
mkdir -p "$3"
out=$(realpath "$3")
cd "$(dirname "$0")/../.."
figures() { "${PYTHON:-/usr/bin/python3}" tests/benchmarks/deciding.py "$@"; }

figures base "$out" "$train" "$test" "$epochs" "$retrain"
./lutra train "$out/base.yaml" --out "$out/base"
./lutra profile "$out/base.yaml" --out "$out/base"
for network in fastest slowest; do
    [ -s "$out/$network.json" ] || ./lutra predict shufflenetv2-cifar --classes 10 --arch "$(figures "$network")" \
        --lut "$out"/base/lut/*.json --json >"$out/$network.json"
done
figures searches "$out" "$train" "$test" "$retrain" "$budget"
status=0
./lutra run "$out/lutra.yaml" --out "$out/lutra" --json >"$out/lutra.json" || status=$?
[ "$status" -le 1 ] || exit "$status"
for search in random limit nsga2 largest; do
    case "$search: $rows" in
        random:*best* | random:*random* | limit:*limit* | nsga2:*nsga2* | largest:*largest*) ./lutra search "$out/$search.yaml" --out "$out/$search" ;;
    esac
done
figures chosen "$out" $rows >"$out/chosen"
# devices may find a network over the limit: that is a row of the table
# shellcheck disable=SC2046  # an option a word
./lutra retrain "$out/lutra.yaml" --out "$out/lutra" $(cut -d ' ' -f 2 "$out/chosen" | sort -u | sed 's/^/--arch /') --json \
    >"$out/retrained.json" || [ $? -eq 1 ]
figures table "$out"
