#!/bin/sh
# How well latencies repeat: one experiment profiled twice, some time apart, by processes of their own, which have the sentinels'
# reference levels of the state folder in common, as those of two days have. Beside the naive way, which has as long as Lutra took
# (dev.lutra.benchmarks.NaiveLatency). The experiment's target is the local device, its networks come from profile.calibrate and
# profile.held-out.
#
#   tests/benchmarks/repeat.sh EXPERIMENT CLASSES FOLDER [SECONDS_BETWEEN]
#
# FOLDER gets first/ and second/, each a run folder with its table, and naive-1 and naive-2.
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 3 ] || { echo "repeat.sh: EXPERIMENT, CLASSES and FOLDER missing" >&2; exit 2; }
experiment=$1 classes=$2 folder=$3 between=${4:-3600}
[ -d server/target/lib ] || ./lutra --version >/dev/null
mkdir -p "$folder"

profile() {  # run folder
    begin=$(date +%s)
    ./lutra profile "$experiment" --out "$1"
    took=$(($(date +%s) - begin))
}

naive() {  # run folder, result
    java -cp "server/target/classes:src/target/classes:server/target/lib/*:agent/target/lib/*" \
        tests/src/test/java/dev/lutra/benchmarks/NaiveLatency.java "$1"/lut/*.json "$classes" 1 "$took" > "$2"
}

profile "$folder/first"
naive "$folder/first" "$folder/naive-1"
sleep "$between"
profile "$folder/second"
naive "$folder/second" "$folder/naive-2"
./lutra lut diff "$folder"/first/lut/*.json "$folder"/second/lut/*.json
"${PYTHON:-/usr/bin/python3}" tests/benchmarks/repeat_error.py "$folder"
