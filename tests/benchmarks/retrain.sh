#!/bin/sh
# Training of one network by itself, as lutra retrain does, beside Python's PyTorch: images a second of the same network, batch, images and
# threads. Rounds, threads, steps and what is printed are those of supernet.sh.
#
#   tests/benchmarks/retrain.sh [ROUNDS [THREADS [STEPS]]]      run it on a machine that does nothing else
set -eu
ALONE=1 exec "$(dirname "$0")/supernet.sh" "$@"
