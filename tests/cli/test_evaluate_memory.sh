#!/usr/bin/env bash
# evaluate with every allocation failing, one at a time: no hang, no crash, no success with something missing.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
. "$DUET_SOURCE_DIR/tests/support/failing_memory.sh"
evaluate=$DUET_BIN/evaluate
why=$(failing_unable)
[ -z "$why" ] || skip_all "evaluate when memory fails" "$why"

cat >"$work/gt.json" <<'J'
{"images": [{"id": 1, "width": 64, "height": 48, "file_name": "a.png"}],
 "categories": [{"id": 3, "name": "cup"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [4, 4, 20, 20], "area": 400, "iscrowd": 0,
                  "segmentation": [[4, 4, 24, 4, 24, 24, 4, 24]]}]}
J
cat >"$work/dt.json" <<'J'
[{"image_id": 1, "category_id": 3, "bbox": [5, 4, 20, 20], "score": 0.75}]
J

coco() { "${failing[@]}" "$evaluate" coco -j1 -g "$work/gt.json" -d "$work/dt.json" "$@"; }

boxes() { coco >"$work/got"; }
check "evaluate coco" sweep boxes 1

everything() {
    rm -rf "$work/out"
    mkdir "$work/out"
    (cd "$work/out" && coco -pe -b 20 --json json --csv csv --confusion confusion --curves curves \
        --thresholds-out points >said) || return
    cat "$work/out"/* >"$work/got"
}
check "with all that can be had besides" sweep everything 1

masks() { coco -t segm --json - >"$work/got"; }
check "masks" sweep masks 1

report() {
    rm -rf "$work/page"
    coco -R "$work/page" >"$work/said-too" || return
    cat "$work/page/index.html" >"$work/got"
}
check "a report" sweep report 3

mkdir -p "$work/voc/Annotations" "$work/voc/ImageSets/Main" "$work/found"
echo '"im 1" -1' >"$work/voc/ImageSets/Main/val.txt"
echo '<annotation><object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>' >"$work/voc/Annotations/im 1.xml"
echo '"im 1" 0.5 1 1 9 9' >"$work/found/comp4_det_val_cat.txt"
boxes_of_voc() { "${failing[@]}" "$evaluate" voc-detect -r "$work/voc" -l val -d "$work/found" --json - >"$work/got"; }
check "evaluate voc-detect" sweep boxes_of_voc 1

odd() { "${failing[@]}" "$evaluate" coco -j1 -g "$work/odd.json" -d "$work/dt.json" --json - >"$work/got"; }
sed 's/"id": 1, "image_id": 1/"id": "a", "image_id": "b", "category_id": 3}, {"id": 2, "image_id": 1/; s/"images": \[/&{"id": "c", "file_name": 7}, /' "$work/gt.json" >"$work/odd.json"
check "string ids and warnings" sweep odd 1

compare() { "${failing[@]}" "$evaluate" compare -g "$work/gt.json" -b 20 -j1 "$work/dt.json" "$work/dt.json" >"$work/got"; }
check "evaluate compare" sweep compare 1

subset() {
    rm -f "$work/part.json"
    "${failing[@]}" "$evaluate" subset -g "$work/gt.json" -n 1 -o "$work/part.json" >"$work/said-too" || return
    cat "$work/part.json" >"$work/got"
}
check "evaluate subset" sweep subset 1

finish
