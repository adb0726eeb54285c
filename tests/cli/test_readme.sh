#!/usr/bin/env bash
# What README.md tells people to type works: its sh blocks are run, in order, and its text block is what the first of
# them prints.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh" || exit 1
readme=$DUET_SOURCE_DIR/README.md

block() { # LANGUAGE NUMBER: prints that block
    awk -v want="$1" -v number="$2" '/^```/ { on = !on && substr($0, 4) == want && ++seen == number; next } on' "$readme"
}

runs() { (cd "$work/clone" && bash -euo pipefail "$work/block.sh" >"$work/block.out"); }

prints_what_it_says() {
    block text 1 >"$work/wanted"
    diff -u "$work/wanted" "$work/first.out" && [ -s "$work/wanted" ]
}

# The C block, with what it leaves to the reader put around it.
c_compiles() {
    {
        printf '#include <stdio.h>\n'
        block c 1 | grep '^#include'
        printf 'void example(struct duet_image image);\nvoid example(struct duet_image image)\n{\n'
        block c 1 | grep -v '^#include'
        printf '}\n'
    } >"$work/readme.c"
    grep -q duet_detector_run "$work/readme.c" &&
        cc -std=c11 -Wall -Wextra -Werror -fsyntax-only -I "$DUET_SOURCE_DIR/backbone/include" \
            -I "$DUET_SOURCE_DIR/heads/include" "$work/readme.c"
}

check "the C block compiles" c_compiles
mkdir "$work/clone" && ln -s "$DUET_BUILD_DIR" "$work/clone/build"
models=1
for model in ssdlite-coco deeplabv3-voc; do
    [ -f "$DUET_BUILD_DIR/models/$model.safetensors" ] || models=
done
for ((i = 1;; i++)); do
    block sh $i >"$work/block.sh"
    [ -s "$work/block.sh" ] || break
    name="block $i: $(grep -m1 . "$work/block.sh")"
    if [ -n "$models" ]; then check "${name%% #*}" runs; else skip "${name%% #*}" "no models"; fi
    [ $i -ne 1 ] || cp "$work/block.out" "$work/first.out" 2>/dev/null
done
if [ -n "$models" ]; then
    check "the table is what the first block prints" prints_what_it_says
else
    skip "the table is what the first block prints" "no models"
fi
check "there were blocks to run" test $i -gt 3
finish
