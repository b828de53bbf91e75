#!/usr/bin/env bash
# Makes datasets/runs/quantization/: trains small models with `mezcla train` and measures with `mezcla study` what fewer bits and fewer weights cost them.
# What has several seeds is made by quantization_runs.cs, which this script calls at its end.   quantization_runs.sh [FOLDER FOR THE MODELS]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
models=${1:-$(mktemp -d)}
runs=$root/datasets/runs/quantization
mezcla() { dotnet "$root/src/Mezcla.Cli/bin/Release/net10.0/Mezcla.Cli.dll" "$@"; }
mkdir -p "$runs" "$models"
rm -f "$runs"/*.jsonl
cd "$models"

mezcla train --data moby-dick --layers 3 --hidden 128 --heads 4 --context 64 --vocabulary 512 --steps 1200 --batch 16 --output dense.safetensors
mezcla train --data moby-dick --layers 2 --hidden 64 --heads 4 --context 64 --vocabulary 512 --experts 8 --top-k 2 --steps 1200 --batch 16 --output moe.safetensors

# Quantization-aware training from the first step, recorded so that `mezcla replay` can run it again.
for format in TERNARY INT4_ABSMAX; do
    mezcla train --data moby-dick --layers 2 --hidden 64 --heads 4 --context 64 --vocabulary 512 --steps 300 --batch 16 --quantize "$format" \
        --record "$runs/aware-$(tr 'A-Z_' 'a-z-' <<<"$format").jsonl" --output "aware-$format.safetensors"
done

mezcla study formats dense.safetensors --data moby-dick --output "$runs/formats.jsonl"
mezcla study activations dense.safetensors --data moby-dick --output "$runs/activations.jsonl"
mezcla study pruning moe.safetensors --data moby-dick --output "$runs/pruning.jsonl"
cd "$root"
dotnet run -c Release datasets/scripts/quantization_runs.cs "$runs"
