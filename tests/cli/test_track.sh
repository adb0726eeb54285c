#!/usr/bin/env bash
# detect --track: the same object, the same number, from frame to frame.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh" || exit 1
detect=$DUET_BIN/detect
[ -f "$DUET_BUILD_DIR/models/ssdlite-coco.safetensors" ] || skip_all "tracking" "no model ssdlite-coco.safetensors"
cd "$work" || exit 1
"$DUET_BIN/scene" -q -n 7 -s 320x240 -v drive.mp4 2>scene.log || skip_all "tracking" "no videos: $(tail -1 scene.log)"
"$DUET_BIN/scene" -q -k bus -n 4 -s 320x240 -v bus.mp4 || exit 1
"$DUET_BIN/scene" -q -o stills || exit 1

run() { "$detect" -q -t 0.4 -f ndjson "$@"; }
without_numbers() { sed 's/,"track":[0-9]*//g'; }
# One line an object: FRAME CLASS TRACK, "-" for none.
objects() {
    awk '{ match($0, /"frame":[0-9]+/); frame = substr($0, RSTART + 8, RLENGTH - 8); n = split($0, part, /\{"class":"/)
           for (i = 2; i <= n; i++) {
               split(part[i], word, "\""); track = "-"
               if (match(part[i], /"track":[0-9]+/)) track = substr(part[i], RSTART + 8, RLENGTH - 8)
               print frame, word[1], track } }' "$@"
}

numbers_are_kept() {
    run --track drive.mp4 >tracked.ndjson || return 1
    objects tracked.ndjson | tee objects.txt
    awk '$1 < 2 && $NF != "-" { exit 1 }' objects.txt &&
        [ "$(awk '$1 >= 2 { $1 = ""; print }' objects.txt | sort -u | wc -l)" -eq 3 ] &&
        [ "$(awk '$1 >= 2 { print $NF }' objects.txt | sort -u | tr '\n' ' ')" = "1 2 3 " ] &&
        [ "$(wc -l <objects.txt)" -eq 21 ]
}
nothing_else_changes() { run drive.mp4 | cmp - <(without_numbers <tracked.ndjson); }
threads_do_not_matter() {
    for threads in 1 2 3; do run --track -j "$threads" drive.mp4 | cmp - tracked.ndjson || return 1; done
}
every_counts_frames() {
    run --track --every 2 drive.mp4 | objects | tee every.txt
    [ "$(awk '$1 >= 4 { print $NF }' every.txt | sort -u | tr '\n' ' ')" = "1 2 3 " ]
}
numbers_are_not_given_twice() {
    run --track drive.mp4 bus.mp4 | objects | tail -1 | grep -x '3 bus 4'
}
stills_have_none() { run --track stills/scene_0000.png | grep '"bus"' | without_numbers | cmp - <(run stills/scene_0000.png); }
boxes_say_so() {
    run --annotate-format png -a plain drive.mp4 >/dev/null && run --track --annotate-format png -a seen drive.mp4 >/dev/null &&
        cmp plain/drive_000001.png seen/drive_000001.png && ! cmp plain/drive_000002.png seen/drive_000002.png &&
        [ "$(ls seen | wc -l)" -eq 7 ]
}
videos_say_so() {
    run -a plain.mp4 drive.mp4 >plain.ndjson && run --track -a seen.mp4 drive.mp4 | cmp - tracked.ndjson &&
        ! cmp -s plain.mp4 seen.mp4 && cmp plain.ndjson <(run drive.mp4)
}
masks_do_not_mind() {
    run -s drive.mp4 >masks.ndjson && run -s --track --annotate-format png -a both drive.mp4 >both.ndjson &&
        grep -q '"track":3' both.ndjson && cmp masks.ndjson <(without_numbers <both.ndjson) &&
        [ "$(ls both | wc -l)" -eq 7 ]
}
failures_cost_a_picture() {
    mkdir blocked && mkdir blocked/drive_000003.png
    exits 3 run --force --track --annotate-format png -a blocked drive.mp4 >blocked.ndjson
    cmp blocked.ndjson tracked.ndjson && [ "$(find blocked -type f | wc -l)" -eq 6 ]
}

check "an object keeps its number from its third frame on" numbers_are_kept
check "records are what they are without --track, else" nothing_else_changes
check "the number of threads does not matter" threads_do_not_matter
check "frames may be left out" every_counts_frames
check "the next video's objects get new numbers" numbers_are_not_given_twice
check "pictures have none" stills_have_none
check "drawn frames show the numbers" boxes_say_so
check "annotated videos show the numbers" videos_say_so
if [ -f "$DUET_BUILD_DIR/models/deeplabv3-voc.safetensors" ]; then
    check "masks go with it" masks_do_not_mind
else
    skip "masks go with it" "no model deeplabv3-voc.safetensors"
fi
check "a frame that cannot be drawn costs its picture, and no record" failures_cost_a_picture
finish
