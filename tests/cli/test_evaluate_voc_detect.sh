#!/usr/bin/env bash
# The evaluate voc-detect command over annotations and boxes written by hand.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
evaluate=$DUET_BIN/evaluate
run() { ran "$evaluate" voc-detect "$@"; }

object() { # NAME XMIN YMIN XMAX YMAX DIFFICULT
    printf '<object><name>%s</name><difficult>%s</difficult><bndbox><xmin>%s</xmin><ymin>%s</ymin><xmax>%s</xmax><ymax>%s</ymax></bndbox></object>\n' \
        "$1" "$6" "$2" "$3" "$4" "$5"
}
annotation() { # ID; objects on standard input
    { echo '<annotation><size><width>100</width><height>100</height></size>'; cat; echo '</annotation>'; } >"voc/Annotations/$1.xml"
}

cd "$work" || exit 1
mkdir -p voc/ImageSets/Main voc/Annotations found
printf 'a_1\nb_2\nc_3\n' >voc/ImageSets/Main/val.txt
{ object dog 1 1 10 10 0; object dog 21 21 30 30 0; object cat 1 1 10 10 1; } | annotation a_1
{ object dog 1 1 10 10 0; object dog 21 21 30 30 1; } | annotation b_2
object dog 1 1 10 10 0 | annotation c_3
cat >found/comp4_det_val_dog.txt <<'EOF'
a_1 0.9 1 1 10 10
a_1 0.8 1 1 10 9
b_2 0.7 21 21 30 30
b_2 0.6 1 1 10 10
c_3 0.5 50 50 60 60
a_1 0.4 21 21 30 30
EOF
printf 'a_1 0.5 1 1 10 10\nelsewhere 0.5 1 1 10 10\n' >found/comp4_det_val_cat.txt

scores_are_those_by_hand() {
    run -r voc -l val -d found -b 50 --json j.json --csv c.csv && want 0 || return 1
    shows '^dog +0.5667 +0.5636 +0.7500 +4 +1 +6 +3 +1   \[' && shows '^cat +- +- +- +0 +1 +1 +0 +0 ' || return 1
    shows '^mAP +0.5667  \[' && shows '^mAP 2007 +0.5636  \[' && shows '^images +3$' && shows '^detections scored +7$' || return 1
    shows "^images sha256 +$(printf 'a_1\nb_2\nc_3\n' | sha256sum | cut -d' ' -f1)\$" || return 1
    mentions "1 detections are in images that the list lacks (elsewhere): left out" &&
        mentions "18 of 20 classes have no file of detections" || return 1
    shows '"map": 0\.56666666' j.json && shows '"positives": \[0, 0,.* 4,' j.json && shows '"replicates": 50' j.json || return 1
    run -q -r voc -l val -d found -b 50 --report seen && want 0 && shows '<b>0.5667</b>' seen/index.html && shows '<figcaption>dog</figcaption>' seen/index.html || return 1
    shows '^dog,12,0\.5666.*,4,1,6,3,1,1,' c.csv && shows '^cat,8,,,,0,1,1,0,0,0,,$' c.csv
}
coco_results_score_the_same() {
    cat >r.json <<'EOF'
[{"image_id":1,"category_id":18,"score":0.9,"bbox":[0,0,10,10]},
 {"image_id":1,"category_id":18,"score":0.8,"bbox":[0,0,10,9]},
 {"image_id":2,"category_id":18,"score":0.7,"bbox":[20,20,10,10]},
 {"image_id":2,"category_id":18,"score":0.6,"bbox":[0,0,10,10]},
 {"image_id":3,"category_id":18,"score":0.5,"bbox":[49,49,11,11]},
 {"image_id":1,"category_id":18,"score":0.4,"bbox":[20,20,10,10]},
 {"image_id":3,"category_id":22,"score":0.4,"bbox":[20,20,10,10]}]
EOF
    run -q -r voc -l val -d r.json --json - && want 0 && [ ! -s err ] && shows '"map": 0\.56666666' || return 1
    printf '[]' >none.json; run -r voc -l val -d none.json && want 0 && shows '^mAP +0.0000' && shows '^dog +0.0000' || return 1
    printf '[\n{"image_id":1,' >broken.json; run -r voc -l val -d broken.json && want 1 && mentions "line 2" && [ ! -s out ]
}
the_overlap_can_be_chosen() { run -q -r voc -l val -d found --iou 0.95 && want 0 && shows '^iou +0.95$' && shows '^dog .* 3 +0$'; }
a_limit_takes_the_first() { run -q -r voc -l val -d found -n 2 && want 0 && shows '^images +2$' && shows '^detections scored +6$'; }
unreadable_annotations_are_named_and_left_out() {
    cp -r voc torn && rm torn/Annotations/c_3.xml && run -q -r torn -l val -d found && want 3 && mentions "torn/Annotations/c_3.xml" &&
        mentions "the scores are of the other 2 images" && shows '^images +2$' || return 1
    { printf '<!DOCTYPE a [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]><annotation>&b;</annotation>'; } >torn/Annotations/b_2.xml
    run -q -r torn -l val -d found && want 3 && mentions "torn/Annotations/b_2.xml: line 1" && shows '^images +1$' || return 1
    rm torn/Annotations/a_1.xml
    run -q -r torn -l val -d found && want 1 && mentions "nothing was scored" && [ ! -s out ]
}
mistakes_are_usage_errors() {
    run && want 2 && mentions "--root" || return 1
    run -r voc && want 2 && mentions "--list" || return 1
    run -r voc -l val && want 2 && mentions "--detections" || return 1
    run -r voc -l val -d found --json j.json && want 2 && mentions "--force" || return 1
    run -r voc -l val -d found --iou 0 && want 2 && mentions "--iou" || return 1
    run -r voc -l val -d nothing && want 1 && mentions "nothing" || return 1
    mkdir -p empty; run -r voc -l val -d empty && want 1 && mentions "comp4_det_SET_CLASS.txt"
}
help_is_for_people() { run --help && want 0 && [ ! -s err ] && shows '^Usage: evaluate voc-detect ' && [ "$(wc -L <out)" -le 80 ]; }

check "scores are those computed by hand" scores_are_those_by_hand
check "COCO results score the same" coco_results_score_the_same
check "the overlap can be chosen" the_overlap_can_be_chosen
check "--limit takes the first images" a_limit_takes_the_first
check "annotations that cannot be read are named and left out" unreadable_annotations_are_named_and_left_out
check "mistakes on the command line end with exit code 2" mistakes_are_usage_errors
check "help fits into 80 columns" help_is_for_people
finish
