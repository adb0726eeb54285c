#!/usr/bin/env bash
# The arrows hold: which folder may include whose headers, no two rooms need each other, no header includes itself by
# a detour; and no room has outgrown its walls. (What is internal to a library the compiler keeps: cmake/duet.cmake.)
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
cd "$DUET_SOURCE_DIR" || exit 1

# Every include of ours, as FILE<tab>HEADER, both from the root. Found as the compiler finds it: beside the file, in
# its library's own folder, then in the folders' include/.
includes() {
    grep -rnoE --include='*.[ch]' '^#include "[^"]+"' apps backbone data eval heads |
        sed -E 's/^([^:]+):[0-9]+:#include "([^"]+)"/\1 \2/' | while read -r file header; do
        for folder in "${file%/*}" "${file%%/*}" {backbone,data,eval,heads}/include; do
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

in_order() { # FILE: pairs, the first needs the second
    tsort "$1" >"$work/order" 2>"$work/circles"
    [ -s "$work/order" ] && [ ! -s "$work/circles" ] || { cat "$work/circles"; return 1; }
}

no_circles() {
    grep -P '\.h\t' "$work/includes" >"$work/headers"
    in_order "$work/headers"
}

# The room of a file is its folder; that of include/ROOM/NAME.h and include/LIBRARY/ROOM/NAME.h is LIBRARY/ROOM.
# Installed headers are contracts, which all may read: they have none.
room_of() { # FILE
    local library=${1%%/*} path=${1#*/include/}
    case $1 in
    */include/duet/*) ;;
    */include/*)
        path=${path#"$library/"}
        [ "$path" = "${path%/*}" ] && echo "$library" || echo "$library/${path%/*}" ;;
    *) echo "${1%/*}" ;;
    esac
}
rooms() {
    tr '\t' '\n' <"$work/includes" | sort -u | while read -r file; do
        printf '%s\t%s\n' "$file" "$(room_of "$file")"
    done >"$work/rooms"
    # The kernels' levels are one room with kernels/: vector/ is included by each of them.
    awk -F'\t' 'NR == FNR { sub(/kernels\/.*/, "kernels", $2); room[$1] = $2; next }
        { a = room[$1]; b = room[$2] } a != "" && b != "" && a != b { print a, b }' \
        "$work/rooms" "$work/includes" | sort -u >"$work/doors"
    [ "$(wc -l <"$work/doors")" -gt 50 ] && in_order "$work/doors"
}

sizes() {
    find apps backbone data eval heads -name '*.[ch]' -printf '%h\n' | sort | uniq -c |
        awk '$1 > 30 || ($2 == "apps" && $1 > 12) { print; full = 1 } END { exit full }'
}

check "every include of ours is found" includes
check "backbone includes itself alone" only backbone 'backbone/.*'
check "heads include backbone" only heads '(heads|backbone)/.*'
check "data includes what knows no network" only data "data/.*|$base"
check "eval includes data and what knows no network" only eval "(eval|data)/.*|$base"
check "cli/ knows no network" only apps/cli "(apps/cli|data)/.*|$base"
check "live/ includes cli/" only apps/live '(apps/(live|cli)|data|heads|backbone)/.*'
check "batch/ includes live/ and cli/" only apps/batch '(apps/(batch|live|cli)|data|heads|backbone)/.*'
for program in bench evaluate models viewer; do
    check "$program includes no other program" only "apps/$program" \
        "(apps/($program|batch|live|cli)|data|eval|heads|backbone)/.*"
done
check "SDL is the viewer's alone" test -z "$(grep -rlE --include='*.[ch]' '#include <SDL' apps backbone data eval heads | grep -v '^apps/viewer')"
check "FFmpeg is the video module's alone" \
    test -z "$(grep -rlE --include='*.[ch]' '#include <lib(av|sw)' apps backbone data eval heads | grep -v '^data/video/')"
check "no header includes itself by a detour" no_circles
check "no two rooms need each other" rooms
check "no folder holds more than 30 files, apps/ 12" sizes
finish
