#!/usr/bin/env bash
# Videos through detect and segment: what is found in which frame, what is written of it, and how runs end.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
bin=$DUET_BIN
models=$(find_models ssdlite-coco deeplabv3-voc)
[ -n "$models" ] || skip_all "videos" "no models: build/bin/models fetch ssdlite-coco deeplabv3-voc"
export DUET_MODELS=$models
cd "$work" || exit 1

run() { ran "$bin/$1" "${@:2}"; } # PROGRAM ARGUMENT...
frames() { sed 's/.*"frame":\([0-9]*\).*/\1/' "$1" | tr '\n' ' '; } # numbers in a file of records
picks() { # NUMBERS ARGUMENT...: detect finds these frames
    local numbers=$1
    shift
    run detect -q -f ndjson "$@" && want 0 && { [ "$(frames out)" = "$numbers" ] || { echo "frames $(frames out)"; return 1; }; }
}
plays() { # FILE COUNT SECONDS: so many frames, at these times (one a line), read back
    run detect -q -f ndjson -t 1 "$1" && want 0 && lines "$2" out || return 1
    sed 's/.*"time":\([0-9.e-]*\),.*/\1/' out >times
    paste "$3" times | awk '{ d = $1 - $2; if (d > 1e-4 || d < -1e-4) { print "frame", NR - 1, "at", $2, "expected", $1; bad = 1 } }
                            END { exit bad }'
}
lasts() { # FILE SECONDS, as FFmpeg's own program sees it, where there is one
    local got
    command -v ffprobe >/dev/null || return 0
    got=$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$1") || return 1
    awk -v got="$got" -v want="$2" 'BEGIN { exit !(got - want < 2e-3 && want - got < 2e-3) }' ||
        { echo "$1 lasts $got s, expected $2"; return 1; }
}
every() { # FROM STEP COUNT [RATE]: times of frames
    awk -v from="$1" -v step="$2" -v count="$3" -v rate="${4:-25}" 'BEGIN { for (i = 0; i < count; i++) print (from + i * step) / rate }'
}

if ! "$bin/scene" -q -n 12 -s 320x240 -v drive.mp4 2>err; then
    grep -q "needs FFmpeg" err && skip_all "videos" "this build has no video"
fi
"$bin/scene" -q -n 7 -s 64x48 -r 30000/1001 -v ntsc.mp4
"$bin/scene" -q -n 12 -s 320x240 -o stills && rm -r stills/masks stills/instances.json

# --- what is found ---

each_frame_holds_what_the_scene_shows() { # the truth about frame 12 is the image 12, drive_000012.png
    run detect -q -f coco --coco-images drive.json -o dt.json drive.mp4 && want 0 || return 1
    run evaluate coco -g drive.json -d dt.json --csv - && want 0 || return 1
    local class # all 12 found with IOU > 0.5, and nothing else
    for class in airplane bus "stop sign"; do
        grep -Eq "^$class,[0-9]+,[0-9.]+,1,.*,12,12$" out || { cat out; return 1; }
    done
}
frames_have_their_numbers_and_times() {
    run detect -q -f ndjson drive.mp4 && want 0 && lines 12 out &&
        [ "$(frames out)" = "0 1 2 3 4 5 6 7 8 9 10 11 " ] &&
        grep -q '^{"index":0,"source":"drive.mp4","frame":7,"pts":0.28,"time":0.28,"width":320,"height":240,"detections":' out &&
        every 0 1 12 >want && plays drive.mp4 12 want && every 0 1001 7 30000 >want && plays ntsc.mp4 7 want
}
frames_are_not_mixed_up() { # of the frames before and after, none is more like what the still shows
    run detect -q -f csv drive.mp4 && want 0 && cp out moving.csv && run detect -q -f csv stills && want 0 || return 1
    awk -F, '
        $5 != "airplane" && $5 != "bus" { next }
        { box[FILENAME, (FILENAME == "out" ? $1 : $3), $5] = $8 " " $9 " " $10 " " $11 }
        function apart(a, b, p, q, i, d, s) {
            split(a, p, " "); split(b, q, " ")
            for (i = 1; i <= 4; i++) { d = p[i] - q[i]; s += d < 0 ? -d : d }
            return s
        }
        END {
            for (k = 1; k < 11; k++) for (c = 0; c < 2; c++) {
                class = c ? "bus" : "airplane"
                same += apart(box["moving.csv", k, class], box["out", k, class])
                late += apart(box["moving.csv", k, class], box["out", k - 1, class])
                early += apart(box["moving.csv", k, class], box["out", k + 1, class])
            }
            print same, late, early
            exit !(same > 0 && same * 1.5 < late && same * 1.5 < early)
        }' moving.csv out
}
some_frames_can_be_picked() {
    picks "0 5 10 " --every 5 drive.mp4 && picks "3 4 5 6 7 8 9 10 11 " --start 0.1 drive.mp4 &&
        picks "0 1 2 3 4 " --duration 0.2 drive.mp4 && picks "3 6 " --every 3 --start 0.1 --duration 0.2 drive.mp4 &&
        picks "" --start 60 drive.mp4 && mentions "warning: detect: drive.mp4: ends before --start 60" &&
        picks "11 " --start 0.44 drive.mp4 && ! grep -q warning err && picks "0 " --every 100000 drive.mp4 && run detect --start 60 drive.mp4 stills/scene_0000.png && mentions "detect: 1 picture, 3 objects; " &&
        [ "$(grep -c ends.before err)" -eq 1 ]
}
a_killed_run_leaves_what_it_had() { # of what has no end: whole lines, and a video up to the last second
    local seen played
    "$bin/detect" -q -f ndjson -t 1 -o killed.ndjson -a killed.mp4 'lavfi:testsrc2=size=64x48:rate=25' 2>err </dev/null &
    until [ "$(wc -l <killed.ndjson 2>/dev/null || echo 0)" -ge 80 ]; do sleep 0.1; jobs %% >/dev/null || return 1; done
    kill -9 %%
    wait %% 2>/dev/null
    seen=$(wc -l <killed.ndjson)
    [ "$(grep -c '^{.*}$' killed.ndjson)" -eq "$seen" ] && no_litter || return 1
    run detect -q -f ndjson -t 1 killed.mp4
    played=$(grep -c '"frame"' out)
    [ "$played" -ge $((seen - 28)) ] || { echo "$played of $seen frames play"; cat err; return 1; }
}
shapes_of_pixels_stay() { # as FFmpeg's own programs see them
    ffmpeg -v error -y -f lavfi -i testsrc=s=160x240:r=10:d=0.2 -vf setsar=2/1 -pix_fmt yuv420p sar.mkv || return 1
    run detect -q -t 1 -a seen_sar.mp4 sar.mkv && want 0 || return 1
    [ "$(ffprobe -v error -show_entries stream=width,height,sample_aspect_ratio -of csv=p=0 seen_sar.mp4)" = "160,240,2:1" ]
}
threads_do_not_matter() {
    run detect -q -f ndjson -j 1 -a j1.mp4 drive.mp4 && want 0 && cp out one.ndjson && lines 12 out || return 1
    local threads
    for threads in 2 4; do
        run detect -q -f ndjson -j $threads -a j$threads.mp4 drive.mp4 && want 0 && cmp out one.ndjson &&
            cmp j1.mp4 j$threads.mp4 || return 1
    done
    run detect -q -f ndjson -j 1 drive.mp4 stills ntsc.mp4 && want 0 && cp out many.ndjson && lines 31 out || return 1
    for threads in 2 4; do
        run detect -q -f ndjson -j $threads drive.mp4 stills ntsc.mp4 && want 0 && cmp out many.ndjson || return 1
    done
}
formats_have_room_for_frames() {
    run detect -f csv drive.mp4 && want 0 && mentions "detect: 12 frames, 36 objects; " &&
        head -1 out | grep -qx 'index,source,frame,time,class,category_id,score,x,y,width,height' &&
        grep -q '^0,drive.mp4,3,0.12,bus,6,' out || return 1
    run detect drive.mp4 && want 0 && grep -q '^drive.mp4 #3 0.12s  *bus ' out || return 1
    run detect -q -f yolo -o yolo drive.mp4 && want 0 && [ -s yolo/drive_000011.txt ] &&
        [ "$(find yolo -type f | wc -l)" -eq 13 ] || return 1
    run detect -q -f coco drive.mp4 && want 1 && mentions "--coco-images can give them" && lines 1 err &&
        [ "$(tr -d '\n' <out)" = "[]" ]
}
standard_input_may_be_a_video() {
    "$bin/scene" -q -n 5 -s 64x48 -v piped.mkv
    "$bin/detect" -q -f ndjson - <piped.mkv >out 2>err && lines 5 out && grep -q '"source":"-","frame":4,' out &&
        cat piped.mkv | "$bin/detect" -q -f ndjson -a piped.mp4 - >piped 2>err && cmp out piped && every 0 1 5 >want && plays piped.mp4 5 want
}

# --- what is written of it ---

an_annotated_video_has_the_sources_frames() {
    run detect -q -a out.mp4 drive.mp4 && want 0 && every 0 1 12 >want && plays out.mp4 12 want &&
        grep -q '"width":320,"height":240' out || return 1
    run detect -q -f ndjson out.mp4 && grep -q '"frame":11.*"class":"bus"' out || return 1 # still to be recognised
    run detect -q -a thirds.mp4 --every 3 drive.mp4 && want 0 && every 0 3 4 >want && plays thirds.mp4 4 want && lasts out.mp4 0.48 && lasts thirds.mp4 0.48 &&
        run detect -q -a ntsc_out.mkv ntsc.mp4 && want 0 && run detect -q -f ndjson ntsc_out.mkv && lines 7 out || return 1
    local name
    for name in a.mov a.webm a.avi; do
        run detect -q -a $name drive.mp4 && want 0 && plays $name 12 <(every 0 1 12) || return 1
    done
}
a_folder_takes_stills_and_videos() {
    mkdir -p mixed/sub && cp stills/scene_0000.png mixed/ && cp ntsc.mp4 mixed/sub/clip.mp4
    run detect -q -a found mixed/scene_0000.png mixed/sub/clip.mp4 && want 0 && [ -s found/scene_0000.png ] &&
        every 0 1001 7 30000 >want && plays found/clip.mp4 7 want || return 1
    run detect -q -a frames --annotate-format png --every 4 drive.mp4 && want 0 &&
        [ "$(ls frames | tr '\n' ' ')" = "drive_000000.png drive_000004.png drive_000008.png " ] || return 1
    run detect -q -a frames --annotate-format png drive.mp4 && want 2 && mentions "exists already; --force" || return 1
    run detect -q -a frames --annotate-format jpg drive.mp4 && want 0 && [ -s frames/drive_000011.jpg ]
}
names_are_checked_before_work() {
    cp drive.mp4 kept.mp4
    run detect -a v.mp4 drive.mp4 ntsc.mp4 && want 2 && mentions "can show one input, got 2" && [ ! -e v.mp4 ] || return 1
    run detect -a v.mp4 stills/scene_0000.png && want 2 && mentions "does not move" && [ ! -e v.mp4 ] || return 1
    run detect -a kept.mp4 drive.mp4 && want 2 && mentions "kept.mp4: exists already; --force" && cmp -s kept.mp4 drive.mp4 || return 1
    run detect --force -a drive.mp4 drive.mp4 && want 2 && mentions "is the input" && cmp -s kept.mp4 drive.mp4 || return 1
    run detect -a v.mp4 -o v.mp4 drive.mp4 && want 2 && mentions "is the --output, too" && [ ! -e v.mp4 ] || return 1
    run detect -a no/such/v.mp4 missing.mp4 && want 1 && [ ! -e no ] || return 1
    mkdir -p twins/a twins/b && cp ntsc.mp4 twins/a/x.mp4 && "$bin/scene" -q -n 2 -s 64x48 -v twins/b/x.mkv
    run detect -a both twins/a/x.mp4 twins/b/x.mkv && want 2 && mentions "would both be written as both/x.mp4" && [ ! -e both/x.mp4 ]
}
what_is_kept_can_be_chosen() {
    run detect -q -f ndjson drive.mp4 && want 0 && cp out all || return 1
    # The score of the aeroplane that a third of the frames exceed.
    sed 's/.*"frame":\([0-9]*\),.*"class":"airplane","category_id":5,"score":\([0-9.]*\),.*/\2 \1/' all | sort -rn >scores
    least=$(sed -n 5p scores | cut -d' ' -f1)
    kept=$(head -4 scores | cut -d' ' -f2 | sort -n)
    run detect -q -f ndjson -a some.mp4 --save-if "aeroplane>$least" drive.mp4 && want 0 && cmp out all &&
        every 0 1 4 >want && plays some.mp4 4 want || return 1 # it does not stand still in between
    run detect -q -a some --annotate-format png --save-if "person>0.5,airplane>$least" drive.mp4 && want 0 &&
        [ "$(ls some | sed 's/drive_0*\([0-9]\)/\1/; s/.png//')" = "$kept" ] || { ls some; echo "expected $kept"; return 1; }
    run detect -a none.mp4 --save-if 'person>0.99' drive.mp4 && want 0 && mentions "kept no frame: there is no none.mp4" &&
        [ ! -e none.mp4 ] && no_litter || return 1
    run detect -q -a none --save-if 'person>0.99' drive.mp4 stills && want 0 && [ -z "$(ls none)" ] || return 1
    run detect -a x.mp4 --save-if 'perso>0.5' drive.mp4 && want 2 && mentions "unknown class 'perso'; did you mean 'person'?" || return 1
    run detect -a x.mp4 --save-if 'person' drive.mp4 && want 2 && mentions "expected CLASS>X" || return 1
    run detect -a x.mp4 --save-if 'bus>2' drive.mp4 && want 2 && mentions "expected a number from 0 to 1" || return 1
    run detect --save-if 'any>0.5' drive.mp4 && want 2 && mentions "--annotate" && [ ! -e x.mp4 ]
}
segment_does_the_same() {
    run segment -q -f ndjson -M masks -a seg.mp4 --every 4 drive.mp4 && want 0 && lines 3 out &&
        [ "$(ls masks | tr '\n' ' ')" = "drive_000000.png drive_000004.png drive_000008.png " ] &&
        grep -q '"frame":8,"pts":0.32,"time":0.32,.*"class":"bus"' out && every 0 4 3 >want && cp out seg.ndjson && plays seg.mp4 3 want || return 1
    run segment -q -f ndjson -j 2 --every 4 drive.mp4 && cmp out seg.ndjson || return 1
    run segment -q -M big --save-if 'bus>0.9' --every 6 drive.mp4 && want 0 && [ -z "$(ls big)" ] &&
        run segment -q -M small --save-if 'bus>0.02' --every 6 drive.mp4 && want 0 && [ "$(ls small | wc -l)" -eq 2 ] || return 1
    # Classes are those of masks, whatever boxes are called.
    run segment -q --detect -M planes --save-if 'airplane>0.01' --every 6 drive.mp4 && want 0 && [ "$(ls planes | wc -l)" -eq 2 ]
}

# --- how runs end ---

a_video_that_ends_early_gives_what_it_had() {
    "$bin/scene" -q -n 40 -s 160x120 -v whole.mkv && head -c $(($(stat -c %s whole.mkv) * 6 / 10)) whole.mkv >cut.mkv
    local threads
    for threads in 1 2; do
        run detect -q -f ndjson -j $threads --force -a cut.mp4 cut.mkv stills/scene_0003.png && want 2 &&
            run detect -q -f ndjson -j $threads --force -a cut.mp4 cut.mkv && want 3 && lines 1 err && mentions "cut.mkv" || return 1
        local count
        count=$(grep -c '"detections"' out)
        [ "$count" -gt 5 ] && [ "$count" -lt 40 ] && [ "$(grep -c '"error"' out)" -eq 1 ] && tail -1 out | grep -q '"error"' &&
            cp out before && run detect -q -f ndjson cut.mp4 && lines "$count" out || return 1
    done
}
interrupted_runs_are_whole_as_far_as_they_go() {
    local pid threads signal expected
    for threads in 1 2; do
        for signal in INT TERM HUP; do
            case $signal in INT) expected=130 ;; TERM) expected=143 ;; HUP) expected=129 ;; esac
            : >out # the last one's lines must not count
            env --default-signal=INT "$bin/detect" -f ndjson -j $threads --force -a endless.mp4 'lavfi:testsrc2=size=320x240:rate=25' \
                >out 2>err </dev/null &
            pid=$!
            wait_for 60 has_lines 10 out && kill -$signal $pid
            code=0
            wait $pid || code=$?
            want "$expected" && mentions "interrupted after 0 of 1 input, $(wc -l <out) frames" && [ -z "$(tail -c 1 out | tr -d '\n')" ] && no_litter &&
                cp out before && run detect -q -f ndjson endless.mp4 && lines "$(wc -l <before)" out || return 1
        done
    done
}
a_stream_that_comes_back_leaves_a_gap() { # a server that goes away after 12 frames, comes back, and goes for good
    local port=$((20000 + RANDOM % 20000)) server tries frames gaps
    (for visit in 1 2; do ffmpeg -v quiet -i drive.mp4 -c copy -f mpegts -listen 1 "http://127.0.0.1:$port/a.ts"; done) >/dev/null 2>&1 </dev/null &
    server=$!
    for ((tries = 0; tries < 50; tries++)); do # until the server is there
        run detect -f ndjson -a gap.mp4 --reconnect 2 "http://127.0.0.1:$port/a.ts"
        grep -q '"detections"' out && break
        sleep 0.1
    done
    kill $server 2>/dev/null
    frames=$(grep -c '"detections"' out)
    gaps=$(grep -Ec '^.*"frame":[0-9]+,"gap":\{"seconds":[0-9.]+,"attempts":[0-9]+\}\}$' out)
    # It may come late, too, and that is a gap.
    want 3 && mentions "was away for" && mentions "given up" && [ "$frames" -gt 12 ] && lines $((frames + gaps + 1)) out &&
        [ "$gaps" -ge 1 ] && [ "$gaps" -le 2 ] && grep '"gap"' out | tail -1 | grep -qv '"frame":0,' &&
        [ "$(grep -Ec '"time":[0-9.]+,"captured":"20[0-9-]{8}T[0-9:]{8}\.[0-9]{3}Z","width"' out)" -eq "$frames" ] &&
        tail -1 out | grep -q '"error":{"code":"' && run detect -q -f ndjson gap.mp4 && lines "$frames" out
}
a_full_disk_is_told() { # a file may have 30 KB
    run detect -q -a fits.mp4 drive.mp4 && [ "$(stat -c %s fits.mp4)" -gt 31000 ] || return 1
    code=0
    (ulimit -f 30; exec "$bin/detect" -q -a full.mp4 drive.mp4) >out 2>err || code=$?
    want 3 && mentions "warning: detect: full.mp4: cannot write: File too large" && lines 1 err && no_litter &&
        [ "$(grep -c '^drive.mp4 ' out)" -eq 36 ] || return 1 # the results are all there
    code=0
    (ulimit -f 30; exec "$bin/scene" -n 30 -v full.mp4) >out 2>err || code=$?
    want 1 && mentions "scene: full.mp4: cannot write: File too large" && [ ! -e full.mp4 ] && [ ! -e full.json ] && no_litter
}
what_fails_once_ends_its_input() { # not a line for each frame
    mkdir -p locked && echo >locked/file
    run detect -q -f ndjson -a locked/file/x -j 2 drive.mp4 && want 2 || return 1
    run detect -q -f ndjson -o coco.json -f coco drive.mp4 stills/scene_0001.png && want 3 && lines 1 err && grep -q '"image_id":1,' coco.json
}
pictures_need_no_video_module() { # nor any library of FFmpeg's
    LD_DEBUG=files "$bin/detect" -q stills/scene_0000.png >out 2>err
    ! grep -q "libav\|libsw\|duet-video" err || { grep -m 3 "libav\|libsw\|duet-video" err; return 1; }
    LD_DEBUG=files "$bin/detect" -q ntsc.mp4 >out 2>err
    grep -q libavcodec err && grep -q duet-video err || return 1
    code=0
    DUET_VIDEO_MODULE=/none "$bin/detect" -q -f ndjson -a x.mp4 ntsc.mp4 >out 2>err || code=$?
    want 1 && mentions "FFmpeg" && lines 1 out && [ ! -e x.mp4 ]
}
scenes_say_what_they_cannot_do() {
    run scene -v a.mp4 -o dir && want 2 && mentions "not both" || return 1
    run scene -v a.png && want 2 && mentions "--video: 'a.png'" || return 1
    run scene -v b.mp4 -r 0 && want 2 && mentions "--rate: '0' is no rate" || return 1
    run scene -o dir -r 5 && want 2 && mentions "--rate" && [ ! -e dir ] || return 1
    cp drive.json taken.json && run scene -v taken.mp4 && want 2 && mentions "taken.json: exists already; --force" || return 1
    rm -f lone.mp4 && cp ntsc.mp4 lone.mp4 && run scene -v lone.mp4 && want 2 && mentions "lone.mp4: exists already; --force" && no_litter &&
        [ ! -e lone.json ]
}

for name in each_frame_holds_what_the_scene_shows frames_have_their_numbers_and_times frames_are_not_mixed_up some_frames_can_be_picked \
    a_killed_run_leaves_what_it_had threads_do_not_matter formats_have_room_for_frames standard_input_may_be_a_video an_annotated_video_has_the_sources_frames \
    a_folder_takes_stills_and_videos names_are_checked_before_work what_is_kept_can_be_chosen segment_does_the_same \
    a_video_that_ends_early_gives_what_it_had interrupted_runs_are_whole_as_far_as_they_go a_full_disk_is_told \
    what_fails_once_ends_its_input pictures_need_no_video_module scenes_say_what_they_cannot_do; do
    check "${name//_/ }" $name
done
if command -v ffmpeg >/dev/null; then
    check "a stream that comes back leaves a gap" a_stream_that_comes_back_leaves_a_gap
    check "shapes of pixels stay" shapes_of_pixels_stay
else
    skip "a stream that comes back leaves a gap" "no ffmpeg to be the server"
    skip "shapes of pixels stay" "no ffmpeg to make and ask them"
fi
finish
