#!/usr/bin/env bash
# Names that would steer a terminal, forge a line, turn the direction of writing or be computed by a spreadsheet: of
# files, classes and tensors, through all that the programs print and write.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
cd "$work" || exit 1

# ESC, a window title, BEL, newline, U+009B, U+202E, U+2028, U+2066, a quote, markup, and Latin-1.
evil=$'=\e]0;x\a\n\u009b2J\u202e\u2028\u2066"<i>\xff\'&'
evil_json='=\u001b]0;x\u0007\n\u009b2J\u202e\u2028\u2066\"<b>'"'&"

# UTF-8 whose every character shows itself; newlines end lines.
plain() { # FILE...
    local file
    for file in "$@"; do
        [ -s "$file" ] || { echo "$file: empty"; return 1; }
        iconv -f UTF-8 -t UTF-8 "$file" >/dev/null || { echo "$file: not UTF-8"; return 1; }
        if LC_ALL=C.UTF-8 grep -nP '[\x00-\x08\x0b-\x1f\x7f-\x9f\x{61c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}]' "$file" >bad
        then
            cat -v bad
            echo "of $file"
            return 1
        fi
    done
}
says_plainly() { # CODE COMMAND...: the exit code, and what is on both streams
    local code=$1
    shift
    exits "$code" "$@" >out 2>err || { cat -v out err; return 1; }
    cat out err >both
    plain both
}
fails_on_one_line() { # CODE COMMAND...
    says_plainly "$@" && [ "$(wc -l <err)" -eq 1 ] || { cat -v err; return 1; }
}

# --- files that are not there

check "detect" fails_on_one_line 1 "$DUET_BIN/detect" --quiet --model "$evil/model" x.png
for command in show verify; do check "models $command" fails_on_one_line 1 "$DUET_BIN/models" $command "$evil/x"; done
check "models import" fails_on_one_line 1 "$DUET_BIN/models" import "$evil/x" -o out.safetensors
check "evaluate coco" fails_on_one_line 1 "$DUET_BIN/evaluate" coco --gt "$evil" -d x
check "evaluate voc" fails_on_one_line 1 "$DUET_BIN/evaluate" voc --root "$evil" --list x --masks .
check "scene" says_plainly 0 "$DUET_BIN/scene" -o "$evil" -n 1
check "an option" says_plainly 2 "$DUET_BIN/detect" --"$evil"

# --- classes and files of a ground truth

cat >gt.json <<END
{"images": [{"id": 1, "file_name": "$evil_json", "width": 100, "height": 100}, {"id": 2, "file_name": "b", "width": 9, "height": 9}],
 "categories": [{"id": 1, "name": "$evil_json"}, {"id": 2, "name": "+1"}, {"id": 3, "name": "@x,"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20], "area": 400, "iscrowd": 0},
                 {"id": 2, "image_id": 1, "category_id": 2, "bbox": [50, 50, 40, 40], "area": 1600, "iscrowd": 0},
                 {"id": 3, "image_id": 1, "category_id": 3, "bbox": [0, 0, 9, 9], "area": 81, "iscrowd": 0}]}
END
echo '[{"image_id": 1, "category_id": 1, "bbox": [10, 10, 20, 20], "score": 0.9}, {"image_id": 1, "category_id": 2, "bbox": [5, 5, 40, 40], "score": 0.8}]' >"$evil.json"
echo '[]' >none
coco() { "$DUET_BIN/evaluate" coco --gt gt.json -d "$evil.json" --force "$@"; }
cells_are_text() { # FILE: no cell begins as a formula
    plain "$1" && ! grep -nE '(^|,)"?[=+@]' "$1" && grep -q "'=" "$1"
}
check "evaluate's table" says_plainly 0 coco --per-class --errors
for file in csv curves confusion; do
    check "evaluate --$file" says_plainly 0 coco --$file $file.csv
    check "... in a spreadsheet" cells_are_text $file.csv
done
for file in json thresholds-out; do
    check "evaluate --$file" says_plainly 0 coco --$file $file.json
    check "... on a terminal" plain $file.json
done
check "evaluate --report" says_plainly 0 coco --report report
check "... has no markup of theirs" sh -c '! grep -n "<i>" report/index.html'
check "... and is plain" plain report/index.html
check "evaluate compare" says_plainly 0 "$DUET_BIN/evaluate" compare --gt gt.json "$evil.json" none
check "evaluate compare --json" says_plainly 0 "$DUET_BIN/evaluate" compare --gt gt.json --json - "$evil.json" none
check "evaluate subset" says_plainly 0 "$DUET_BIN/evaluate" subset --gt gt.json --count 1 --force -o subset.json
check "... on a terminal" plain subset.json

# --- tensors

header='{"'$evil_json'":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
{ printf "$(printf '\\x%02x\\0\\0\\0\\0\\0\\0\\0' $(printf %s "$header" | wc -c))"; printf '%s\0\0\0\0' "$header"; } >evil.safetensors
check "models show" says_plainly 0 "$DUET_BIN/models" show evil.safetensors
check "models show --json" says_plainly 0 "$DUET_BIN/models" show --json evil.safetensors

# --- records

if [ -f "$DUET_BUILD_DIR/models/ssdlite-coco.safetensors" ]; then
    "$DUET_BIN/scene" --quiet -o drawn && cp drawn/scene_0000.png "$evil.png"
    for format in table csv ndjson; do check "detect -f $format" says_plainly 0 "$DUET_BIN/detect" -f $format "$evil.png"; done
    check "detect -f yolo" says_plainly 0 "$DUET_BIN/detect" -f yolo -o yolo "$evil.png"
    if [ -f "$DUET_BUILD_DIR/models/deeplabv3-voc.safetensors" ]; then
        check "segment" says_plainly 0 "$DUET_BIN/segment" "$evil.png"
    else
        skip "segment" "no model deeplabv3-voc"
    fi
else
    skip "records" "no model ssdlite-coco"
fi
finish
