# evaluate coco: manners, numbers, refusals, files written; a model over drawn scenes.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh" || exit 1
evaluate=$DUET_BIN/evaluate
export TMPDIR=$work/tmp
mkdir -p "$TMPDIR"
cd "$work" || exit 1

coco() { "$evaluate" coco --gt gt.json "$@"; }

cat >gt.json <<'END'
{"images": [{"id": 1, "file_name": "a.jpg", "width": 100, "height": 100},
            {"id": 2, "file_name": "b.jpg", "width": 100, "height": 100}],
 "categories": [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}, {"id": 20, "name": "sheep, \"black\""}],
 "annotations": [
  {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20], "area": 400, "iscrowd": 0},
  {"id": 2, "image_id": 1, "category_id": 18, "bbox": [50, 50, 40, 40], "area": 1600, "iscrowd": 0},
  {"id": 3, "image_id": 2, "category_id": 1, "bbox": [10, 10, 20, 20], "area": 400, "iscrowd": 0}]}
END
cat >dt.json <<'END'
[{"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20], "score": 0.9},
 {"image_id": 1, "category_id": 1, "bbox": [50, 50, 40, 40], "score": 0.8},
 {"image_id": 2, "category_id": 1, "bbox": [10, 10, 20, 20], "score": 0.7},
 {"image_id": 1, "category_id": 18, "bbox": [52, 50, 40, 40], "score": 0.6}]
END

# --- manners

check "evaluate --help names the command" prints "  coco" "$evaluate" --help
check "--help is on stdout, 80 columns" all 'prints "--thresholds-out" "$evaluate" coco --help' \
    '! grep -n ".\{81\}" "$work/stdout" | grep -v all:0:1e10'
check "no ground truth" exits_with 2 "no --gt given" "$evaluate" coco -d dt.json
check "nothing to score" exits_with 2 "expected one of --detections and --images" coco
check "two things to score" exits_with 2 "expected one of" coco -d dt.json -i .
check "a model for detections that are there" exits_with 2 "--model" coco -d dt.json -m x
check "masks of a model" exits_with 2 "--type segm" coco -i . -t segm
for bad in 0 1.5 0.5,0.5 0.7,0.5 x 0.5, 0.5:0.4:0.1 0.5:0.9 0.5:0.9:0.001; do
    check "--iou $bad" exits_with 2 "--iou: '$bad'" coco -d dt.json --iou $bad
done
for bad in 0 5,5 1.5 1,2,3,4,5,6,7,8,9; do
    check "--max-detections $bad" exits_with 2 "--max-detections: '$bad'" coco -d dt.json --max-detections $bad
done
for bad in x all:5 all:5:4 :0:1 all:0:x; do
    check "--areas $bad" exits_with 2 "--areas: '$bad'" coco -d dt.json --areas $bad
done
check "an unknown class gets a suggestion" exits_with 2 "did you mean 'person'" coco -d dt.json -c persn
check "two texts for standard output" exits_with 2 "cannot both" coco -d dt.json --json - --csv -
check "an existing file is not replaced" all 'echo old >old' 'exits_with 2 "old: exists" coco -d dt.json --json old' \
    '[ "$(cat old)" = old ]'
check "--force replaces it" all 'coco -d dt.json --json old --force' 'grep -q stats old'
check "a folder is no file" exits_with 2 "is a folder" coco -d dt.json --csv . --force
check "a full disk is noticed" exits_with 1 "cannot write" sh -c '"$0" coco -g gt.json -d dt.json >/dev/full' "$evaluate"

# --- numbers

# person: hit, miss, hit: 51 recalls at 1, 50 at 2/3; dog: overlap 38/42, hits up to .90
person=$(awk 'BEGIN { printf "%.3f", (51 + 50 * 2 / 3) / 101 }')
mean=$(awk 'BEGIN { printf "%.3f", ((51 + 50 * 2 / 3) / 101 + .9) / 2 }')
check "AP is as by hand" prints \
    " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = $mean" coco -d dt.json
check "there are twelve lines" [ "$(grep -c '@\[ IoU' "$work/stdout")" = 12 ]
check "the conditions stand below" all 'grep -q "^images  *2$" stdout' 'grep -q "^detections file  *dt.json$" stdout' \
    "grep -q '^images sha256  *$(printf '1\n2\n' | sha256sum | cut -c 1-64)$' stdout"
check "one class" prints "maxDets=100 ] = $person" coco -d dt.json --classes Person
check "one image" prints "maxDets=100 ] = 1.000" coco -d dt.json --classes person --limit 1 --iou 0.5 --areas all:0:1e9
check "one overlap" prints "@[ IoU=0.95:0.95 | area=   all | maxDets=100 ] = 0.417" coco -d dt.json --iou 0.95
check "a range of overlaps" all 'coco -d dt.json --iou 0.5:0.95:0.05 --json a.json' 'coco -d dt.json --json b.json' \
    '[ "$(grep stats a.json)" = "$(grep stats b.json)" ]'
check "other limits and areas" prints "AR) @[ IoU=0.50:0.95 | area=  tiny | maxDets=  7 ] = -1.000" \
    coco -d dt.json --max-detections 7 --areas all:0:1e9,tiny:0:9
check "ids in a file" all 'printf "2\n\n2\r\n" >ids' 'prints "maxDets=100 ] = 1.000" coco -d dt.json --image-ids ids'
check "an id that is none" all 'printf "2\nb.jpg\n" >ids' "exits_with 1 \"ids: line 2: 'b.jpg'\" coco -d dt.json --image-ids ids"
check "an id that is not there" all 'echo 7 >ids' 'exits_with 1 "ids: line 1: '"'7'"': gt.json does not list that image" coco -d dt.json --image-ids ids'
check "no ids at all" exits_with 1 "no image ids" coco -d dt.json --image-ids /dev/null
check "a table of classes" prints "person            0.8350  0.8350" coco -d dt.json --per-class
check "errors" prints "Loc" coco -d dt.json --errors
check "intervals" prints "maxDets=100 ] = 0.$(echo "$mean" | cut -c 3-)  [" coco -d dt.json --bootstrap 50
check "the same draws for any number of threads" all 'coco -d dt.json -b 50 -j 1 >one' 'coco -d dt.json -b 50 -j 3 >three' \
    'cmp one three'

# --- files

check "JSON" all 'coco -d dt.json --json s.json -b 20 --errors --confusion c.csv' \
    'grep -qE "\"stats\": \[0.867[0-9]*, " s.json' 'grep -q "\"images_sha256\": \"[0-9a-f]\{64\}\"" s.json' \
    'grep -q "\"bootstrap\": {\"replicates\": 20" s.json' 'grep -q "\"Bkg\": {\"gain\"" s.json' \
    'grep -q "\"id\": 20, \"name\": \"sheep, ..black" s.json' 'grep -q "\"ap\": -1, \"stats\": \[-1" s.json'
check "JSON on stdout, instead of the table" all 'prints "\"stats\"" coco -d dt.json --json -' '! grep -q "@\[" stdout'
check "CSV" all 'coco -d dt.json --csv s.csv' \
    'head -1 s.csv | grep -qx "class,category_id,ap,ap_50,ap_75,ap_small,ap_medium,ap_large,ar_max_1,ar_max_10,ar_max_100,ar_small,ar_medium,ar_large,truths,detections"' \
    'grep -q "^\"sheep, \"\"black\"\"\",20,,,,,,,,,,,,,0,0$" s.csv' 'grep -q "^mean,,0.867" s.csv' '[ "$(wc -l <s.csv)" = 5 ]'
check "a confusion matrix" all 'printf "truth,person,dog,\"sheep, \"\"black\"\"\",background\nperson,2,0,0,0\ndog,0,1,0,0\n\"sheep, \"\"black\"\"\",0,0,0,0\nbackground,1,0,0,0\n" >want' \
    'cmp c.csv want'
check "its threshold" all 'coco -d dt.json --confusion c2.csv --confusion-threshold 0.65' 'grep -qx "dog,1,0,0,0" c2.csv'
check "curves" all 'coco -d dt.json --curves k.csv' '[ "$(wc -l <k.csv)" = 2021 ]' \
    'grep -qxE "person,1,0.5,0.5,(1|0.99999[0-9]*),0.9" k.csv' 'grep -q "person,1,0.5,0.51,0.6666" k.csv'
check "thresholds" all 'coco -d dt.json --thresholds-out t.json' 'grep -q "\"goal\": \"f1\"" t.json' \
    'grep -q "\"id\": 1, \"name\": \"person\", \"threshold\": 0.35, " t.json'
check "thresholds for a precision" all 'coco -d dt.json --thresholds-out t2.json --at-precision 0.9' \
    'grep -q "\"name\": \"person\", \"threshold\": 0.85[0-9]*, \"precision\": 1, \"recall\": 0.5" t2.json'
check "thresholds at an overlap that is not scored" exits_with 2 "at-iou" coco -d dt.json --thresholds-out t3.json --at-iou 0.52

# --- what is odd, what is broken

echo '[]' >empty.json
check "no detections score 0" all 'exits_with 0 "the results are empty: they score 0" coco -d empty.json' 'grep -q "= 0.000" stdout'
check "the warning is in the JSON" all 'coco -d empty.json --json e.json' 'grep -q "\"warnings\": \[\"the results are empty" e.json'
check "a warning stays when all else is quiet" all 'coco -d empty.json -q 2>err' '[ "$(cut -c 1-8 err)" = warning: ]'
echo '[{"image_id":5,"category_id":1,"bbox":[0,0,1,1],"score":1},{"image_id":1,"category_id":99,"bbox":[0,0,-1,1],"score":1}]' >odd.json
check "strangers are named" all 'exits_with 0 "image id that the ground truth does not list (5)" coco -d odd.json' \
    'grep -q "category id that the ground truth does not list (99)" stderr' 'grep -q "negative" stderr'
printf '[{"image_id":1,\n"category_id":1,"bbox":[0,0,NaN,1],"score":1}]' >nan.json
check "NaN is no place for a box" exits_with 1 "nan.json: results[0]: a score or bbox that is not finite" coco -d nan.json
echo '[{"image_id":1,"category_id":1,"bbox":[0,0,1e999,1],"score":1}]' >inf.json
check "an infinite side" exits_with 1 "inf.json: results[0]: a score or bbox that is not finite" coco -d inf.json
head -c 300 dt.json >cut.json
check "a file cut short" exits_with 1 "cut.json: line 4" coco -d cut.json
check "a ground truth cut short" all 'head -c 300 gt.json >cutgt.json' 'exits_with 1 "cutgt.json: line" "$evaluate" coco -g cutgt.json -d dt.json'
check "results for a ground truth" exits_with 1 "expected an object with" "$evaluate" coco -g dt.json -d dt.json
check "a ground truth for results" exits_with 1 "expected an array of results" coco -d gt.json
check "no such file" exits_with 1 "none.json: cannot open" coco -d none.json
check "a folder for a file" exits_with 2 "is a folder" coco -d .
check "masks that are not there" exits_with 1 "has no \"segmentation\"" coco -d dt.json -t segm
sed 's/"id": 2, "image_id"/"id": 0, "image_id"/; s/"id": 3, "image_id"/"id": 1, "image_id"/' gt.json >ids.json
check "odd ids in the ground truth are told" all 'exits_with 0 "pycocotools counts the last in place of all: 1 (annotations[2], id 1)" "$evaluate" coco -g ids.json -d dt.json' \
    'grep -q "with the id 0" stderr' "grep -q '= $mean' stdout"

# --- compare

cat >worse.json <<'END'
[{"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20], "score": 0.1},
 {"image_id": 1, "category_id": 1, "bbox": [50, 50, 40, 40], "score": 0.8}]
END
compare() { "$evaluate" compare --gt gt.json "$@"; }
check "compare needs two files" exits_with 2 "expected 2 operands" compare dt.json
check "compare needs a ground truth" exits_with 2 "no --gt given" "$evaluate" compare dt.json dt.json
check "compare --help" prints "Usage: evaluate compare" "$evaluate" compare --help
check "a difference" all 'prints "AP all, 100              0.8675   0.1262   -0.7413" compare dt.json worse.json' \
    'grep -q "^0 images are better in B, 2 are worse, 0 the same" stdout' 'grep -q "^person .*0.8350   0.2525   -0.5825" stdout'
check "none" all 'prints "AP all, 100              0.8675   0.8675   +0.0000" compare dt.json dt.json -b 100' \
    'grep -q "^0 images are better in B, 0 are worse, 2 the same" stdout'
check "its JSON" all 'compare dt.json worse.json --json cmp.json -b 10' 'grep -q "\"worse\": 2" cmp.json' \
    'grep -q "{\"metric\": \"AP\", \"iou\": \"0.5:0.95\", \"area\": \"all\", \"max_detections\": 100, \"a\": 0.867" cmp.json' \
    'grep -q "{\"id\": 2, \"file_name\": \"b.jpg\", \"a\": [0-9.]*, \"b\": 0, \"difference\": -" cmp.json'
check "warnings say which file" exits_with 0 "empty.json: the results are empty" compare dt.json empty.json
check "a file that is broken" exits_with 1 "nan.json: results[0]" compare dt.json nan.json
check "an existing file is not replaced by compare" exits_with 2 "cmp.json: exists" compare dt.json worse.json --json cmp.json

# --- subset

subset() { "$evaluate" subset --gt gt.json "$@"; }
check "a list of ids" all 'subset -n 2 -q >two' '[ "$(cat two)" = "$(printf "1\n2\n")" ]'
check "the same seed, the same ids" all 'subset -n 1 --seed 3 -q >a1' 'subset -n 1 --seed 3 -q >a2' 'cmp a1 a2' '[ "$(wc -l <a1)" = 1 ]'
check "its hash is the one beside the scores" all 'exits_with 0 "images sha256" subset -n 1 --seed 3 -l one.txt' \
    'hash=$(sed "s/.* //" stderr)' 'coco -d dt.json --image-ids one.txt >stdout' 'grep -q "images sha256  *$hash" stdout'
check "a ground truth of its own" all 'echo 2 >2.txt' 'subset --image-ids 2.txt -o part.json -q' \
    '"$evaluate" coco -g part.json -d dt.json -q --json p.json >/dev/null' 'coco -d dt.json --image-ids 2.txt --json q.json' \
    '[ "$(grep stats p.json)" = "$(grep stats q.json)" ]' 'grep -q "\"name\":\"sheep, ..black" part.json'
check "more than there are" exits_with 2 "3 images out of 2" subset -n 3
check "neither number nor ids" exits_with 2 "expected one of --count and --image-ids" subset
check "stratified ids" exits_with 2 "--stratify" subset --image-ids 2.txt -s
check "an existing file is not replaced by subset" exits_with 2 "part.json: exists" subset -n 1 -o part.json
check "nothing is left of a broken copy" all 'exits_with 1 "cutgt.json" "$evaluate" subset -g cutgt.json -n 1 -o never.json' '[ ! -e never.json ]'

# --- a model

if [ ! -f "$DUET_BUILD_DIR/models/ssdlite-coco.safetensors" ]; then
    skip_all "a model" "build/models has no ssdlite-coco"
fi
"$DUET_BIN/scene" -n 4 -q -o scenes
model() { "$evaluate" coco --gt scenes/instances.json --images scenes "$@"; }
check "a model is run and scored" prints "model                ssdlite-coco" model --keep kept.json
check "it finds what was drawn" all 'grep -q "area=   all | maxDets=100 \] = 0\.[4-9]" stdout'
check "its conditions are told" all 'grep -q "^model sha256  *[0-9a-f]\{64\}$" stdout' 'grep -q "^exif  *ignore$" stdout'
check "what it found scores the same" all 'model --json m.json' \
    '"$evaluate" coco --gt scenes/instances.json -d kept.json --json k.json' '[ "$(grep stats m.json)" = "$(grep stats k.json)" ]'
check "so does detect" all '"$DUET_BIN/detect" -q --eval -f coco --coco-images scenes/instances.json -o det.json scenes/scene_*.png' \
    'cmp det.json kept.json'
check "no folder is left behind" [ -z "$(ls -A "$TMPDIR")" ]
check "pictures that are missing: the others are scored, exit 3" all 'rm scenes/scene_0001.png' \
    'exits_with 3 "scene_0001.png" model' 'grep -q "^images  *3$" stdout' 'grep -q "^images failed  *1$" stdout'
check "no folder of pictures" exits_with 1 "none: no such folder" "$evaluate" coco --gt scenes/instances.json --images none
check "no such model" exits_with 1 "none" model -m none
# --foreground: without it timeout signals the process and then its group, and the second signal kills.
check "interrupted: nothing is scored" all 'timeout --foreground -s INT 0.05 "$evaluate" coco -g scenes/instances.json -i scenes >/dev/null 2>&1; [ $? != 0 ]' \
    '[ -z "$(ls -A "$TMPDIR")" ]'
finish
