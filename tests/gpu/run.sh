#!/usr/bin/env bash
# Everything that wants a GPU, in one call of a few minutes: the tests, then the speed of training and generation beside the same models in TorchSharp. A Markdown page for
# tests/gpu/RESULTS.md goes to standard output, all else to standard error.
#
#   tests/gpu/run.sh > tests/gpu/RESULTS.md     on an NVIDIA GPU or a Mac's by libtorch, else on the first OpenCL device
#   MEZCLA_DEVICE=opencl:0 tests/gpu/run.sh     on the device of this name: cuda, cuda:1, mps, opencl, opencl:1
#   tests/gpu/run.sh quick                      with tiny models; with MEZCLA_DEVICE=torch:cpu or opencl:0 (PoCL) it shows that this script works
#
# The machine needs the .NET 10 runtime (`dotnet` on the path, or DOTNET=/path/to/dotnet) and, for libtorch, what `mezcla doctor --install torch --cuda` (a Mac: without --cuda)
# fetches; for OpenCL, its driver. Python with PyTorch fills two more columns where it is installed. Where there is no SDK, build before the tree is carried there:
# dotnet build Mezcla.slnx -c Release; the folders bin/ under src/Mezcla.Cli and under tests/ Mezcla.Tensors.Tests, Mezcla.Tests, Mezcla.Tensors.Torch.Tests and Mezcla.Benchmarks must come along.
#
# What was tried: `quick` with torch:cpu and with opencl:0 (PoCL) on 29 November 2026; all tests passed and every speed was measured. What was not: a GPU.
#
#   SECONDS_EACH   seconds for each measurement (3; quick: 1)
#   ONLY           which benchmarks, such as train_124M,moe_124M,gen_124M
set -u
cd "$(dirname "$0")/../.." || exit 1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
if [ -z "${MEZCLA_DEVICE:-}" ]; then
    MEZCLA_DEVICE=opencl:0
    [ "$(uname -sm)" = "Darwin arm64" ] && MEZCLA_DEVICE=mps
    command -v nvidia-smi >/dev/null && MEZCLA_DEVICE=cuda
fi
export MEZCLA_DEVICE
# A bare machine has no ICU.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}"
dotnet="${DOTNET:-dotnet}" only="${ONLY:-}" seconds="${SECONDS_EACH:-3}" failed=0
if [ "${1:-}" = quick ]; then
    only="${ONLY:-train_tiny,moe_tiny,gen_tiny,gen64_tiny}" seconds="${SECONDS_EACH:-1}"
fi
say() { echo "== $*" >&2; }

command -v "$dotnet" >/dev/null || { echo "There is no '$dotnet': install the .NET 10 runtime, or say where it is with DOTNET=/path/to/dotnet." >&2; exit 1; }
program() { echo "$1/bin/Release/net10.0/$(basename "$1").dll"; }
case "$MEZCLA_DEVICE" in opencl*) suites="tests/Mezcla.Tensors.Tests tests/Mezcla.Tests" ;; *) suites=tests/Mezcla.Tensors.Torch.Tests ;; esac
for project in src/Mezcla.Cli $suites tests/Mezcla.Benchmarks; do
    [ -f "$(program "$project")" ] && continue
    say "building $project"
    "$dotnet" build "$project" -c Release -v q --nologo >&2 || { echo "$project is not built: dotnet build Mezcla.slnx -c Release, where the SDK is, then carry the tree here." >&2; exit 1; }
done

# tests TITLE PROJECT OPTIONS...: runs them and prints a row; what fails is shown on standard error.
tests() {
    local title="$1" dll log start=$SECONDS
    dll="$(program "$2")" log="$(mktemp)"
    shift 2
    say "$title"
    "$dotnet" "$dll" -noLogo -noColor "$@" >"$log" 2>&1
    local status=$? summary
    summary="$(grep -oE 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$log" | tail -1)"
    grep -A 8 '\[FAIL\]' "$log" | head -60 >&2
    # On the device that is asked for, tests that are skipped have not passed.
    sed -E 's/Total: ([0-9]+),.*Skipped: ([0-9]+)/[ \1 -gt \2 ]/' <<<"$summary" | bash || { failed=1; grep -A 1 -m 1 '\[SKIP\]' "$log" >&2; }
    [ -n "$summary" ] && [ "$status" -eq 0 ] || { failed=1; [ -n "$summary" ] || tail -5 "$log" >&2; }
    echo "| $title | ${summary:-ended with status $status before its summary} | $((SECONDS - start)) s |"
    rm -f "$log"
}

say "devices"
echo "# Mezcla on a GPU"
echo
echo "$(date -u '+%Y-%m-%d %H:%M UTC'), \`MEZCLA_DEVICE=$MEZCLA_DEVICE\`, commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown)."
echo
echo '```text'
"$dotnet" "$(program src/Mezcla.Cli)" doctor 2>&1 || failed=1
command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader
echo '```'
echo
echo "## Tests"
echo
echo "| | | time |"
echo "|---|---|---|"
case "$MEZCLA_DEVICE" in
    opencl*)
        tests "Operations by OpenCL" tests/Mezcla.Tensors.Tests -class Mezcla.Tensors.Tests.Operations.OpenClOperationTests
        [ "${1:-}" = quick ] || tests "Operations by OpenCL, groups of 256" tests/Mezcla.Tensors.Tests -class Mezcla.Tensors.Tests.Operations.OpenClGroupTests
        tests "Models by OpenCL" tests/Mezcla.Tests -class Mezcla.Tests.Devices.OpenClModelTests
        ;;
    *)
        tests "Operations by libtorch" tests/Mezcla.Tensors.Torch.Tests -class Mezcla.Tensors.Torch.Tests.TorchOperationTests
        tests "Models by libtorch" tests/Mezcla.Tensors.Torch.Tests -namespace Mezcla.Tensors.Torch.Tests.Models
        tests "Operations and models beside TorchSharp" tests/Mezcla.Tensors.Torch.Tests -namespace Mezcla.Tensors.Torch.Tests.Oracle
        ;;
esac
echo
echo "## Speed"
echo
say "speed"
"$dotnet" "$(program tests/Mezcla.Benchmarks)" gpu --device "$MEZCLA_DEVICE" --seconds "$seconds" ${only:+--only "$only"} || failed=1
say "done, $([ "$failed" -eq 0 ] && echo 'nothing failed' || echo 'something FAILED: see above')"
exit "$failed"
