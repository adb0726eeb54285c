#!/usr/bin/env bash
# The scene program: files, exit codes, manners.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
scene=$DUET_BIN/scene
cd "$work" || exit 1

writes_everything() {
    exits 0 "$scene" -s 64x48 -n 2 -o "a b/c" && [ -f "a b/c/scene_0001.png" ] && [ -f "a b/c/masks/scene_0000.png" ] &&
        grep -q '"file_name": "scene_0001.png"' "a b/c/instances.json" &&
        [ "$(find "a b" -type f | wc -l)" -eq 5 ]
}
check "writes pictures, masks and instances.json" writes_everything

same_again() {
    exits 0 "$scene" -q -s 64x48 -n 2 -o again 2>noise && [ ! -s noise ] && diff -r "a b/c" again
}
check "the same options give the same bytes, --quiet says nothing" same_again

another_seed() {
    exits 0 "$scene" -q -s 64x48 --seed 5 -o five && ! cmp -s five/scene_0000.png again/scene_0000.png
}
check "another seed gives another picture" another_seed

will_not_overwrite() {
    exits 2 "$scene" -s 64x48 -o five 2>message && grep -q "five/instances.json.*--force" message &&
        rm five/instances.json && exits 2 "$scene" -s 64x48 -o five && [ ! -e five/instances.json ] &&
        exits 0 "$scene" -s 64x48 --force -o five && [ -e five/instances.json ]
}
check "existing files stop it before any work, unless --force" will_not_overwrite

usage() { # WORD ARGUMENT...: exit 2, WORD in the message, nothing on stdout
    local word=$1
    shift
    exits 2 "$scene" "$@" >out 2>message && grep -q -e "$word" message && [ ! -s out ]
}
check "needs a folder" usage "-o DIR" -k bus
check "refuses an unknown kind" usage "ship" -k ship -o x
check "refuses an operand" usage "picture.png" -o x picture.png
for size in 64 64x 64x48x3 x48 15x64 64x8193 " 64x48" 64x-48 64.5x48; do
    check "refuses the size '$size'" usage "size" -s "$size" -o x
done
check "refuses 0 frames" usage "frames" -n 0 -o x
nothing_made() { [ ! -e x ]; }
check "a usage error makes no folder" nothing_made

cannot_write() {
    touch file && exits 1 "$scene" -s 64x48 -o file/x 2>message && grep -q "file" message
}
check "a folder that cannot be made is fatal and named" cannot_write

helps() { exits 0 "$scene" --help >out && grep -q "instances.json" out && [ "$(awk 'length > 80' out | wc -l)" -eq 0 ]; }
check "--help on stdout, 80 columns" helps
finish
