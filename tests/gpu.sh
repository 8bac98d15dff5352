#!/bin/sh
# What Lutra does on an NVIDIA GPU, in ten minutes at most after the build: trains a supernet on it, measures with CUDA in float32 and float16,
# searches, exports and verifies, and prints the figures. With several GPUs it times a training on all of them too.
# usage: tests/gpu.sh [work folder]      (needs an NVIDIA GPU with its driver, and the internet for the first build)
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
work=${1:-$(mktemp -d)}
mkdir -p "$work"
export LUTRA_MVN_OPTS=-Pcuda LUTRA_OFFLINE=false XDG_STATE_HOME="$work/state" XDG_CACHE_HOME="$work/cache"

command -v nvidia-smi >/dev/null || { echo "gpu: no nvidia-smi on the PATH (expected: an NVIDIA GPU and its driver)" >&2; exit 2; }
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
gpus=$(nvidia-smi --query-gpu=name --format=csv,noheader | wc -l)
cd "$work"
"$here/lutra" --version # builds

# $1 name, $2 gpus, $3 what stands under supernet, $4 precision
experiment() {
    cat >"$1.yaml" <<END
name: $1
space: spos-shufflenetv2
image-size: 128
device: cuda
gpus: $2
data: {train: "synthetic:10x400", test: "synthetic:10x50"}
supernet: {$3}
evaluation: {recalibration-images: 512, validation-images: 400, batch: 128}
targets:
  - {device: local, provider: cuda, precision: $4, latency: {p50: 50 ms}}
profile: {budget: 60 s, calibrate: 8, held-out: 4}
search: {algorithm: lutra, budget: 40}
export: {top: 1}
END
}

images_per_second() {
    sed -n 's/.*"event":"training-pace".*"images-per-second":\([0-9.]*\).*/\1/p' "runs/$1/metrics.jsonl" | sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'
}

ended() {
    echo "== $1: $(($(date +%s) - begun)) s"
}

for precision in float32 float16; do
    begun=$(date +%s)
    if [ "$precision" = float32 ]; then supernet="epochs: 4, batch: 64, probes: 0"; else supernet="from: runs/gpu-float32"; fi
    experiment "gpu-$precision" 1 "$supernet" "$precision"
    timeout 240 "$here/lutra" run "gpu-$precision.yaml" >"gpu-$precision.txt" || { cat "gpu-$precision.txt"; echo "gpu: $precision failed" >&2; exit 1; }
    cat "gpu-$precision.txt"
    ended "$precision"
done

echo "training: $(images_per_second gpu-float32) images/s on one GPU"

if [ "$gpus" -gt 1 ]; then
    begun=$(date +%s)
    experiment gpu-all "$gpus" "epochs: 2, batch: $((64 * gpus)), probes: 0" float32
    timeout 100 "$here/lutra" train gpu-all.yaml
    echo "training: $(images_per_second gpu-all) images/s on $gpus GPUs"
    ended "$gpus GPUs"
fi
echo "gpu: all of it ran; files are in $work"
