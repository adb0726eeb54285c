# models quantize: pictures in, a model of bytes out, and what goes wrong on the way. The models are made here, of random
# numbers; of the published one see the end.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
cd "$work" || exit 1
models=$DUET_BIN/models
mkdir models tmp && "$DUET_BUILD_DIR/tests/make_heads" models || exit 1
export DUET_MODELS=$work/models TMPDIR=$work/tmp
"$DUET_BIN/scene" -q -n 4 -s 200x150 -o street || exit 1
rm -r street/*.json street/masks
quantize() { "$models" quantize both -o made.safetensors --force "$@"; }
no_file() { [ ! -e "$1" ] && [ -z "$(find . -maxdepth 1 -name '.*' -type f)" ] || { ls -a; return 1; }; }

it_computes_in_bytes() {
    quantize --calibrate street --on "drawn streets" >out 2>err || { cat err; return 1; }
    grep -qE '^backbone.conv +[0-9.]+ +0\.0[0-9]+ +0 ' out && grep -q '^lowest signal to noise: .*--keep LAYER' out || { cat out; return 1; }
    grep -qx 'models quantize: wrote made.safetensors' err || { cat err; return 1; }
    "$models" show made.safetensors >out && grep -qE '^  precision +int8' out && grep -qxE '  weights +I8 with scales' out || { cat out; return 1; }
    grep -qE '^  calibration +4 pictures, drawn streets; lowest signal to noise' out || { cat out; return 1; }
    "$models" show --json made.safetensors | grep -q '"pictures": 4' && "$models" verify made.safetensors || return 1
    [ "$(stat -c %s made.safetensors)" -lt $(($(stat -c %s models/both.safetensors) / 2)) ] || return 1
    "$DUET_BIN/detect" -q -m made.safetensors -f ndjson street >bytes.ndjson &&
        "$DUET_BIN/detect" -q -m made.safetensors --precision float32 -f ndjson street >floats.ndjson &&
        ! cmp -s bytes.ndjson floats.ndjson
}
the_same_bytes_always() {
    quantize -q -j 1 --calibrate street && cp made.safetensors first.safetensors || return 1
    quantize -q -j 3 -c street/scene_0003.png street/scene_000[210].png && cmp made.safetensors first.safetensors || return 1
    ls street/*.png >list && quantize -q -c @list && cmp made.safetensors first.safetensors || return 1
    quantize -q -c street -n 2 && ! cmp -s made.safetensors first.safetensors
}
layers_are_kept() {
    quantize -c street -k backbone.conv --keep ssdlite.map0.box.predict >out 2>/dev/null || return 1
    grep -qE '^backbone.conv .* float32$' out && grep -qE '^ssdlite.map0.box.predict .* float32$' out || { cat out; return 1; }
    "$models" show made.safetensors >out && grep -qE '^  float32 +backbone.conv, ssdlite.map0.box.predict$' out || { cat out; return 1; }
    grep -qE '^  weights +F32, I8' out && "$DUET_BIN/detect" -q -m made.safetensors street/scene_0000.png
}
diff_shows_what_it_costs() {
    quantize -q -c street && "$models" diff both made.safetensors -p street/scene_0000.png >out &&
        grep -qE '^ssdlite.box0 .* [0-9.]+$' out || { cat out; return 1; }
}
pictures_that_cannot_be_read() {
    cp street/scene_0000.png some.png && head -c 300 street/scene_0001.png >bad.png || return 1
    exits_with 3 "bad.png" quantize -c some.png bad.png missing.jpg || return 1
    [ "$(grep -c missing.jpg stderr)" -eq 1 ] && "$models" show --json made.safetensors | grep -q '"pictures": 1' || return 1
    rm -f made.safetensors
    exits_with 1 "none of 2 inputs is a picture" quantize -c bad.png missing.jpg && no_file made.safetensors
}
refusals() {
    exits_with 2 "no --output" "$models" quantize both -c street && exits_with 2 "no MODEL given" "$models" quantize -c street -o x || return 1
    exits_with 2 "expected a file, got '-'" "$models" quantize both -o - -c street || return 1
    exits_with 2 "what is 'street' for" "$models" quantize both street -o new || return 1
    exits_with 1 "--calibrate PICTURE... measures them" "$models" quantize both -o new || return 1
    exits_with 1 "layer 'conv': the model has none" "$models" quantize both -o new -c street -k conv || return 1
    exits_with 1 "standard input" "$models" quantize both -o new -c - || return 1
    exits_with 2 "a size such as 500M" "$models" quantize both -o new -c street --max-memory lots || return 1
    exits_with 1 "102400 are allowed" "$models" quantize both -o new -c street --max-memory 100K && no_file new || return 1
    mkfifo pipe && exits_with 1 "pipe: pictures are read twice" timeout 20 "$models" quantize both -o new -c street pipe || return 1
    exits_with 1 "models fetch nope" "$models" quantize nope -o new -c street && no_file new || return 1
    echo old >old && exits_with 2 "--force replaces it" "$models" quantize both -o old -c street && [ "$(cat old)" = old ]
}
a_full_disk() {
    exits_with 1 "File too large" bash -c 'ulimit -f 20; "$0" quantize both -o new -q -c street' "$models" && no_file new || return 1
    exits_with 1 "cannot write" bash -c '"$0" quantize both -o new -c street/scene_0000.png >/dev/full' "$models"
}
a_signal_leaves_nothing() {
    yes street/scene_0000.png | head -100000 >many
    "$models" quantize both -o new -q -c @many 2>err &
    local pid=$!
    sleep 1
    kill -TERM $pid # a job in the background ignores SIGINT
    wait $pid
    [ $? -eq 143 ] && no_file new || { cat err; return 1; }
}
the_known_ranges() { # the file without photographs is the published one, but for its name
    "$models" quantize "$found/ssdlite-coco.safetensors" -o known.safetensors -q || return 1
    [ "$("$models" verify known.safetensors | cut -d' ' -f3)" = "$("$models" verify "$found/ssdlite-coco-int8.safetensors" | cut -d' ' -f3)" ] &&
        grep -q "$("$models" verify known.safetensors | cut -d' ' -f3)" "$DUET_SOURCE_DIR/apps/models/sources.c"
}
known_ranges_that_do_not_do() { # of a layer that no table has, as its result is read when it is kept
    exits_with 1 "the range of layer backbone.block2.project is not known" \
        "$models" quantize "$found/ssdlite-coco.safetensors" -o new -q -k backbone.block2.project && no_file new || return 1
    local sha
    sha=$("$models" verify "$found/ssdlite-coco.safetensors" | cut -d' ' -f3) # of the same source, but other weights
    LC_ALL=C sed "s/$sha/${sha/????/0000}/" "$found/ssdlite-coco.safetensors" >other.safetensors || return 1
    exits_with 1 "--calibrate PICTURE... measures them" "$models" quantize other.safetensors -o new -q && no_file new
}

check "a model of bytes is made, and says so" it_computes_in_bytes
check "the same bytes in any order, on any number of threads" the_same_bytes_always
check "layers are kept in float32" layers_are_kept
check "models diff runs each as its file says" diff_shows_what_it_costs
check "pictures that cannot be read are named once, and left out" pictures_that_cannot_be_read
check "what makes no sense is refused, and nothing written" refusals
check "a full disk, a result that cannot be printed" a_full_disk
check "a signal leaves nothing behind" a_signal_leaves_nothing
found=$DUET_BUILD_DIR/models
if [ -f "$found/ssdlite-coco.safetensors" ] && [ -f "$found/ssdlite-coco-int8.safetensors" ]; then
    check "the published detector needs no photographs" the_known_ranges
else
    skip "the published detector needs no photographs" "no model: setup.sh gets it"
fi
if [ -f "$found/ssdlite-coco.safetensors" ]; then
    check "known ranges that do not do are refused" known_ranges_that_do_not_do
else
    skip "known ranges that do not do are refused" "no model: setup.sh gets it"
fi
finish
