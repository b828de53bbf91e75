#!/usr/bin/env bash
# Makes datasets/corpora/csharp.txt again: C# of this repository as it was at one commit, so that runs recorded with it can be repeated later.
#
#   datasets/scripts/csharp.sh > datasets/corpora/csharp.txt
set -euo pipefail
commit=3d1c061
git ls-tree -r --name-only "$commit" src/Mezcla src/Mezcla.Charts src/Mezcla.Scaling | grep '\.cs$' | LC_ALL=C sort |
    while read -r file; do git show "$commit:$file" | sed 's/\r$//; 1s/^\xEF\xBB\xBF//'; echo; done
