#!/usr/bin/env bash
# The evaluate voc command over drawn scenes, whose masks are the truth.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
evaluate=$DUET_BIN/evaluate
models=$(find_models deeplabv3-voc)
run() { ran "$evaluate" voc "$@"; }

cd "$work" || exit 1
# A VOC folder: four drawn pictures and their masks.
mkdir -p voc/ImageSets/Segmentation voc/JPEGImages
"$DUET_BIN/scene" -q -s 160x120 -n 4 -o street && mv street/masks voc/SegmentationClass &&
    mv street/*.png voc/JPEGImages/ || exit 1
printf 'scene_%04d\r\n' 0 1 2 3 >voc/ImageSets/Segmentation/all.txt

help_is_for_people() {
    run --help && want 0 && [ ! -s err ] && shows '^Usage: evaluate voc ' && [ "$(wc -L <out)" -le 80 ] || return 1
    "$evaluate" --help >out 2>err && shows '  voc '
}
mistakes_are_usage_errors() {
    run && want 2 && mentions "no --root given" || return 1
    run -r voc && want 2 && mentions "no --list given" || return 1
    run -r voc -l all && want 2 && mentions "expected one of --masks and --model" || return 1
    run -r voc -l all -M x -m y && want 2 && mentions "expected one of --masks and --model" || return 1
    run -r voc -l all -M x --flip && want 2 && mentions "--flip" || return 1
    run -r voc -l all -M x -s 8 && want 2 && mentions "--output-stride" || return 1
    for widths in 0 65 1,1 1,,2 , 1,x 1,2,3,4,5,6,7,8,9; do
        run -r voc -l all -M x -t "$widths" && want 2 && mentions "--trimap: '$widths'" || return 1
    done
    run -r voc -l all -M x -t '' && want 2 && mentions "-t (--trimap): expected W,W, got ''" || return 1
    run -r voc -l all -M x --json - --csv - && want 2 && mentions "--csv" || return 1
    run -r voc -l all -M x -n 0 && want 2 && mentions "--limit" || return 1
    run -r voc -l all -M x more && want 2 && mentions "more"
}
missing_data_is_told() {
    run -r nowhere -l all -M voc && want 1 && mentions "nowhere/ImageSets/Segmentation" && [ ! -s out ] || return 1
    run -r voc -l none -M voc && want 1 && mentions "there: all" || return 1
    run -r voc -l all -M nowhere && want 1 && mentions "nowhere: no such folder" || return 1
    DUET_MODELS=$work/none run -r voc -l all -m no-such-model && want 1 && mentions "no-such-model" && [ ! -s out ]
}
truth_against_itself_is_perfect() {
    run -q -r voc -l all -M voc/SegmentationClass -t 3,1 -b 20 --json self.json --csv self.csv && want 0 && [ ! -s err ] || return 1
    shows '^mIOU +1.0000  \[1.0000, 1.0000\]  over the 3 classes present' || return 1
    shows '^mIOU, strict +nan  18 of 21 classes are absent' || return 1
    shows '^mIOU at 1 px +1.0000' && shows '^mIOU at 3 px +1.0000' && shows '^bus +1.0000 +1.0000' || return 1
    shows '^images +4$' && shows '^masks +voc/SegmentationClass' || return 1
    shows '"miou": 1,' self.json && shows '"miou_strict": null,' self.json && shows '"width": 3, "miou": 1,' self.json || return 1
    shows '"iou": \[1, 1, null, null, null, null, 1, null' self.json && shows '"images": 4,' self.json || return 1
    shows '^class,class_id,iou,.*,iou_within_1,iou_within_3,iou_low,iou_high$' self.csv && shows '^bus,6,1,1,' self.csv &&
        shows '^boat,4,,,0,0,,,,$' self.csv && shows '^mean,,1,1,' self.csv
}
the_list_is_hashed() {
    shows "^images sha256 +$(printf 'scene_%04d\n' 0 1 2 3 | sha256sum | cut -d' ' -f1)\$" || return 1
    printf 'scene_0001\n' >one.txt
    run -r voc -l ./one.txt -M voc/SegmentationClass && want 0 &&
        shows "^images sha256 +$(printf 'scene_0001\n' | sha256sum | cut -d' ' -f1)\$"
}
existing_results_are_kept() {
    cp self.json kept.json
    run -r voc -l all -M voc/SegmentationClass --json self.json && want 2 && mentions "--force" && cmp self.json kept.json || return 1
    run -r voc -l all -M voc/SegmentationClass --csv self.csv && want 2 && mentions "self.csv" || return 1
    run -r voc -l all -M voc/SegmentationClass --json . && want 2 && mentions "folder" || return 1
    run -q -r voc -l all -M voc/SegmentationClass -t 3,1 -b 20 --json self.json --force && want 0 && cmp self.json kept.json
}
json_goes_to_standard_output() {
    run -q -r voc -l all -M voc/SegmentationClass -t 3,1 -b 20 --json - && want 0 && cmp out self.json || return 1
    run -q -r voc -l all -M voc/SegmentationClass -t 3,1 -b 20 --csv - && want 0 && cmp out self.csv || return 1
    [ ! -e /dev/full ] || { "$evaluate" voc -r voc -l all -M voc/SegmentationClass >/dev/full 2>err; code=$?; want 1 && mentions "standard output"; }
}
a_limit_takes_the_first() {
    run -r voc -l all -M voc/SegmentationClass -n 3 && want 0 && shows '^images +3$' && shows '^images left out +1$'
}
missing_masks_are_named_and_left_out() {
    cp -r voc/SegmentationClass some && rm some/scene_0001.png && printf 'no picture' >some/scene_0002.png
    run -r voc -l all -M some && want 3 && mentions "some/scene_0001.png" && mentions "some/scene_0002.png" &&
        mentions "2 of 4 images could not be read: the scores are of the other 2" && shows '^images +2$' || return 1
    rm some/*; run -r voc -l all -M some && want 1 && mentions "nothing was scored" && [ ! -s out ]
}
missing_truth_is_named() {
    cp -r voc half && rm half/SegmentationClass/scene_0003.png
    run -r half -l all -M voc/SegmentationClass && want 3 && mentions "half/SegmentationClass/scene_0003.png" && shows '^images +3$'
}
masks_that_do_not_fit_are_named_and_nothing_is_scored() {
    "$DUET_BIN/scene" -q -s 64x48 -n 1 -o small && cp -r voc/SegmentationClass wrong && cp small/masks/scene_0000.png wrong/ || return 1
    run -r voc -l all -M wrong --json wrong.json && want 1 && [ ! -s out ] && [ ! -e wrong.json ] || return 1
    mentions "wrong/scene_0000.png: 64x48 pixels, but the truth voc/SegmentationClass/scene_0000.png has 160x120"
}
classes_are_those_of_a_file() {
    printf '\xef\xbb\xbfroad\r\nbig "bird"\r\nc\r\nd\r\ne\r\nf\r\na very long name of a bus\r\n\r\n' >seven.txt
    run -q -r voc -l all -M voc/SegmentationClass --class-names seven.txt -t 1 -b 9 --json seven.json --csv seven.csv --report seven && want 0 && [ ! -s err ] || return 1
    shows '^mIOU, strict +nan  4 of 7 classes are absent' && shows '^road                      +1.0000 ' &&
        shows '^a very long name of a bus +1.0000' && shows '^class names +seven.txt$' || return 1
    shows '"classes": \["road", "big \\"bird\\"", "c", "d", "e", "f", "a very' seven.json && shows '"iou": \[1, 1, null, null, null, null, 1\],' seven.json &&
        [ "$(sed -n '/"confusion"/,/\]\]/p' seven.json | grep -c '\[[0-9, ]*\]')" -eq 7 ] || return 1
    shows '^"big ""bird""",1,1,' seven.csv && [ "$(wc -l <seven.csv)" -eq 9 ] && shows 'no mean over all 7' seven/index.html &&
        shows 'big &quot;bird&quot;' seven/index.html || return 1
    head -n 3 seven.txt >three.txt # too few for the bus
    run -q -r voc -l all -M voc/SegmentationClass --class-names three.txt && want 1 && mentions "expected a class, 0 to 2" && [ ! -s out ] || return 1
    tail -n 2 seven.txt | head -n 1 >gap.txt && printf '\na\n' >>gap.txt
    run -r voc -l all -M voc --class-names gap.txt && want 1 && mentions "gap.txt: line 2: expected the name of class 1" || return 1
    echo one >one.names; run -r voc -l all -M voc --class-names one.names && want 1 && mentions "1 classes: expected 2 or more" || return 1
    seq 256 >many.txt; run -r voc -l all -M voc --class-names many.txt && want 1 && mentions "more than 255 classes" || return 1
    run -r voc -l all -M voc --class-names nowhere.txt && want 1 && mentions "nowhere.txt" || return 1
    head -n 255 many.txt >most.txt && run -q -r voc -l all -M voc/SegmentationClass --class-names most.txt && want 0 && shows '252 of 255 classes are absent'
}
reports_are_made() {
    run -q -r voc -l all -M voc/SegmentationClass -t 1,5 -b 20 --report seen --shown 2 && want 0 && [ ! -s err ] || return 1
    shows '<h1>PASCAL VOC masks: voc/SegmentationClass</h1>' seen/index.html && shows 'over the 3 classes present' seen/index.html || return 1
    [ "$(find seen/pictures -name '*.jpg' | wc -l)" -eq 12 ] && shows 'img src="pictures/12.jpg" width="160" height="120"' seen/index.html || return 1
    ! grep -qE '<script|https?:|javascript:' seen/index.html || return 1
    cp seen/index.html kept.html
    run -r voc -l all -M voc/SegmentationClass --report seen && want 2 && mentions "seen/index.html: exists already; --force" && cmp seen/index.html kept.html || return 1
    run -q -r voc -l all -M voc/SegmentationClass -t 1,5 -b 20 --report seen --shown 2 --force && want 0 && cmp seen/index.html kept.html || return 1
    touch file; run -r voc -l all -M voc/SegmentationClass --report file && want 2 && mentions "file: is a file" || return 1
    mkdir -p 'a&b<c>"d'; cp voc/SegmentationClass/* 'a&b<c>"d'
    rm -rf bare; cp -r voc bare; rm -r bare/JPEGImages # masks alone will do
    run -q -r bare -l all -M 'a&b<c>"d' --report odd && want 0 && shows 'masks: a&amp;b&lt;c&gt;&quot;d</h1>' odd/index.html &&
        [ -s odd/pictures/1.jpg ] || return 1
    run -q -r voc -l all -M voc/SegmentationClass --report none --shown 0 && want 0 && [ ! -e none/pictures ]
}
lists_are_checked() {
    printf 'scene_0000\n../scene_0001\n' >voc/ImageSets/Segmentation/escape.txt
    printf 'scene_0000\nscene_0000\n' >voc/ImageSets/Segmentation/twice.txt
    run -r voc -l escape -M voc/SegmentationClass && want 3 && mentions "../scene_0001: leads out of" && shows '^images failed +1$' || return 1
    run -r voc -l twice -M voc/SegmentationClass && want 1 && mentions "line 1 already"
}

# --- with a model ---

model_and_masks_give_the_same() {
    "$DUET_BIN/segment" -q -M found voc/JPEGImages >/dev/null || return 1
    run -q -r voc -l all -M found --json masks.json && want 0 || return 1
    for threads in 1 2 3; do
        run -q -j $threads -r voc -l all -m deeplabv3-voc --json model$threads.json && want 0 || return 1
        cmp model1.json model$threads.json || return 1
        # all but the conditions
        diff <(sed '/"conditions"/,/^ }/d' masks.json) <(sed '/"conditions"/,/^ }/d' model$threads.json) || return 1
    done
    shows '"model_sha256": "[0-9a-f]{64}"' model1.json && shows '"resize": "pad"' model1.json &&
        shows '"output_stride": 16' model1.json && shows '"flip": false' model1.json
}
reports_show_the_models_masks() {
    run -q -r voc -l all -m deeplabv3-voc --report model --shown 1 && want 0 && shows 'masks: deeplabv3-voc</h1>' model/index.html || return 1
    run -q -r voc -l all -M found --report masks --shown 1 && want 0 && for n in 1 2 3 4 5 6; do
        cmp model/pictures/$n.jpg masks/pictures/$n.jpg || return 1
    done
}
the_bus_is_seen() {
    "$DUET_BIN/scene" -q -k bus -n 2 -o drive && mkdir -p bus/ImageSets/Segmentation && mv drive bus/JPEGImages &&
        mv bus/JPEGImages/masks bus/SegmentationClass && printf 'scene_0000\nscene_0001\n' >bus/ImageSets/Segmentation/val.txt || return 1
    run -q -r bus -l val -m deeplabv3-voc && want 0 && shows '^bus +0\.[89]' && shows '^pixel accuracy +0\.9'
}
settings_change_the_score_and_are_told() {
    run -q -r voc -l all -m deeplabv3-voc -s 8 --scales 0.75,1 --flip --json other.json && want 0 &&
        shows '"output_stride": 8' other.json && shows '"scales": "0.75,1"' other.json && shows '"flip": true' other.json &&
        [ "$(sed -n 2p other.json)" != "$(sed -n 2p model1.json)" ]
}
classes_must_be_the_models() {
    printf '%s\n' background airplane bicycle bird boat bottle bus car cat chair cow "dining table" dog horse motorcycle \
        person "potted plant" sheep couch train tv >spelled.txt # as COCO spells them
    run -q -r voc -l all -m deeplabv3-voc --class-names spelled.txt && want 0 && shows '^airplane ' || return 1
    sed 's/^cow$/zebra/' spelled.txt >zebra.txt
    run -q -r voc -l all -m deeplabv3-voc --class-names zebra.txt && want 1 && [ ! -s out ] &&
        mentions "zebra.txt has 21 classes, the model deeplabv3-voc 21; they differ from class 10 on: 'zebra' and 'cow'" || return 1
    head -n 20 spelled.txt >twenty.txt
    run -q -r voc -l all -m deeplabv3-voc --class-names twenty.txt && want 1 && mentions "has 20 classes, the model deeplabv3-voc 21; they differ from class 20 on"
}
unreadable_pictures_are_named() {
    cp -r voc torn && head -c 500 voc/JPEGImages/scene_0002.png >torn/JPEGImages/scene_0002.png && rm torn/JPEGImages/scene_0001.png
    run -r torn -l all -m deeplabv3-voc && want 3 && mentions "torn/JPEGImages/scene_0002.png" && mentions "scene_0001.jpg" &&
        shows '^images +2$'
}
what_a_model_has_seen_is_told() {
    "$DUET_BIN/models" import "$models/deeplabv3-voc.safetensors" -o seen.safetensors --not-for "x, VOC/All" 2>err || return 1
    run -q -r voc/ -l all -m ./seen.safetensors --json seen.json && want 0 &&
        mentions "the model has seen this data when it was trained (voc/all, says its file)" &&
        shows '"model_not_for": "x, VOC/All"' seen.json || return 1
    run -q -r voc -l all -m deeplabv3-voc && want 0 && ! mentions "has seen"
}
another_kind_of_model_is_refused() {
    [ -f "$models/ssdlite-coco.safetensors" ] || return 0
    run -r voc -l all -m ssdlite-coco && want 1 && mentions "ssdlite" && [ ! -s out ]
}
# A mask that never comes: the first signal ends the waiting. A shell without job control starts background
# jobs with SIGINT ignored: undo that.
waiting_can_be_interrupted() {
    local threads pid signal expected
    cp -r voc/SegmentationClass dry && rm dry/scene_0001.png && mkfifo dry/scene_0001.png || return 1
    for threads in 1 3; do
        for signal in INT TERM HUP; do
            case $signal in INT) expected=130 ;; TERM) expected=143 ;; HUP) expected=129 ;; esac
            env --default-signal=INT "$evaluate" voc -r voc -l all -M dry -j $threads >out 2>err </dev/null &
            pid=$!
            sleep 0.3 && kill -$signal $pid || return 1
            for _ in {1..200}; do kill -0 $pid 2>/dev/null || break; sleep 0.1; done
            kill -KILL $pid 2>/dev/null && echo "still waits 20 s after SIG$signal"
            code=0
            wait $pid || code=$?
            want $expected && mentions "interrupted: nothing was scored" && [ ! -s out ] || return 1
        done
    done
}

check "help fits into 80 columns" help_is_for_people
check "mistakes on the command line end with exit code 2" mistakes_are_usage_errors
check "folders, lists and models that are not there are told" missing_data_is_told
check "the truth against itself is perfect, absent classes are told" truth_against_itself_is_perfect
check "the list is hashed as sha256sum does it" the_list_is_hashed
check "existing results are kept, or replaced with --force" existing_results_are_kept
check "JSON and CSV go to standard output" json_goes_to_standard_output
check "--limit takes the first images" a_limit_takes_the_first
check "missing and damaged masks are named and left out, exit code 3" missing_masks_are_named_and_left_out
check "missing truth is named" missing_truth_is_named
check "masks that do not fit are named, and nothing is scored" masks_that_do_not_fit_are_named_and_nothing_is_scored
check "waiting for a mask ends with the first signal, exit code 130" waiting_can_be_interrupted
check "--class-names names the classes of masks, as many as there are" classes_are_those_of_a_file
check "reports are made: one page, pictures beside it, nothing else" reports_are_made
check "lists with bad ids are refused" lists_are_checked
if [ -n "$models" ]; then
    export DUET_MODELS=$models
    check "--model and --masks give the same, whatever the threads" model_and_masks_give_the_same
    check "reports show the same masks for --model and --masks" reports_show_the_models_masks
    check "the drawn bus is seen" the_bus_is_seen
    check "how the model is run matters and is told" settings_change_the_score_and_are_told
    check "--class-names must be the model's own" classes_must_be_the_models
    check "pictures that cannot be read are named" unreadable_pictures_are_named
    check "scores on data that the model has seen are told to flatter" what_a_model_has_seen_is_told
    check "a model without masks is refused" another_kind_of_model_is_refused
else
    skip "evaluate voc with a model" "no model deeplabv3-voc"
fi
finish
