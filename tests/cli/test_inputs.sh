#!/usr/bin/env bash
# What the programs take for an input: folders of every kind, lists from anybody, names of what is written, and
# options that change nothing.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
detect=$DUET_BIN/detect

models=$(find_models ssdlite-coco)
[ -z "$models" ] || export DUET_MODELS=$models
run() { ran "$detect" "$@"; }
silent() { # TEXT: err has it nowhere
    ! grep -F -- "$1" err
}
bmp() { # FILE: 8x8, 24 bits
    { printf 'BM\xf6\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x08\0\0\0\x08\0\0\0\x01\0\x18\0'; head -c 24 /dev/zero
        yes duet | head -c 192; } >"$1"
}
error_of() { # SOURCE CODE: out has a record of that failure
    grep -F "\"source\":\"$1\"" out | grep -qF "\"error\":{\"code\":\"$2\"" || { cat out; return 1; }
}

# --- folders ---

a_folder_takes_what_works_by_name() {
    mkdir -p kinds && bmp kinds/x.bmp && bmp kinds/noname && echo hello >kinds/notes.txt
    run -f ndjson kinds/x.bmp && want 0 && grep -q '"width":8' out || return 1
    run -f ndjson kinds && want 0 && lines 2 out && [ "$(grep -c '"width":8' out)" -eq 2 ] &&
        mentions "2 pictures" && mentions "1 other file skipped"
}
without_ffmpeg_it_fails_by_name() {
    mkdir -p nomodule && bmp nomodule/x.bmp && picture nomodule/y.ppm
    code=0
    DUET_VIDEO_MODULE=/nowhere/video.so "$detect" -f ndjson nomodule >out 2>err || code=$?
    want 3 && lines 2 out && error_of nomodule/x.bmp unsupported && mentions "nomodule/x.bmp: video needs FFmpeg"
}
what_is_no_picture_fails_by_name() {
    mkdir -p broken && picture broken/good.ppm && : >broken/empty.jpg && echo '<html>404</html>' >broken/page.JPG &&
        echo text >broken/clip.mp4 && echo text >broken/notes.txt && echo '{}' >broken/a.json
    run -f ndjson broken && want 3 && lines 4 out && [ "$(grep -c '"error"' out)" -eq 3 ] &&
        mentions "2 other files skipped" && mentions "3 failed" || return 1
    error_of broken/empty.jpg bad-format && error_of broken/page.JPG bad-format && error_of broken/clip.mp4 bad-format &&
        mentions "broken/empty.jpg: is empty" || return 1
    rm broken/good.ppm && run -f ndjson broken && want 1 && lines 3 out
}
an_empty_folder_is_told() {
    mkdir -p hollow/sub && run -f ndjson hollow && want 1 && [ ! -s out ] &&
        grep -qx 'warning: detect: no pictures to work on' err || return 1
    : >nothing && run -f ndjson @nothing && want 0 && grep -qx 'warning: detect: no pictures to work on' err
}

# --- lists ---

hostile_list() { # lines that would write, read or ask elsewhere, were they followed
    echo precious >victim.txt
    picture good.ppm
    cat <<END
lavfi:color=duration=0.1,metadata=print:file=victim.txt
lavfi:movie=http\\\\://127.0.0.1\\\\:9/a.mp4
http://127.0.0.1:9/a.jpg
https://user:secret@127.0.0.1:9/a.jpg
rtsp://127.0.0.1:9/a
RTSP://127.0.0.1:9/b
udp://127.0.0.1:9
tcp://127.0.0.1:9
rtmp://127.0.0.1:9/a
file://$work/victim.txt
file:victim.txt
concat:victim.txt|victim.txt
subfile,,start,0,end,9,,:victim.txt
crypto:victim.txt
data:image/png;base64,AAAA
async:http://127.0.0.1:9/a.jpg
pipe:0
/dev/zero
./fifo
good.ppm
END
}
a_list_touches_files_only() {
    hostile_list >hostile.txt && rm -f fifo && mkfifo fifo
    code=0
    ASAN_OPTIONS=detect_leaks=0 timeout 60 strace -f -qq -e trace=openat,open,creat,truncate,unlink,rename,socket,connect -o trace "$detect" \
        -j 1 -f ndjson @hostile.txt >out 2>err </dev/null || code=$?
    want 3 && lines 20 out && [ "$(grep -c '"error"' out)" -eq 19 ] && grep -q '"source":"good.ppm","width"' out || return 1
    [ "$(cat victim.txt)" = precious ] && silent secret && ! grep -F secret out || return 1
    ! grep -E 'socket\(|connect\(' trace && ! grep -E '(victim\.txt|/dev/zero|fifo)"' trace | grep -v ENOENT || return 1
    ! grep -E 'O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|creat\(|truncate\(|unlink|rename' trace
}
a_list_touches_files_only_without_strace() {
    hostile_list >hostile.txt && rm -f fifo && mkfifo fifo
    code=0
    timeout 60 "$detect" -j 1 -f ndjson @- <hostile.txt >out 2>err || code=$?
    want 3 && lines 20 out && [ "$(grep -c '"error"' out)" -eq 19 ] && [ "$(cat victim.txt)" = precious ] || return 1
    error_of http://127.0.0.1:9/a.jpg unsupported && error_of /dev/zero unsupported &&
        mentions "http://127.0.0.1:9/a.jpg: is an address; lists may name files only, unless --allow-network is given"
}
what_is_allowed_is_opened() {
    echo 'lavfi:color=red:size=16x16:duration=0.1' >graphs.txt
    run -f ndjson @graphs.txt && want 1 && mentions "unless --allow-lavfi is given" || return 1
    run -f ndjson --allow-network @graphs.txt && want 1 && mentions "unless --allow-lavfi is given" || return 1
    run -f ndjson --allow-lavfi @graphs.txt && want 0 && grep -q '"width":16' out || return 1
    echo 'http://127.0.0.1:9/a.jpg' >streams.txt
    run -f ndjson --allow-network @streams.txt && want 1 && silent "lists may name" && mentions "127.0.0.1:9"
}
lists_of_other_editors_are_read() {
    picture one.ppm && picture two.ppm
    printf '\xef\xbb\xbfone.ppm\r\n\r\ntwo.ppm' >marked.txt
    run -f ndjson @marked.txt && want 0 && lines 2 out && grep -q '"source":"one.ppm"' out || return 1
    printf '\xff\xfeo\0n\0' >wide.txt
    run -f ndjson @wide.txt && want 1 && mentions "@wide.txt: is UTF-16, expected UTF-8" && [ ! -s out ] || return 1
    "$detect" -f ndjson '' >out 2>err
    [ $? -eq 2 ] && mentions "expected INPUT, got ''"
}

# --- options that change nothing ---

useless() { # PROGRAM OPTION WHY ARGUMENT...: it is told, and the exit code is 0
    local program=$1 option=$2 why=$3
    shift 3
    code=0
    "$DUET_BIN/$program" -q "$@" >out 2>err </dev/null || code=$?
    want 0 && { grep -qxF -- "warning: $program: $option has no effect $why" err || { cat err; return 1; }; } &&
        lines 1 err
}
useful() { # PROGRAM ARGUMENT...: nothing is told
    local program=$1
    shift
    code=0
    "$DUET_BIN/$program" -q "$@" >out 2>err </dev/null || code=$?
    want 0 && lines 0 err
}
options_without_effect_say_so() {
    picture still.ppm && echo still.ppm >still.txt
    useless detect --segment-model "without --segment" --segment-model x still.ppm &&
        useless detect --null "without @LIST" --null still.ppm &&
        useless detect --allow-lavfi "without @LIST" --allow-lavfi still.ppm &&
        useless detect --annotate-format "without --annotate" --annotate-format png still.ppm &&
        useless detect --palette "without --annotate" --palette safe still.ppm &&
        useful detect --palette safe --annotate-format png -a drawn still.ppm && useful detect --allow-lavfi @still.txt || return 1
    local option
    for option in --every=2 --start=1 --duration=1 --reconnect=1 --track; do
        useless detect "${option%%=*}" "where no input moves" -f ndjson "$option" still.ppm || return 1
    done
}
options_without_effect_on_videos_say_so() {
    "$DUET_BIN/scene" -q --frames 2 --video clip.mp4 && useful detect -f ndjson --every 2 --start 0 --track clip.mp4 &&
        useless detect --track "on --format csv without --annotate" -f csv --track clip.mp4 &&
        useless detect --reconnect "where no input is a camera or stream" --reconnect 1 clip.mp4 &&
        useless detect --annotate-format "where --annotate names a file" --annotate-format png -a seen.mp4 clip.mp4
}
options_of_segment_without_effect_say_so() {
    picture still.ppm && useless segment --threshold "without --detect" -t 0.5 still.ppm &&
        useless segment --detect-model "without --detect" --detect-model x still.ppm &&
        useless segment --alpha "without --annotate" --alpha 0.5 still.ppm &&
        useless segment --detect "on --format csv without --annotate" -f csv --detect still.ppm &&
        useful segment -f ndjson --detect -t 0.5 still.ppm
}

# --- names of what is written ---

a_picture_may_be_named() { # out.jpg instead of a folder
    picture one.ppm 64 48 && picture two.ppm && rm -rf seen.jpg deep
    run -a seen.jpg one.ppm && want 0 && [ "$(head -c 3 seen.jpg)" = $'\xff\xd8\xff' ] || return 1
    run -a deep/er/seen.png one.ppm && want 0 && [ "$(head -c 4 deep/er/seen.png)" = $'\x89PNG' ] || return 1
    run -a seen.jpg one.ppm && want 2 && mentions "seen.jpg" && mentions "--force" || return 1
    run --force -a seen.jpg one.ppm && want 0 || return 1
    run -a both.jpg one.ppm two.ppm && want 2 && [ ! -e both.jpg ] &&
        mentions "--annotate: the picture both.jpg can show one input, got 2; name a folder for several" || return 1
    cp seen.jpg in.jpg && run --force -a in.jpg in.jpg && want 2 && mentions "in.jpg is the input" &&
        cmp in.jpg seen.jpg || return 1
    run -o same.png -a same.png one.ppm && want 2 && mentions "is the --output, too" || return 1
    mkdir folder.jpg && run -a folder.jpg one.ppm two.ppm && want 0 && [ -s folder.jpg/one.ppm.png ] || return 1
    code=0
    "$detect" -a piped.png - <one.ppm >out 2>err || code=$?
    want 0 && [ "$(head -c 4 piped.png)" = $'\x89PNG' ]
}
a_picture_cannot_show_a_video() {
    "$DUET_BIN/scene" -q --frames 2 --video moves.mp4
    run -a moves.jpg moves.mp4 && want 2 && [ ! -e moves.jpg ] &&
        mentions "--annotate: the picture moves.jpg cannot show moves.mp4, which moves; name a folder"
}
a_mask_may_be_named() {
    picture one.ppm 64 48 && rm -f m.png
    code=0
    "$DUET_BIN/segment" -q --masks m.png --confidence c.png -a s.jpg one.ppm >out 2>err || code=$?
    want 0 && [ "$(head -c 4 m.png)" = $'\x89PNG' ] && [ -s c.png ] && [ -s s.jpg ] || return 1
    "$DUET_BIN/segment" --masks m.jpg one.ppm >out 2>err
    [ $? -eq 2 ] && mentions "--masks: expected a folder or a name that ends in .png, got m.jpg" || return 1
    "$DUET_BIN/segment" --masks x.png -a x.png one.ppm >out 2>err
    [ $? -eq 2 ] && [ ! -e x.png ]
}
subfolders_are_kept() {
    mkdir -p tree/a tree/b && picture tree/a/x.ppm && picture tree/b/x.ppm
    run -f yolo -o yolo tree && want 0 && [ -e yolo/a/x.txt ] && [ -e yolo/b/x.txt ] && [ -s yolo/classes.txt ] || return 1
    run -f voc -o voc -t 0.0001 tree && want 0 && grep -q '^a/x ' voc/*.txt && grep -q '^b/x ' voc/*.txt || return 1
    run -f yolo -o twice tree/a tree/b && want 2 && mentions "its file, x.txt, is that of tree/a/x.ppm too" &&
        [ -z "$(find . -name '.*.tmp')" ]
}

cd "$work" || exit 1
if [ -z "$models" ]; then
    skip_all "inputs" "no model ssdlite-coco"
fi
for name in what_is_no_picture_fails_by_name an_empty_folder_is_told a_list_touches_files_only_without_strace \
    lists_of_other_editors_are_read without_ffmpeg_it_fails_by_name options_without_effect_say_so \
    a_picture_may_be_named subfolders_are_kept; do
    check "${name//_/ }" $name
done
video=("$DUET_BIN"/../lib/duet/duet-video.so)
for name in a_folder_takes_what_works_by_name what_is_allowed_is_opened options_without_effect_on_videos_say_so \
    a_picture_cannot_show_a_video; do
    if [ -f "${video[0]}" ]; then check "${name//_/ }" $name; else skip "${name//_/ }" "no FFmpeg in this build"; fi
done
for name in options_of_segment_without_effect_say_so a_mask_may_be_named; do
    if [ -f "$models/deeplabv3-voc.safetensors" ]; then check "${name//_/ }" $name; else skip "${name//_/ }" "no model deeplabv3-voc"; fi
done
# LeakSanitizer and strace both want to be the debugger.
if ! command -v strace >/dev/null; then
    skip "a list touches files only" "no strace"
elif ! strace -qq -o /dev/null true 2>/dev/null; then
    skip "a list touches files only" "strace may not trace here"
else
    ASAN_OPTIONS=detect_leaks=0:${ASAN_OPTIONS:-} check "a list touches files only" a_list_touches_files_only
fi
finish
