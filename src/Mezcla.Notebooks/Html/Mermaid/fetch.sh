#!/bin/bash
# Fetches mermaid, which draws diagrams on pages, from npm, and packs it as a resource of Mezcla.Notebooks. To take another version, change
# the number and run this again.
set -euo pipefail
version=11.17.2
cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm pack "mermaid@$version" --silent >/dev/null && tar xzf "mermaid-$version.tgz")
# Without a name and a time in the packed file, the same version gives the same bytes.
gzip -9 -n -c "$folder/package/dist/mermaid.min.js" >mermaid.min.js.gz
{
  echo "mermaid.min.js.gz is the file dist/mermaid.min.js of npm's package mermaid $version, packed by fetch.sh."
  echo "SHA-256 of the file before packing: $(sha256sum "$folder/package/dist/mermaid.min.js" | cut -d' ' -f1)"
  echo
  cat "$folder/package/LICENSE"
} >LICENSE.txt
