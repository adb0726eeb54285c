#!/usr/bin/env bash
# evaluate over data that is odd but valid: what a score does not need costs nothing; what it needs is named.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
evaluate=$DUET_BIN/evaluate
cd "$work" || exit 1
all=' Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] ='

# One square, found. gt IMAGE-ID WIDTH FILE-NAME [FIELDS]: more fields of the annotation; dt IMAGE-ID
square='[[10,10,30,10,30,30,10,30]]'
gt() {
    printf '{"images":[{"id":%s,"width":%s,"height":80,"file_name":%s}],"categories":[{"id":1,"name":"cup"}],' "$1" "$2" "$3" >g.json
    printf '"annotations":[{"id":1,"image_id":%s,"category_id":1,"bbox":[10,10,20,20],"area":400,"iscrowd":0%s}]}' "$1" "${4-}" >>g.json
}
dt() { printf '[{"image_id":%s,"category_id":1,"bbox":[10,10,20,20],"score":0.9,"segmentation":%s}]' "$1" "$square" >d.json; }
scores() { # VALUE ARGUMENT...: exit code 0 and this AP
    local value=$1
    shift
    exits 0 "$evaluate" coco -j1 -g g.json -d d.json "$@" >out 2>err || { cat err; return 1; }
    [ "$(head -1 out)" = "$all $value" ] || { head -1 out; cat err; return 1; }
}
refuses() { # TEXT ARGUMENT...: exit code 1, no score, and TEXT
    local text=$1
    shift
    exits 1 "$evaluate" coco -j1 -g g.json -d d.json "$@" >out 2>err || { cat out err; return 1; }
    [ ! -s out ] && grep -qF -- "$text" err || { cat out err; return 1; }
}
warns() { grep "^warning: " err | grep -qF -- "$1" || { cat err; return 1; }; }

pages=0 # of reports

# --- COCO ---

ids_of_any_kind() {
    local id
    for id in '"vid_1"' '"1"' 9007199254740993 18446744073709551616 -5 0 1.5 '"\u00e9 \" x"' null; do
        gt "$id" 100 '"a.png"'; dt "$id"
        scores 1.000 && scores 1.000 -R "page$((pages++))" || { echo "id $id"; return 1; }
    done
    gt 1 100 '"a.png"'; dt 1.0; scores 1.000 && dt true && scores 1.000 || return 1
    dt '"1"'; scores 0.000 && warns 'image id that the ground truth does not list (1)' || return 1
    gt 9007199254740993 100 '"a.png"'; dt 9007199254740992; scores 0.000
}

lists_of_ids() {
    gt '"vid 1"' 100 '"a.png"'; dt '"vid 1"'
    printf '\xef\xbb\xbfvid 1\r\n' >ids; scores 1.000 --image-ids ids || return 1
    echo 'vid 2' >ids; refuses "ids: line 1: 'vid 2': g.json does not list that image" --image-ids ids || return 1
    "$evaluate" subset -q -g g.json -n 1 -l one.txt -o part.json && [ "$(cat one.txt)" = 'vid 1' ] && grep -q '"vid 1"' part.json || return 1
    printf 'v\0i\0' | sed 's/^/\xff\xfe/' >ids; refuses 'ids: is UTF-16' --image-ids ids
}

fields_that_boxes_do_not_need() {
    local width name fields
    dt 1
    for width in null 120000 100.5 -1 '"100"' NaN; do gt 1 "$width" '"a.png"'; scores 1.000 || { echo "width $width"; return 1; }; done
    for name in null 7 '["a"]' NaN '"..\\..\\a"'; do gt 1 100 "$name"; scores 1.000 || { echo "name $name"; return 1; }; done
    for fields in ',"segmentation":[]' ',"segmentation":7' ',"segmentation":[[1,NaN]]' ',"license":NaN' ',"x":-Infinity' \
        ',"iscrowd":false' ',"ignore":"no"' ',"x":[[[{"y":[{}]}]]]' ',"area":1,"area":400' ',"bbox":[],"bbox":[10,10,20,20]'; do
        gt 1 100 '"a.png"' "$fields"; scores 1.000 || { echo "fields $fields"; return 1; }
    done
    gt 1 100 '"a.png"'; sed -i 's/"cup"/7/' g.json; scores 1.000 && grep -q . out || return 1
    gt 1 100 '"a.png"'; sed -i '1s/^/\xef\xbb\xbf/' g.json; sed -i '1s/^/\xef\xbb\xbf/' d.json; scores 1.000
}
fields_that_boxes_need() {
    dt 1
    gt 1 100 '"a.png"' ',"bbox":null'; refuses 'g.json: annotations[0] (id 1): bbox: expected an array of 4 numbers, got null' || return 1
    gt 1 100 '"a.png"'; sed -i 's/"bbox":\[10,10,20,20\],//' g.json; refuses 'g.json: annotations[0] (id 1): has no "bbox"' || return 1
    gt 1 100 '"a.png"' ',"area":NaN'; scores 1.000 && warns '"area" that is not finite' || return 1
    gt 1 100 '"a.png"' ',"area":null'; scores 1.000 && warns 'no "area" that is a number' || return 1
    gt 1 100 '"a.png"'; sed -i 's/,"iscrowd":0//' g.json; scores 1.000 && warns 'no "iscrowd" that is a whole number' || return 1
    gt 1 100 '"a.png"'; sed -i 's/0.9/"0.9"/' d.json; refuses 'd.json: line 1, column 65: results[0].score: expected a number, got a string' || return 1
    sed -i 's/"0.9"/NaN/' d.json; refuses 'd.json: results[0]: a score or bbox that is not finite'
}
masks_need_what_they_need() {
    dt 1
    gt 1 100 '"a.png"' ',"segmentation":[]'; refuses 'g.json: annotations[0] (id 1): segmentation: no polygons in it' -t segm || return 1
    gt 1 100 '"a.png"'; refuses 'g.json: annotations[0] (id 1): has no "segmentation"' -t segm || return 1
    gt 1 null '"a.png"' ",\"segmentation\":$square"; refuses 'g.json: images[0] (id 1): "width" 0, "height" 80' -t segm || return 1
    gt 1 100 '"a.png"' ",\"segmentation\":$square,\"bbox\":null"; scores 1.000 -t segm || return 1
    gt 1 100 '"a.png"' ",\"segmentation\":[[10,10,30,10,30,30,10,30],[12,12,20,20],[5],[]]"; scores 1.000 -t segm || return 1
    gt 1 100 '"a.png"' ",\"segmentation\":[[10,10,30,10,30,30,10,30,7]]"; scores 1.000 -t segm || return 1
    gt 1 100 '"a.png"' ",\"segmentation\":[[10,10,30,30]]"; refuses 'the first polygon needs 3 points' -t segm || return 1
    # What is not scored need not be right.
    gt 1 100 '"a.png"' ",\"segmentation\":$square"
    sed -i 's/"images":\[/&{"id":2},/; s/"annotations":\[/&{"id":2,"image_id":2,"category_id":1},/' g.json; echo 1 >ids
    refuses 'annotations[0] (id 2)' -t segm && scores 1.000 -t segm --image-ids ids
}
check "ids of any kind" ids_of_any_kind
check "lists of ids" lists_of_ids
check "fields that boxes do not need" fields_that_boxes_do_not_need
check "fields that boxes need" fields_that_boxes_need
check "masks need what they need" masks_need_what_they_need

# --- VOC ---

voc() { "$evaluate" voc-detect -q -r r -l val -d f "$@" >out 2>err; }
annotate() { # FIELDS: of the object
    mkdir -p r/Annotations r/ImageSets/Main f
    printf '%s\n' im >r/ImageSets/Main/val.txt
    printf '\xef\xbb\xbfim 0.9 10 10 30 40\r\n' >f/comp4_det_val_cat.txt
    printf '<annotation><size><width>99.5</width></size><object><name>cat</name>%s<bndbox><xmin>10.0</xmin><ymin>10</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object>%s</annotation>' \
        "$1" "${2-}" >r/Annotations/im.xml
}
voc_finds() { exits 0 voc "$@" && grep -qE '^cat +1\.0000' out || { cat out err; return 1; }; }
voc_fields_cost_nothing() {
    local fields
    for fields in '<truncated>0.0597</truncated>' '<difficult>Unspecified</difficult>' '<difficult></difficult>' '<difficult>False</difficult>' \
        '<truncated>Unspecified</truncated>' '<part><name>x</name></part>'; do
        annotate "$fields"; voc_finds || { echo "$fields"; return 1; }
    done
    annotate '<difficult>True</difficult>'; exits 0 voc && grep -qE '^cat +- .* 1 +1 ' out || { cat out; return 1; }
    annotate '' '<object><name>cat</name></object>'; voc_finds && warns 'object 2 has no <xmin> (1 object left out)' || return 1
    annotate '' '<object><name>giraffe</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object>'
    voc_finds && warns 'classes that VOC does not have (giraffe)'
}
voc_lists() {
    local line
    annotate ''
    for line in '"im"' 'im -1' 'im  1' 'JPEGImages/im.jpg' 'im.jpg' '.\JPEGImages\im.jpg'; do
        printf '\xef\xbb\xbf%s\r\n' "$line" >r/ImageSets/Main/val.txt; voc_finds || { echo "$line"; return 1; }
    done
    cp r/Annotations/im.xml 'r/Annotations/im 1.xml'; echo '"im 1"' >r/ImageSets/Main/val.txt
    printf '"im 1" 0.9 10 10 30 40\n' >f/comp4_det_val_cat.txt; voc_finds || return 1
    cp r/Annotations/im.xml secret.xml; annotate ''; printf 'im\n../../secret\n' >r/ImageSets/Main/val.txt
    exits 3 voc --json j.json --force && grep -q "../../secret: leads out of the data set's folder" err && grep -q '"images_failed": 1' j.json
}
check "VOC: fields that score nothing cost nothing" voc_fields_cost_nothing
check "VOC: lists as people have them" voc_lists

# --- a model over pictures of which some are missing ---

[ -e "$DUET_BUILD_DIR/models/ssdlite-coco.safetensors" ] || skip_all "a model over pictures" "no model ssdlite-coco"
"$DUET_BIN/scene" -q --frames 2 -o s && cp s/scene_0000.png secret.png && ln -s ../secret.png s/link.png
second() { sed "s|scene_0001.png|$1|" s/instances.json >m.json; }
model() { "$evaluate" coco -j1 -g m.json -i s "$@" >out 2>err; }
pictures_are_left_out() {
    local name
    for name in gone.png ../secret.png "$work/secret.png" link.png; do
        second "$name"
        exits 3 model -R "page$((pages++))" --json j.json --force && warns '1 of 2 pictures could not be read: the scores are of the other 1' || return 1
        grep -qF 'm.json: images[1] (id 1): ' err && grep -q '"images_failed": 1' j.json && grep -q '"images": 1' j.json &&
            grep -q 'pictures could not be read' j.json || { echo "$name"; cat err; return 1; }
        ! grep -q secret "page$((pages - 1))/index.html" || return 1
    done
    echo broken >s/broken.png; second broken.png; exits 3 model && grep -qF '| area=   all | maxDets=100 ] = 0.9' out || { cat out err; return 1; }
    sed 's/scene_000[01].png/gone\\\\&/' s/instances.json >m.json; exits 1 model && [ ! -s out ] && grep -q 'none of 2 pictures could be read' err || return 1
    sed 's/scene_000[01].png/broken.png/' s/instances.json | sed '0,/broken.png/s//broken2.png/' >m.json; cp s/broken.png s/broken2.png
    exits 1 model && [ ! -s out ] && grep -q 'none of 2 pictures could be read' err
}
backslashes_and_names() {
    mkdir -p lab/in && cp s/scene_000?.png lab/in; sed 's/scene_000/in\\\\&/; s/"id": 1,/"id": "b",/; s/"image_id": 1,/"image_id": "b",/' s/instances.json >w.json
    exits 0 "$evaluate" coco -q -j1 -g w.json -i lab >out 2>err || { cat err; return 1; }
    exits 0 "$DUET_BIN/detect" -q -j1 -f coco --coco-images w.json lab/in/scene_0001.png >r.json && grep -q '"image_id":"b"' r.json
}
check "pictures that cannot be read are left out and counted" pictures_are_left_out
check "file names with backslashes, ids that are strings" backslashes_and_names
finish
