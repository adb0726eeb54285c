#!/usr/bin/env bash
# The segment program: masks, maps, overlays, both networks at once. Inputs, order, threads and exit codes are the
# batch driver's and tested with detect.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
segment=$DUET_BIN/segment
models=$(find_models deeplabv3-voc)
run() { ran "$segment" "$@"; }

help_is_for_people() {
    run --help && want 0 && [ ! -s err ] && grep -q '^Usage: segment ' out && [ "$(wc -L <out)" -le 80 ]
}
mistakes_are_usage_errors() {
    run && want 2 && mentions "no INPUT given" || return 1
    run --output-stride 12 x && want 2 && mentions "--output-stride" || return 1
    run --scales 1,,2 x && want 2 && mentions "--scales" || return 1
    run --scales 9 x && want 2 && mentions "--scales" || return 1
    run --size 5 x && want 2 && mentions "--size" || return 1
    run -f coco x && want 2 && mentions "--format"
}
a_missing_model_is_told() {
    DUET_MODELS=$work/none run --model no-such-model x && want 1 && mentions "no-such-model" && [ ! -s out ]
}

# --- with a model ---

masks_are_palette_pngs_of_the_pictures_size() {
    run -f ndjson -M masks --confidence maps -a seen street/scene_0000.png && want 0 || return 1
    grep -qF '"class":"bus","class_id":6' out && grep -qF '"segments":[{"class":"background","class_id":0' out || return 1
    # IHDR: 320x240, 8 bits, colour type 3
    [ "$(head -c 26 masks/scene_0000.png | tail -c 10 | od -An -tx1 | tr -d ' \n')" = 00000140000000f00803 ] || return 1
    [ -s maps/scene_0000.png ] && [ -s seen/scene_0000.png ]
}
existing_masks_are_kept() {
    cp masks/scene_0000.png kept.png
    run -M masks street/scene_0000.png && want 2 && mentions "--force" && cmp kept.png masks/scene_0000.png || return 1
    run -q --force -M masks street/scene_0000.png && want 0 && cmp kept.png masks/scene_0000.png
}
colliding_names_are_refused() {
    cp street/scene_0000.png same.png && cp same.png same.jpg
    run -M collide same.png same.jpg && want 2 && mentions "same.jpg" && mentions "same.png" && [ ! -e collide ]
}
threads_do_not_matter() {
    for n in 1 2 3; do
        run -q -j $n -f ndjson -M t$n street && want 0 && mv out t$n/records || return 1
    done
    diff -r t1 t2 && diff -r t1 t3 && [ -s t1/records ] && [ -s t1/scene_0001.png ]
}
classes_are_chosen_by_any_name() {
    run -f csv -c airplane street/scene_0000.png && want 0 && ! grep -q bus out && grep -q background out || return 1
    run -x bus -f csv street/scene_0000.png && want 0 && ! grep -q ,bus, out || return 1
    run -c buss street/scene_0000.png && want 2 && mentions "did you mean 'bus'"
}
other_strides_scales_and_sizes_work() {
    run -q -f csv -s 8 street/scene_0000.png && want 0 && grep -q ,bus, out || return 1
    run -q -f csv --scales 0.75,1 --flip street/scene_0000.png && want 0 && grep -q ,bus, out || return 1
    run -q -f csv --size 257 street/scene_0000.png && want 0 && grep -q ,bus, out || return 1
    run -q -f csv --no-resize --size 129 street/scene_0000.png && want 0 && grep -q ,bus, out
}
submissions_lie_where_the_kit_looks() {
    run -q --voc-submit entry street/scene_0000.png && want 0 &&
        [ -s entry/results/VOC2012/Segmentation/comp6_val_cls/scene_0000.png ]
}
bad_pictures_are_records() {
    echo nothing >bad.jpg
    run -f ndjson -M badmasks bad.jpg street/scene_0001.png && want 3 && grep -qF '"error":{"code":"bad-format"' out &&
        [ ! -e badmasks/bad.png ] && [ -s badmasks/scene_0001.png ]
}
masks_go_into_records_on_request() {
    run -q -f ndjson --rle street/scene_0000.png && want 0 &&
        grep -qE '"class":"bus",[^}]*"segmentation":\{"size":\[240,320\],"counts":"' out || return 1
    run --rle street/scene_0000.png && want 2 && mentions "--rle"
}
both_networks_write_one_record() {
    run -f ndjson --detect -a both street/scene_0000.png && want 0 && mv out a || return 1
    "$DUET_BIN/detect" -q -f ndjson --segment -a both2 street/scene_0000.png >b || return 1
    grep -q '"detections":\[{.*"segments":\[{' a && cmp a b && cmp both/scene_0000.png both2/scene_0000.png
}

check "help is for people" help_is_for_people
check "mistakes are usage errors" mistakes_are_usage_errors
check "a missing model is told" a_missing_model_is_told
[ -n "$models" ] || skip_all "segment with a model" "no model: build/bin/models fetch deeplabv3-voc"
export DUET_MODELS=$models
cd "$work" || exit 1
"$DUET_BIN/scene" -q -s 320x240 -n 2 -o street || exit 1
rm -rf street/masks
check "masks are palette PNGs of the picture's size" masks_are_palette_pngs_of_the_pictures_size
check "existing masks are kept" existing_masks_are_kept
check "colliding names are refused" colliding_names_are_refused
check "threads do not matter" threads_do_not_matter
check "classes are chosen by any name" classes_are_chosen_by_any_name
check "other strides, scales and sizes work" other_strides_scales_and_sizes_work
check "submissions lie where the kit looks" submissions_lie_where_the_kit_looks
check "masks go into records on request" masks_go_into_records_on_request
check "bad pictures are records" bad_pictures_are_records
if [ -f "$models/ssdlite-coco.safetensors" ]; then
    check "both networks write one record" both_networks_write_one_record
else
    skip "both networks write one record" "no model: build/bin/models fetch ssdlite-coco"
fi
finish
