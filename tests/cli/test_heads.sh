#!/usr/bin/env bash
# One file with heads for boxes and for masks: what the programs find with it is what they find with two files of one
# head each, byte for byte. The models are made here, of random numbers.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
cd "$work" || exit 1
mkdir models && "$DUET_BUILD_DIR/tests/make_heads" models || exit 1
export DUET_MODELS=$work/models # no usual one is there
detect() { "$DUET_BIN/detect" -q -t 0.3 -f ndjson "$@"; }
segment() { "$DUET_BIN/segment" -q -t 0.3 -f ndjson "$@"; }
"$DUET_BIN/scene" -q -n 3 -s 200x150 -o street && mv street pictures && rm -r pictures/masks && picture pictures/noise.ppm 97 61 || exit 1

both_tasks_have_something_to_say() {
    detect -s -m both pictures >both.ndjson && lines 4 both.ndjson && shows '"detections":\[\{' both.ndjson &&
        shows '"segments":\[\{' both.ndjson && shows 'big \\"rock\\"|sea|sky' both.ndjson
}
one_file_gives_what_two_give() {
    local threads one two
    for threads in 1 2 3; do
        detect -j $threads -s -m both pictures | cmp - both.ndjson || return 1
    done
    detect -s -m boxes --segment-model masks pictures | cmp - both.ndjson || return 1
    for one in "both both masks" "both boxes both" "apart apart padded"; do # where both are named, and one is left out
        read -r one two three <<<"$one"
        detect -s -m "$two" --segment-model "$three" pictures >named.ndjson && detect -s -m "$one" pictures | cmp - named.ndjson || return 1
    done
    detect -s -m both --segment-model ./models/../models/both.safetensors pictures | cmp - both.ndjson || return 1
    detect -m both pictures >alone.ndjson && detect -m boxes pictures | cmp - alone.ndjson
}
masks_come_alike() {
    segment -d -m both -M one --confidence sure pictures >one.ndjson && segment -d -m masks --detect-model boxes -M two --confidence unsure pictures |
        cmp - one.ndjson && diff -r one two && diff -r sure unsure && [ "$(find one -name '*.png' | wc -l)" -eq 4 ] || return 1
    segment -m both -M alone pictures >/dev/null && diff -r one alone || return 1
    # Another size or stride is that of the masks alone, and so are scales.
    for more in "--size 65" "-s 16" "--scales 0.5,1 --flip" "--no-resize"; do
        # shellcheck disable=SC2086 # words
        segment -d $more -m both pictures >more.ndjson && segment -d $more -m masks --detect-model boxes pictures | cmp - more.ndjson || return 1
    done
}
a_head_that_reads_another_gives_the_same_alone() { # its boxes come along unseen
    detect -s -m guided pictures >guided.ndjson && lines 4 guided.ndjson && shows '"segments":\[\{.*"(sky|sea|big)' guided.ndjson || return 1
    detect -m guided pictures >boxes.ndjson && segment -m guided pictures >masks.ndjson || return 1
    cmp <(grep -o '"detections":\[[^]]*\]' guided.ndjson) <(grep -o '"detections":\[[^]]*\]' boxes.ndjson) &&
        cmp <(grep -o '"segments":.*' guided.ndjson) <(grep -o '"segments":.*' masks.ndjson) || return 1
    segment -d -m guided -j 3 pictures | cmp - <(segment -d -m guided -j 1 pictures) || return 1
    [ "$(million --head guided guided)" = "$(million guided)" ] && [ "$(million --head ssdlite guided)" != "$(million guided)" ]
}
a_missing_head_is_told() {
    ran "$DUET_BIN/detect" -m masks pictures && want 1 && mentions "masks" || return 1
    ran "$DUET_BIN/segment" -m boxes pictures && want 1 && mentions "boxes" || return 1
    ran "$DUET_BIN/detect" -s -m both --segment-model boxes pictures && want 1 && mentions "boxes"
}
million() { # ARGUMENT...: what bench says that a network takes
    "$DUET_BIN/bench" --reps 1 --warmup 0 --cpu scalar "$@" >summary && sed -n 's/.*: \([0-9.]*\) million multiply-adds, .*/\1/p' summary
}
of_head() { # NAME ARGUMENT...: multiply-adds of its steps
    local name=$1
    shift
    "$DUET_BIN/bench" --profile --reps 1 --warmup 0 --cpu scalar "$@" | awk -v head="$name." 'index($1, head) == 1 { sum += $2 } END { print sum }'
}
the_trunk_is_run_once() {
    local both boxes masks
    both=$(million both) && boxes=$(million boxes) && masks=$(of_head deeplabv3 masks) && [ -n "$boxes" ] && [ "$masks" -gt 0 ] || return 1
    awk "BEGIN { d = $both - $boxes - $masks * 1e-6; exit !(d < 0.11 && d > -0.11) }" || { echo "$both, $boxes, $masks"; return 1; }
    shows '^96x96, ssdlite \+ deeplabv3: ' summary || { million both >/dev/null && shows '^96x96, ssdlite \+ deeplabv3: ' summary; }
}
some_heads_are_timed_alone() {
    local head file
    for pair in ssdlite:boxes deeplabv3:masks; do
        head=${pair%:*} file=${pair#*:}
        [ "$(million --head $head both)" = "$(million "$file")" ] && shows "^96x96, $head: " summary || return 1
    done
    [ "$(million --head deeplabv3,ssdlite both)" = "$(million both)" ] && shows '^96x96, ssdlite \+ deeplabv3: ' summary || return 1
    ran "$DUET_BIN/bench" --head ssdlite,guided both && want 2 && mentions "'guided': the model has ssdlite, deeplabv3" || return 1
    ran "$DUET_BIN/bench" --head '' both && want 2
}
masks_of_any_classes_are_scored() {
    mkdir -p voc/ImageSets/Segmentation voc/JPEGImages && cp pictures/*.png voc/JPEGImages && cp -r one voc/SegmentationClass || return 1
    (cd voc/JPEGImages && printf '%s\n' *.png) | sed 's/\.png//' >voc/ImageSets/Segmentation/all.txt
    ran "$DUET_BIN/evaluate" voc -q -r voc -l all -m both --json self.json && want 0 || return 1
    shows '^mIOU +1.0000 ' && shows '^big "rock" ' && ! grep -q aeroplane out && shows '"classes": \["background", "sky", "sea", "big \\"rock\\""\]' self.json &&
        shows '"model_sha256"' self.json || return 1
    printf '%s\n' background sky sea sand >names.txt
    ran "$DUET_BIN/evaluate" voc -q -r voc -l all -m both --class-names names.txt && want 1 && mentions "they differ from class 3 on: 'sand' and 'big"
}
viewer() { SDL_VIDEODRIVER=dummy SDL_RENDER_DRIVER=software timeout 60 "$DUET_BIN/viewer" -t 0.3 --force "$@" </dev/null; }
the_viewer_shows_the_same() {
    viewer -s -m both --frames 2 --trace one.trace pictures/scene_0000.png &&
        viewer -s -m boxes --segment-model masks --frames 2 --trace two.trace pictures/scene_0000.png || return 1
    found() { grep -o '"boxes":.*"masks":[^]]*\]' "$1" | head -n 1; }
    found one.trace | grep -q '"boxes":\[{.*"masks":\["' && cmp <(found one.trace) <(found two.trace)
}

check "a made model finds boxes and masks" both_tasks_have_something_to_say
check "one file of two heads gives what two files give" one_file_gives_what_two_give
check "so it is with masks, at any size, stride and scale" masks_come_alike
check "a head that reads another's boxes gives the same with them and alone" a_head_that_reads_another_gives_the_same_alone
check "what has no such head is told" a_missing_head_is_told
check "two heads cost one trunk" the_trunk_is_run_once
check "bench --head times some heads alone" some_heads_are_timed_alone
check "evaluate voc scores a model of other classes than VOC's" masks_of_any_classes_are_scored
if [ -x "$DUET_BIN/viewer" ]; then
    check "the viewer shows the same with one file as with two" the_viewer_shows_the_same
else
    skip "the viewer shows the same with one file as with two" "built without SDL2"
fi
finish
