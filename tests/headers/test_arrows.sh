#!/usr/bin/env bash
# The folders' arrows hold: who may include whose headers, and no header includes itself by a detour.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
cd "$DUET_SOURCE_DIR" || exit 1

# Every include of ours, as FILE<tab>HEADER, both from the root. Found as the compiler finds it: beside the file,
# then in the folders' include/ and the folders themselves.
includes() {
    grep -rnoE --include='*.[ch]' '^#include "[^"]+"' apps backbone data eval heads |
        sed -E 's/^([^:]+):[0-9]+:#include "([^"]+)"/\1 \2/' | while read -r file header; do
        for folder in "${file%/*}" {apps,backbone,data,eval,heads}/include apps backbone data eval heads; do
            [ ! -f "$folder/$header" ] || { printf '%s\t%s\n' "$file" "$folder/$header"; continue 2; }
        done
        printf '%s\t?%s\n' "$file" "$header"
    done >"$work/includes"
    [ "$(wc -l <"$work/includes")" -gt 500 ] && ! grep -P '\t\?' "$work/includes"
}

# Of backbone/, data/ and eval/ see core/ and the public headers that speak of no network.
base='backbone/include/(core/[a-z0-9_]+|duet/(status|image|results|tensor|threads))\.h'
only() { # FOLDER HEADERS: the folder's files include nothing but what matches
    ! grep "^$1/" "$work/includes" | grep -vP "\t($2)\$"
}

no_circles() {
    grep -P '\.h\t' "$work/includes" | tsort >"$work/order" 2>"$work/circles"
    [ -s "$work/order" ] && [ ! -s "$work/circles" ] || { cat "$work/circles"; return 1; }
}

check "every include of ours is found" includes
check "backbone includes itself alone" only backbone 'backbone/.*'
check "heads include backbone" only heads '(heads|backbone)/.*'
check "data includes what knows no network" only data "data/.*|$base"
check "eval includes data and what knows no network" only eval "(eval|data)/.*|$base"
check "SDL is the viewer's alone" test -z "$(grep -rlE --include='*.[ch]' '#include <SDL' apps backbone data eval heads | grep -v '^apps/viewer')"
check "FFmpeg is the video module's alone" \
    test -z "$(grep -rlE --include='*.[ch]' '#include <lib(av|sw)' apps backbone data eval heads | grep -v '^data/video/')"
check "no header includes itself by a detour" no_circles
finish
