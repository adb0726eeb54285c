#!/usr/bin/env bash
# evaluate coco --report: the page, the pictures beside it, what stops it. (evaluate voc's are tested with it.)
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh" || exit 1
evaluate=$DUET_BIN/evaluate
cd "$work" || exit 1
models=$(find_models ssdlite-coco)
run() { ran "$evaluate" coco -g street/instances.json "$@"; }

"$DUET_BIN/scene" -q -s 320x240 -n 3 -o street || exit 1
# Everything that is there, and a bus that is not.
sed -n 's/.*"image_id": *\([0-9]*\).*"category_id": *\([0-9]*\).*"bbox": *\(\[[^]]*\]\).*/{"image_id":\1,"category_id":\2,"bbox":\3,"score":0.9},/p' \
    street/instances.json >boxes
[ -s boxes ] || { cat street/instances.json; exit 1; }
{ printf '['; cat boxes; printf '{"image_id":1,"category_id":6,"bbox":[5,5,50,50],"score":0.8}]'; } >found.json

a_page_with_pictures() {
    run -d found.json --report seen --pictures street -b 20 --shown 2 && want 0 || return 1
    shows '<h1>COCO boxes: found.json</h1>' seen/index.html && shows '<b>1.0000</b>' seen/index.html || return 1
    shows '>The worst pictures<' seen/index.html && shows '>The best pictures<' seen/index.html || return 1
    shows '>What goes wrong<' seen/index.html && shows '>Where to put the threshold<' seen/index.html || return 1
    shows 'bus 80%' seen/index.html && shows 'scene_000[0-2].png \([0-9]+\)' seen/index.html || return 1
    [ "$(find seen/pictures -name '*.jpg' | wc -l)" -eq 4 ] && ! grep -qE '<script|https?:' seen/index.html
}
the_same_again() {
    cp seen/index.html kept.html
    run -d found.json --report seen --pictures street && want 2 && mentions "seen/index.html: exists already; --force" &&
        cmp seen/index.html kept.html || return 1
    run -d found.json --report seen --pictures street -b 20 --shown 2 --force && want 0 && cmp seen/index.html kept.html
}
without_pictures() {
    run -d found.json --report bare && want 0 && [ ! -e bare/pictures ] && ! grep -q 'worst pictures' bare/index.html || return 1
    run -q -d found.json --report none --pictures street --shown 0 && want 0 && [ ! -e none/pictures ] || return 1
    run -d found.json --report lost --pictures nowhere && want 0 && mentions "not in the report: nowhere/scene_000" && [ -s lost/index.html ]
}
rules_change_the_page() {
    run -d found.json --report strict --iou 0.9 --confusion-threshold 0.85 && want 0 && shows '>AP at \.90<|>AP<' strict/index.html &&
        shows 'Detections that score .85' strict/index.html && ! grep -q '>Where to put the threshold<' strict/index.html
}
nothing_found_is_a_page_too() {
    printf '[]' >none.json
    run -q -d none.json --report empty --pictures street && want 0 && shows '<b>0.0000</b>' empty/index.html && shows '0 of 3 found' empty/index.html
}
mistakes_are_usage_errors() {
    run -d found.json --pictures street && want 2 && mentions "--pictures" || return 1
    run -i street --report x --pictures street && want 2 && mentions "--pictures" && [ ! -e x ] || return 1
    touch file; run -d found.json --report file && want 2 && mentions "file: is a file"
}
a_model_is_shown() {
    run -q -i street --report model --shown 1 && want 0 && shows '<h1>COCO boxes: ssdlite-coco</h1>' model/index.html &&
        shows 'model sha256' model/index.html && [ -s model/pictures/1.jpg ]
}

check "a page, and the worst and best pictures" a_page_with_pictures
check "it is kept, or replaced by the same with --force" the_same_again
check "pictures may be left out, or missing" without_pictures
check "other rules make another page" rules_change_the_page
check "nothing found is a page too" nothing_found_is_a_page_too
check "mistakes on the command line end with exit code 2" mistakes_are_usage_errors
if [ -n "$models" ]; then
    export DUET_MODELS=$models
    check "a model's detections are shown" a_model_is_shown
else
    skip "a model's detections are shown" "no model ssdlite-coco"
fi
finish
