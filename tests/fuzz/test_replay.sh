#!/usr/bin/env bash
# Every fuzz target's seeds, and some mutations of each, through the target without libFuzzer.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
seeds=$DUET_SOURCE_DIR/tests/fuzz/seeds
export TMPDIR=$work/tmp
mkdir "$work/tmp" "$work/frames" && "$DUET_BUILD_DIR/tests/fuzz_seeds" "$work/frames"

replays() { # TARGET FILE...
    local target=$1
    shift
    [ -f "$1" ] || { echo "no seeds"; return 1; }
    timeout 300 "$DUET_BUILD_DIR/tests/replay_$target" 30 "$@"
}

for source in "$DUET_SOURCE_DIR"/tests/fuzz/fuzz_*.c; do
    target=${source##*/fuzz_}
    target=${target%.c}
    [ "$target" != seeds ] || continue
    folder=$seeds/$target
    [ -d "$folder" ] || folder=$work/$target
    check "$target survives its seeds" replays "$target" "$folder"/*
done
check "nothing is left behind" rmdir "$TMPDIR"
finish
