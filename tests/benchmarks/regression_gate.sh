#!/bin/sh
# How often lutra verify --baseline calls a model slower that is not, and finds one that is. Goes on where it stopped.
#
#   tests/benchmarks/regression_gate.sh FOLDER [REPETITIONS [TIME-LIMIT]]
#
# REPETITIONS (default: 50) of both: the same network against its baseline, and that network with five parts in a hundred more to do. A true
# slow-down needs a model whose latency is known to be 5 % more: a block is chained 20 times, and 21 times in the slow one.
# TIME-LIMIT of one measurement (default: '60 s'). FOLDER gets every verdict and regression_gate.md.
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { echo "regression_gate.sh: FOLDER missing" >&2; exit 2; }
repetitions=${2:-50} limit=${3:-60 s}
lutra=${LUTRA:-$PWD/lutra}
models=$PWD/tests/benchmarks/regression_models.py
mkdir -p "$1"
folder=$(cd "$1" && pwd)
export XDG_STATE_HOME="$folder/state"
cd "$folder"
[ -f twenty-one.onnx ] || /usr/bin/python3 "$models" 20 twenty.onnx 21 twenty-one.onnx
[ -f base.json ] || "$lutra" verify twenty.onnx --baseline base.json --update --time-limit "$limit" >&2
for number in $(seq "$repetitions"); do
    for model in twenty twenty-one; do
        verdict=$model-$number.json
        [ -s "$verdict" ] && continue
        code=0
        "$lutra" verify "$model.onnx" --baseline base.json --max-regression 3% --time-limit "$limit" --json >verdict.part || code=$?
        [ "$code" -le 1 ] && [ -s verdict.part ] || { echo "regression_gate.sh: verify ended with $code" >&2; exit 1; }
        mv verdict.part "$verdict"
    done
done
/usr/bin/python3 - "$repetitions" >regression_gate.md <<'PYTHON'
import json, statistics, sys
count = int(sys.argv[1])
print("| model | called slower | change in the median | by chance, median | found in 9 of 10, median |")
print("|---|---|---|---|---|")
for model in ("twenty", "twenty-one"):
    verdicts = [json.load(open("%s-%d.json" % (model, number + 1))) for number in range(count)]
    print("| %s | %d of %d | %+.1f %% | %.1f %% | %.1f %% |" % (
        {"twenty": "as the baseline", "twenty-one": "5 % more to do"}[model], sum(verdict["slower"] for verdict in verdicts), count,
        *(100 * statistics.median(verdict[name] for verdict in verdicts) for name in ("change", "by_chance", "found_in_9_of_10"))))
PYTHON
cat regression_gate.md
