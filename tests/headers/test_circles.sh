#!/usr/bin/env bash
# No two files need each other: what the linker would see of the objects, file by file, in one order.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
cd "$DUET_BUILD_DIR" || exit 1

# Every symbol, as "D symbol file" where it is defined and "U symbol file" where it is used.
symbols() {
    find apps backbone data eval heads -name '*.c.o' | while read -r object; do
        file=${object/CMakeFiles\/*.dir\//}
        [ -f "$DUET_SOURCE_DIR/${file%.o}" ] || continue # what the build made
        nm "$object" | awk -v file="${file%.o}" '
            NF == 3 && $2 ~ /^[TDRBV]$/ && $3 != "main" { print "D", $3, file }
            NF == 2 && $1 == "U" { print "U", $2, file }'
    done | sort -u >"$work/symbols"
    [ "$(cut -d' ' -f3 "$work/symbols" | sort -u | wc -l)" -gt 200 ]
}

# "A B": A uses what B defines.
arrows() {
    awk '$1 == "D" { if ($2 in at && at[$2] != $3) exit 1; at[$2] = $3 } $1 == "U" && $2 in at && at[$2] != $3 { print $3, at[$2] }' \
        "$work/symbols" | sort -u >"$work/arrows"
    [ "$(wc -l <"$work/arrows")" -gt 500 ]
}

no_circles() {
    tsort "$work/arrows" >"$work/order" 2>"$work/circles"
    [ -s "$work/order" ] && [ ! -s "$work/circles" ] || { cat "$work/circles"; return 1; }
}

check "every object tells its symbols" symbols
check "every symbol is defined in one file" arrows
check "no file uses what uses it, by whatever detour" no_circles
finish
