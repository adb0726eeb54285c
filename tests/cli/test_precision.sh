#!/usr/bin/env bash
# --precision, in every program that runs a network: what is asked for is computed, or refused, and told. The models are
# made here, of random numbers.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
cd "$work" || exit 1
mkdir models && "$DUET_BUILD_DIR/tests/make_heads" models || exit 1
export DUET_MODELS=$work/models
"$DUET_BIN/scene" -q -n 2 -s 200x150 -o street || exit 1
pictures=street/scene_000
refusal="precision int8: the model both has no ranges for it; 'models quantize' makes one that has"
detect() { "$DUET_BIN/detect" -q -t 0.3 -f ndjson -m both "$@" ${pictures}0.png ${pictures}1.png; }
evaluate_coco() { "$DUET_BIN/evaluate" coco -q -g street/instances.json -i street -m both "$@"; }
evaluate_voc() { "$DUET_BIN/evaluate" voc -q -r voc -l all -m both "$@"; }
viewer() { SDL_VIDEODRIVER=dummy SDL_RENDER_DRIVER=software timeout 60 "$DUET_BIN/viewer" --frames 1 -m both "$@" ${pictures}0.png; }
cat >street/instances.json <<'END'
{"images": [{"id": 1, "file_name": "scene_0000.png", "width": 200, "height": 150}],
 "categories": [{"id": 1, "name": "ant"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [9, 50, 120, 30], "area": 3600, "iscrowd": 0}]}
END
mkdir -p voc/ImageSets/Segmentation voc/JPEGImages && cp ${pictures}*.png voc/JPEGImages &&
    printf '%s\n' scene_0000 scene_0001 >voc/ImageSets/Segmentation/all.txt &&
    "$DUET_BIN/segment" -q -m both -M voc/SegmentationClass ${pictures}0.png ${pictures}1.png >/dev/null || exit 1

a_float32_file_computes_in_float32() {
    detect -s >own.ndjson && lines 2 own.ndjson && shows '"detections":\[\{' own.ndjson || return 1
    detect -s --precision auto | cmp - own.ndjson && detect -s --precision float32 | cmp - own.ndjson
}
no_ranges_no_int8() {
    ran detect --precision int8 && want 1 && says "detect: $refusal" && [ ! -s out ] || return 1
    ran detect --precision int8 --cpu scalar && want 1 && says "detect: $refusal" || return 1
    ran "$DUET_BIN/segment" --precision int8 -m both ${pictures}0.png && want 1 && says "segment: $refusal" || return 1
    ran "$DUET_BIN/bench" --precision int8 both && want 1 && says "bench: $refusal" || return 1
    ran "$DUET_BIN/bench" batch --precision int8 -m both ${pictures}0.png && want 1 && says "bench batch: $refusal" || return 1
    ran evaluate_coco --precision int8 && want 1 && says "evaluate coco: $refusal" || return 1
    ran evaluate_voc --precision int8 && want 1 && says "evaluate voc: $refusal" || return 1
    [ ! -x "$DUET_BIN/viewer" ] || { ran viewer --precision int8 && want 1 && says "viewer: $refusal"; }
}
other_words_are_mistakes() {
    ran detect --precision int9 && want 2 && mentions "expected one of auto, float32, int8, got 'int9'" || return 1
    ran detect --precision bf16 && want 2 || return 1
    ran evaluate_coco --precision 0.9 && want 2 && mentions "got '0.9'" || return 1 # an operating point's, once
    ran "$DUET_BIN/evaluate" coco -g street/instances.json -d x.json --precision int8 && want 2 &&
        mentions "--precision: is about running a model; --detections are there already" || return 1
    ran "$DUET_BIN/evaluate" voc -r voc -l all -M voc/SegmentationClass --precision int8 && want 2 &&
        mentions "--precision: says how a model is run; --masks are there already"
}
scores_name_it() {
    evaluate_coco --json coco.json --report coco >/dev/null && evaluate_voc --json voc.json --report voc.d >/dev/null || return 1
    mentions '"precision": "float32"' coco.json && mentions '"precision": "float32"' voc.json || return 1
    shows '>precision<.*>float32<' coco/index.html && shows '>precision<.*>float32<' voc.d/index.html || return 1
    evaluate_coco >out && shows '^ *precision +float32$' && evaluate_voc >out && shows '^ *precision +float32$'
}
bench_and_models_name_it() {
    "$DUET_BIN/bench" --json --reps 1 both >out && shows '^\{"precision":"float32",' || return 1
    "$DUET_BIN/bench" --reps 1 both >out && shows 'multiply-adds, float32, 1 thread' || return 1
    "$DUET_BIN/models" show both >out && shows '^  precision +float32$'
}

# --- models of int8

quantize() { "$DUET_BIN/models" quantize -q "$1" -o "models/$2.safetensors" --calibrate ${pictures}0.png; }
a_file_of_int8_computes_in_int8() { # the same bytes on every level, for any number of threads
    quantize both eight && eight() { detect -s -m eight "$@"; } || return 1
    eight >own.ndjson && lines 2 own.ndjson && shows '"detections":\[\{' own.ndjson && shows '"segments":\[\{' own.ndjson || return 1
    eight --precision int8 | cmp - own.ndjson && eight --precision auto -j 1 | cmp - own.ndjson && eight -j 3 | cmp - own.ndjson &&
        eight --cpu scalar | cmp - own.ndjson || return 1
    eight --precision float32 >float.ndjson && ! cmp -s float.ndjson own.ndjson
}
a_head_that_reads_another_does_so_in_int8() {
    quantize guided guided8 && detect -s -m guided8 >guided.ndjson && shows '"segments":\[\{' guided.ndjson || return 1
    detect -s -m guided8 --precision float32 >float.ndjson && ! cmp -s float.ndjson guided.ndjson || return 1
    "$DUET_BIN/segment" -q -f ndjson -m guided8 -M alone ${pictures}0.png >/dev/null &&
        "$DUET_BIN/segment" -q -d -f ndjson -m guided8 -M both ${pictures}0.png >/dev/null && diff -r alone both
}
int8_is_named() {
    "$DUET_BIN/models" show eight >out && shows '^  precision +int8$' || return 1
    "$DUET_BIN/bench" --json --reps 1 eight >out && shows '^\{"precision":"int8",' || return 1
    "$DUET_BIN/bench" --reps 1 --warmup 0 --profile eight >out && shows ' Gop/s .*_u8 ' && shows 'multiply-adds, int8, 1 thread' || return 1
    "$DUET_BIN/bench" --json --reps 1 --precision float32 eight >out && shows '^\{"precision":"float32",' || return 1
    evaluate_coco -m eight >out && shows '^ *precision +int8$' && evaluate_voc -m eight >out && shows '^ *precision +int8$'
}
masks_in_time_are_made_in_int8() {
    viewer -s -m eight --target-fps 30 --trace eight.trace && shows '"boxes":\[\{' eight.trace
}

check "a file of float32 computes in float32, asked or not" a_float32_file_computes_in_float32
check "a model without ranges refuses int8" no_ranges_no_int8
check "other words are mistakes on the command line" other_words_are_mistakes
check "scores name what was computed in" scores_name_it
check "bench and models name it" bench_and_models_name_it

check "a file of int8 computes in int8, everywhere the same" a_file_of_int8_computes_in_int8
check "a head that reads another does so in int8" a_head_that_reads_another_does_so_in_int8
check "int8 is named" int8_is_named
[ -x "$DUET_BIN/viewer" ] || skip_all "the viewer in int8" "built without SDL2"
check "the viewer's masks in time are made in int8" masks_in_time_are_made_in_int8
finish
