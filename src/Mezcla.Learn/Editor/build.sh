#!/usr/bin/env bash
# Bundles editor.mjs with CodeMirror into ../Assets/editor.js, and writes the licences of what is in it. It needs Node.js with npm.
set -eu
cd "$(dirname "$0")"
npm ci --no-audit --no-fund
npm run build
{
    echo "What editor.js is made of: editor.mjs of this project and these packages of npm, bundled by build.sh."
    echo "All are under the MIT licence, whose text follows each."
    for package in @codemirror/{autocomplete,commands,language,legacy-modes,lint,search,state,streamparser,view} \
        @lezer/{common,highlight,lr,markdown} @marijn/find-cluster-break crelt style-mod w3c-keyname; do
        [ -d "node_modules/$package" ] || continue
        printf '\n== %s %s\n\n' "$package" "$(node -p "require('./node_modules/$package/package.json').version")"
        cat "node_modules/$package/LICENSE"
    done
} > ../Assets/editor.licences.txt
