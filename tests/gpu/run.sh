#!/usr/bin/env bash
# Everything that wants a GPU, in one call of a few minutes: the tests, then the speed of training and generation beside PyTorch's. A Markdown page for tests/gpu/RESULTS.md goes to standard
# output, all else to standard error.
#
#   tests/gpu/run.sh > tests/gpu/RESULTS.md     on the first OpenCL device
#   tests/gpu/run.sh quick                      on PoCL, with tiny models: shows that this script works
#
# The machine needs an OpenCL driver, python3 with PyTorch, and the .NET 10 runtime (`dotnet` on the path, or DOTNET=/path/to/dotnet). Where there
# is no SDK, build before the tree is carried there: dotnet build Mezcla.slnx -c Release; the folders bin/ under src/Mezcla.Cli, tests/Mezcla.Tensors.Tests, tests/Mezcla.Tests and
# tests/Mezcla.Benchmarks must come along.
#
#   SECONDS_EACH   seconds for each measurement (3; quick: 1)
#   ONLY           which benchmarks, such as train_3M,train_124M
set -u
cd "$(dirname "$0")/../.." || exit 1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MEZCLA_DEVICE="${MEZCLA_DEVICE:-opencl:0}"
# A bare machine has no ICU.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}"
dotnet="${DOTNET:-dotnet}" only="${ONLY:-}" seconds="${SECONDS_EACH:-3}" failed=0
if [ "${1:-}" = quick ]; then
    only="${ONLY:-train_tiny,moe_tiny,gen_tiny,gen64_tiny}" seconds="${SECONDS_EACH:-1}"
fi
say() { echo "== $*" >&2; }

command -v "$dotnet" >/dev/null || { echo "There is no '$dotnet': install the .NET 10 runtime, or say where it is with DOTNET=/path/to/dotnet." >&2; exit 1; }
program() { echo "$1/bin/Release/net10.0/$(basename "$1").dll"; }
for project in src/Mezcla.Cli tests/Mezcla.Tensors.Tests tests/Mezcla.Tests tests/Mezcla.Benchmarks; do
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
    case "$title $MEZCLA_DEVICE" in *OpenCL*\ opencl*) sed -E 's/Total: ([0-9]+),.*Skipped: ([0-9]+)/[ \1 -gt \2 ]/' <<<"$summary" | bash || { failed=1; grep -A 1 -m 1 '\[SKIP\]' "$log" >&2; } ;; esac
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
tests "Operations by OpenCL" tests/Mezcla.Tensors.Tests -class Mezcla.Tensors.Tests.Operations.OpenClOperationTests
[ "${1:-}" = quick ] || tests "Operations by OpenCL, groups of 256" tests/Mezcla.Tensors.Tests -class Mezcla.Tensors.Tests.Operations.OpenClGroupTests
tests "Models by OpenCL" tests/Mezcla.Tests -class Mezcla.Tests.Devices.OpenClModelTests
echo
echo "## Speed"
echo
say "speed"
"$dotnet" "$(program tests/Mezcla.Benchmarks)" gpu --device "$MEZCLA_DEVICE" --seconds "$seconds" ${only:+--only "$only"} || failed=1
say "done, $([ "$failed" -eq 0 ] && echo 'nothing failed' || echo 'something FAILED: see above')"
exit "$failed"
