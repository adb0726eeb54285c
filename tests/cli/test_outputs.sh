#!/usr/bin/env bash
# Everything that any option of any program writes: the options are taken from the programs' own tables. An option
# that this test does not know how to use makes it fail.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
bin=$DUET_BIN
models=$(find_models ssdlite-coco deeplabv3-voc-dm05)
unset DUET_MIRROR
[ ! -d "$shared/models" ] || DUET_MIRROR=$shared/models
export DUET_MODELS=$models DUET_MIRROR=${DUET_MIRROR:-} SDL_VIDEODRIVER=dummy SDL_RENDER_DRIVER=software
export LSAN_OPTIONS=suppressions=$work/lsan:print_suppressions=0
printf 'leak:libSDL2\nleak:libdbus\n' >"$work/lsan"
cd "$work" || exit 1

# --- what the programs work on

"$bin/scene" -q -s 96x64 -n 2 -o street || exit 1
mkdir -p voc/ImageSets/Main voc/ImageSets/Segmentation voc/Annotations found
cp -r street/masks voc/SegmentationClass
printf 'scene_0000\nscene_0001\n' | tee voc/ImageSets/Segmentation/all.txt >voc/ImageSets/Main/val.txt
for id in scene_0000 scene_0001; do
    echo '<annotation><size><width>96</width><height>64</height></size><object><name>bus</name><difficult>0</difficult><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>10</xmax><ymax>10</ymax></bndbox></object></annotation>' >voc/Annotations/$id.xml
done
echo 'scene_0000 0.9 1 1 10 10' >found/comp4_det_val_bus.txt
echo '[{"image_id": 0, "category_id": 6, "bbox": [1, 1, 20, 20], "score": 0.9}]' >boxes.json
videos=
"$bin/scene" -q -s 96x64 -n 2 -v clip.mp4 2>/dev/null && videos=yes

# How an option is used: sets `command`, a command that writes to "$1", and `ending`, what its name ends with; or
# `why` there is none here; or nothing, for an option that nobody told this test about.
usage() { # "PROGRAM COMMAND" OPTION
    command=() ending= why=
    local picture=$work/street/scene_0000.png coco=("$bin/evaluate" coco -q -j 1 -g "$work/street/instances.json")
    case "$1 --$2" in
    'detect --output') command=("$bin/detect" -q -j 1 -f ndjson "$picture" -o) ;;
    'detect --annotate') command=("$bin/detect" -q -j 1 clip.mp4 -a) ending=.mp4 ;;
    'segment --output') command=("$bin/segment" -q -j 1 -m deeplabv3-voc-dm05 -f ndjson "$picture" -o) ;;
    'segment --annotate') command=("$bin/segment" -q -j 1 -m deeplabv3-voc-dm05 clip.mp4 -a) ending=.mp4 ;;
    'segment --masks' | 'segment --confidence')
        command=("$bin/segment" -q -j 1 -m deeplabv3-voc-dm05 "$picture" "--$2") ending=.png ;;
    'segment --voc-submit') command=("$bin/segment" -q -j 1 -m deeplabv3-voc-dm05 --no-resize "$picture" "--$2") ;;
    'evaluate coco --keep') command=("${coco[@]}" -i "$work/street" -m ssdlite-coco "--$2") ;;
    'evaluate coco --'*) command=("${coco[@]}" -d "$work/boxes.json" "--$2") ;;
    'evaluate voc --'*)
        command=("$bin/evaluate" voc -q -j 1 -r "$work/voc" -l all -M "$work/voc/SegmentationClass" "--$2") ;;
    'evaluate voc-detect --'*)
        command=("$bin/evaluate" voc-detect -q -r "$work/voc" -l val -d "$work/found" "--$2") ;;
    'evaluate compare --json')
        command=("$bin/evaluate" compare -q -g "$work/street/instances.json" "$work/boxes.json" "$work/boxes.json" "--$2") ;;
    'evaluate subset --'*) command=("$bin/evaluate" subset -q -g "$work/street/instances.json" -n 1 "--$2") ;;
    'viewer --record') command=("$bin/viewer" --frames 2 --record) ending=.mp4 ;;
    'viewer --screenshot') command=("$bin/viewer" --screenshot) ending=.png ;;
    'viewer --trace') command=("$bin/viewer" --frames 1 --trace) ;;
    'models fetch --output') command=("$bin/models" fetch deeplabv3-voc-dm05 -o) ;;
    'models import --output')
        command=("$bin/models" import "${DUET_MIRROR:+$DUET_MIRROR/deeplabv3_mnv2_dm05_pascal_quant.tflite}" -o)
        [ -n "${command[2]}" ] || command[2]=$models/ssdlite-coco.safetensors ;;
    'models quantize --output') command=("$bin/models" quantize -q ssdlite-coco -o) ;;
    'bench eval --keep') command=("$bin/bench" eval -n 100 -i 10 -a 20 -r 1 --keep) ;;
    'scene --output') command=("$bin/scene" -q -s 96x64 -o) ;;
    'scene --video') command=("$bin/scene" -q -s 96x64 -n 2 -v) ending=.mp4 ;;
    esac
    case "$1 --$2" in
    detect* | segment* | viewer* | *--keep | models*) [ -n "$models" ] || why="no models" ;;
    esac
    case "$1 --$2" in
    *--video | *--record | *--annotate) [ -n "$videos" ] || why="built without FFmpeg" ;;
    'models fetch'*) [ -n "$DUET_MIRROR" ] || why="no shared data" ;;
    'bench eval'*) why= ;;
    esac
}

# The command on NAME, in a folder of its own. viewer's picture stands last.
go() { # NAME ARGUMENT...: exit code in $code, output in out and err
    local name=$1 last=()
    shift
    [[ ${command[0]} != *viewer ]] || last=("$work/street/scene_0000.png")
    code=0
    timeout 60 "${command[@]}" "$name" "$@" "${last[@]}" >"$work/out" 2>"$work/err" </dev/null || code=$?
}
want() { [ "$code" -eq "$1" ] || { echo "exit code $code, expected $1: ${command[*]}"; cat "$work/err"; return 1; }; }
mentions() { grep -qF -- "$1" "$work/err" || { echo "stderr lacks '$1':"; cat "$work/err"; return 1; }; }
fresh() { # an empty folder to work in
    rm -rf "$work/place"
    mkdir "$work/place" && cd "$work/place" && { [ -z "$videos" ] || ln -s "$work/clip.mp4" clip.mp4; }
}
clean() { # no temporary file, and no folder beside what was asked for
    local left
    left=$(find . -name '.*' ! -name . ; find . -name '*.kept')
    [ -z "$left" ] || { echo "left behind: $left"; return 1; }
}
whole() { # FILE: what the command writes, all of it; what the viewer shows tells times
    [ -s "$1" ] || { echo "$1 is empty"; return 1; }
    [[ ${command[0]} == *viewer ]] || cmp "$1" "$work/expected"
}

empty_names() {
    fresh && go '' && want 2 && mentions "''" && [ -z "$(find . -type f)" ]
}

# --- files

new_files() {
    fresh && go "new$ending" && want 0 && clean && [ -s "new$ending" ] && cp "new$ending" "$work/expected"
}
existing_files() {
    fresh && echo old >"old$ending" && chmod 640 "old$ending" || return 1
    go "old$ending" && want 2 && mentions "exists already; --force replaces it" || return 1
    [ "$(cat "old$ending")" = old ] || { echo "replaced without --force"; return 1; }
    go "old$ending" --force && want 0 && whole "old$ending" && [ "$(stat -c %a "old$ending")" = 640 ] && clean
}
links() {
    fresh && mkdir far && echo old >"far/old$ending" && ln -s "far/old$ending" "link$ending" || return 1
    go "link$ending" && want 2 && [ "$(cat "far/old$ending")" = old ] || return 1
    go "link$ending" --force && want 0 && [ -L "link$ending" ] && [ ! -L "far/old$ending" ] && whole "far/old$ending" && clean
}
dangling_links() {
    fresh && mkdir far && ln -s "far/new$ending" "link$ending" || return 1
    go "link$ending" && want 0 && [ -L "link$ending" ] && whole "far/new$ending" && clean
}
pipes() {
    fresh && mkfifo "pipe$ending" || return 1
    timeout 60 cat "pipe$ending" >"$work/read" &
    go "pipe$ending"
    wait
    want 0 && [ -p "pipe$ending" ] && [ -s "$work/read" ] && clean || return 1
    # A video that cannot seek is written otherwise than a file.
    [ "$ending" = .mp4 ] || whole "$work/read"
}
devices() {
    fresh && mknod "device$ending" c 1 3 || return 1
    go "device$ending" && want 0 && [ -c "device$ending" ] || { ls -l; return 1; }
    rm -f device.json # the truth beside a scene's video
    go "device$ending" --force && want 0 && [ -c "device$ending" ] && clean
}

# --- folders

folders() {
    fresh && go folder && want 0 && clean && [ -n "$(find folder -type f)" ] || return 1
    find folder -type f -exec md5sum {} + | sort -k 2 >before
    # Links to folders are followed; what is in them is not replaced without --force.
    ln -s folder link && go link && want 2 && mentions "exists already; --force replaces it" || return 1
    find folder -type f -exec md5sum {} + | sort -k 2 | cmp - before || return 1
    go link --force && want 0 && [ -L link ] && clean || return 1
    [ "$(find folder -type f | wc -l)" -eq "$(wc -l <before)" ]
}
files_as_folders() {
    fresh && echo old >file && go file && want 2 && [ "$(cat file)" = old ] && clean || return 1
    go file --force && want 2 && [ "$(cat file)" = old ]
}

# --- all of them

tables() {
    for program in bench detect evaluate models scene segment viewer; do
        [ ! -x "$bin/$program" ] || "$bin/$program" --help=table || return 1
    done
}
tables >tables || exit 1

files_are_there() { [ "$(grep -cP '\toutput' tables)" -ge 20 ]; }
all_can_be_forced() {
    local program
    cut -f 1,2 tables | grep -P '\toutput' | cut -f 1 | sort -u >writers
    while read -r program; do
        grep -qP "^$program\tflag\tforce\t" tables || { echo "$program writes, and has no --force"; return 1; }
    done <writers
}
known() { [ "${#command[@]}" -gt 0 ] || { echo "tests/cli/test_outputs.sh does not know how to use it"; return 1; }; }
check "the tables say what is written" files_are_there
check "every program that writes has a --force" all_can_be_forced

can_make_nodes=
mknod "$work/node" c 1 3 2>"$work/err" && : >"$work/node" 2>>"$work/err" && can_make_nodes=yes
while IFS=$'\t' read -r program kind name _; do
    [[ $kind == output* ]] || continue
    usage "$program" "$name"
    check "$program --$name: known" known
    [ "${#command[@]}" -gt 0 ] || continue
    if [ -n "$why" ]; then
        skip "$program --$name" "$why"
        continue
    fi
    check "$program --$name: an empty name" empty_names
    if [ "$kind" = output-folder ]; then
        check "$program --$name: folders, and links to them" folders
        check "$program --$name: a file is no folder" files_as_folders
        continue
    fi
    check "$program --$name: a new file" new_files
    check "$program --$name: an existing file" existing_files
    check "$program --$name: a link" links
    check "$program --$name: a link to nothing yet" dangling_links
    check "$program --$name: a pipe" pipes
    if [ -n "$can_make_nodes" ]; then
        check "$program --$name: a device" devices
    else
        skip "$program --$name: a device" "device nodes cannot be made here: $(tail -1 "$work/err")"
    fi
done <tables

# --- more than one name

cd "$work" || exit 1
one_file_for_two() {
    fresh && command=("$bin/evaluate" coco -q -g "$work/street/instances.json" -d "$work/boxes.json" --json)
    ln -s one two && mkdir sub || return 1
    go one --csv one && want 2 && mentions "--json and --csv cannot both be one" && [ ! -e one ] || return 1
    go one --curves ./one && want 2 && go sub/../one --force --csv two && want 2 && [ ! -e one ] || return 1
    go - --csv - && want 2 && mentions "cannot both go to standard output" || return 1
    go /dev/null --csv /dev/null && want 0 && [ -c /dev/null ]
}
inputs_are_not_replaced() {
    fresh && cp "$work/street/instances.json" gt.json && cp "$work/boxes.json" . && ln gt.json hard.json || return 1
    command=("$bin/evaluate" coco -q -g gt.json -d boxes.json --force --json)
    go gt.json && want 2 && mentions "gt.json is the --gt, too" || return 1
    go hard.json && want 2 && go boxes.json && want 2 || return 1
    command=("$bin/models" import gt.json --force -o)
    go gt.json && want 2 && mentions "gt.json is one of the inputs" && cmp gt.json "$work/street/instances.json"
}
empty_operands() {
    fresh && command=("$bin/models" show)
    go '' && want 2 && command=("$bin/evaluate" coco -g) && go '' && want 2 && mentions "-g (--gt)"
}
two_kinds_of_pictures() {
    fresh && command=("$bin/segment" -q -j 1 -m deeplabv3-voc-dm05 "$work/street/scene_0000.png" --confidence seen --masks)
    go seen && want 2 && mentions "seen/scene_0000.png: two kinds of pictures" && [ ! -e seen ] && go other && want 0
}
if [ -n "$models" ]; then
    check "two kinds of pictures under one name are refused" two_kinds_of_pictures
else
    skip "two kinds of pictures under one name are refused" "no models"
fi
check "two results in one file are refused" one_file_for_two
check "an input is not replaced, even with --force" inputs_are_not_replaced
check "names that are empty are mistakes" empty_operands

# --- standard output by another name

redirected() {
    fresh && command=("$bin/evaluate" subset -q -g "$work/street/instances.json" -n 1 --list)
    { echo before; "${command[@]}" /dev/stdout; echo after; } >log && [ "$(wc -l <log)" -eq 3 ] || { cat log; return 1; }
    [ "$(head -1 log)" = before ] && [ "$(tail -1 log)" = after ] && [ "$("${command[@]}" /dev/stdout | wc -l)" -eq 1 ]
}
check "/dev/stdout goes on where the shell is" redirected

# --- a full disk

full_disk() {
    fresh && mkdir small && mount -t tmpfs -o size=64k,nr_inodes=64 none small || return 1
    echo old >small/old.csv
    command=("$bin/evaluate" coco -q -g "$work/street/instances.json" -d "$work/boxes.json" --force --curves)
    go small/old.csv
    local kept
    kept=$(cat small/old.csv; find small -type f | wc -l)
    umount small
    want 1 && mentions "No space left on device" && [ "$kept" = "$(printf 'old\n1')" ] || { echo "$kept"; return 1; }
}
mkdir -p mounted
if mount -t tmpfs -o size=64k none mounted 2>err; then
    umount mounted
    check "a full disk leaves what was there" full_disk
else
    skip "a full disk leaves what was there" "cannot mount: $(tail -1 err)"
fi
too_large() {
    fresh && echo old >old.csv || return 1
    command=("$bin/evaluate" coco -q -g "$work/street/instances.json" -d "$work/boxes.json" --force --curves)
    (trap '' XFSZ && ulimit -f 8 && go old.csv && want 1 && mentions "File too large") || return 1
    [ "$(cat old.csv)" = old ] && clean
}
check "a limit on files' sizes leaves what was there" too_large
finish
