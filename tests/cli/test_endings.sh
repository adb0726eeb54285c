#!/usr/bin/env bash
# How runs end: by signals, by a full disk, by a kill -9; and what goes on from there. Nothing that was computed
# is lost.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
bin=$DUET_BIN detect=$DUET_BIN/detect
models=$(find_models ssdlite-coco)
[ -n "$models" ] || skip_all "endings" "no model: build/bin/models fetch ssdlite-coco"
export DUET_MODELS=$models
cd "$work" || exit 1
run() { ran "$detect" "$@"; }
is_beginning() { # FILE WHOLE: FILE is as WHOLE begins
    cmp -n "$(stat -c %s "$1")" "$1" "$2" || return 1
}
whole_lines() { # FILE: nothing but records
    [ -s "$1" ] && [ "$(grep -c '^{"index":.*}$' "$1")" -eq "$(wc -l <"$1")" ] && [ -z "$(tail -c 1 "$1" | tr -d '\n')" ]
}
number_of() { case $1 in HUP) echo 129 ;; INT) echo 130 ;; TERM) echo 143 ;; esac }

# One picture by many names: what is found in each is known without looking.
pictures=1000
"$bin/scene" -q -s 64x48 -o one || exit 1
mkdir many && for ((i = 0; i < pictures; i++)); do printf 'many/p%05d.png\n' $i; done | tee names | xargs -n 500 sh -c \
    'for name; do ln one/scene_0000.png "$name"; done' sh
head -n 60 names >sixty
head -n 40 names >forty
whole() { # FORMAT: what all of them give
    local format=$1
    run -q -f "$format" -t 0.01 many/p00000.png many/p00001.png && want 0 || return 1
    # The first picture's records, then those of the second with the others' numbers.
    awk -v format="$format" -v count=$pictures '
        format == "coco" { if ($0 == "[" || $0 == "]") next; sub(/,$/, ""); if (/"image_id":0,/) row[rows++] = $0; next }
        NR == 1 { row[rows++] = $0 }
        END {
            if (format == "coco") print "["
            for (i = 0; i < count; i++) for (r = 0; r < rows; r++) {
                line = row[r]
                sub(/"image_id":0,/, "\"image_id\":" i ",", line)
                sub(/"index":0,/, "\"index\":" i ",", line)
                sub(/p00000/, sprintf("p%05d", i), line)
                print line (format == "coco" && (i < count - 1 || r < rows - 1) ? "," : "")
            }
            if (format == "coco") print "]"
        }' out >"whole.$format"
}

# --- signals ---

ends_well() { # FORMAT FIRST GAP SECOND INSTANT
    local format=$1 first=$2 gap=$3 second=$4 instant=$5 pid done_
    rm -f cut.json
    env --default-signal=INT,TERM,HUP "$detect" -f "$format" -t 0.01 -j 2 -o cut.json @names >out 2>err </dev/null &
    pid=$!
    sleep "$instant"
    kill -"$first" $pid
    [ "$gap" = 0 ] || sleep "$gap"
    kill -"$second" $pid 2>/dev/null
    code=0
    wait $pid 2>/dev/null || code=$?
    no_litter || return 1
    if [ ! -e cut.json ]; then # it had not begun: the signal's own doing
        { [ "$code" -eq "$(number_of "$first")" ] || [ "$code" -eq "$(number_of "$second")" ]; } && [ ! -s err ]
        return
    fi
    # Of two that wait together, the system delivers the one with the lower number first.
    [ "$code" -eq "$(number_of "$second")" ] || want "$(number_of "$first")" || return 1
    done_=$(sed -n 's/.*interrupted after \([0-9]*\) of .*/\1/p' err)
    [ -n "$done_" ] || { echo "no word of the interruption"; cat err; return 1; }
    if [ "$format" = ndjson ]; then
        [ "$(wc -l <cut.json)" -eq "$done_" ] && is_beginning cut.json whole.ndjson
    elif [ "$done_" -eq 0 ]; then
        [ "$(cat cut.json)" = "[]" ]
    else # the last line but one has no comma, and then it is closed
        [ "$(grep -o '"image_id":[0-9]*' cut.json | sort -u | wc -l)" -eq "$done_" ] && [ "$(head -c 1 cut.json)" = "[" ] &&
            [ "$(tail -n 1 cut.json)" = "]" ] && sed -e '$d' cut.json | sed -e '$s/$/,/' >open.json &&
            is_beginning open.json whole.coco
    fi
}
seed=${DUET_SEED:-$RANDOM}
two_signals_lose_nothing() { # 54 endings
    local first gap try signals=(INT TERM HUP) second instant format failed=0 began=0
    echo "seed $seed"
    RANDOM=$seed
    whole ndjson && whole coco || return 1
    for try in 0 1 2 3 4 5; do
        for first in INT TERM HUP; do
            for gap in 0 0.01 0.03; do
                second=${signals[RANDOM % 3]}
                instant=0.$((100 + RANDOM % 500))
                format=ndjson
                [ $((RANDOM % 2)) -eq 0 ] || format=coco
                ends_well $format $first $gap "$second" $instant ||
                    { echo "$format: $first, $gap s, $second, after $instant s"; failed=1; }
                [ ! -s cut.json ] || began=$((began + 1))
            done
        done
    done
    echo "$began of 54 had begun to write"
    return $failed
}
ignored_signals_stay_ignored() { # nohup
    local pid
    rm -f nohup.json
    (trap '' HUP; exec "$detect" -q -f ndjson -o nohup.json @sixty) >out 2>err </dev/null &
    pid=$!
    sleep 0.3
    kill -HUP $pid
    code=0
    wait $pid || code=$?
    want 0 && [ "$(wc -l <nohup.json)" -eq 60 ]
}

# --- full disks ---

# Under a limit of files' size, which everybody may set: 40 KB hold a few records of 100 objects each.
a_limit_keeps_whole_records() {
    local format file
    for format in table ndjson coco csv; do
        run -q -f $format -t 0.0001 -o all.$format @forty && want 0 || return 1
        code=0
        (ulimit -f 40; exec "$detect" -q -f $format -t 0.0001 -o full.$format @forty) >out 2>err || code=$?
        want 1 && mentions "detect: full.$format: cannot write: File too large; kept: the first " && [ "$(wc -l <err)" -eq 1 ] &&
            no_litter && kept_of $format || return 1
        code=0 # the same by redirection
        (ulimit -f 40; exec "$detect" -q -f $format -t 0.0001 @forty) >full.$format 2>err || code=$?
        want 1 && mentions "detect: standard output: cannot write: File too large; kept: the first " && kept_of $format || return 1
    done
}
kept_of() { # FORMAT: full.FORMAT is the beginning of all.FORMAT, by whole records
    local count
    count=$(sed -n 's/.*kept: the first \([0-9]*\) record.*/\1/p' err)
    [ "$count" -ge 1 ] && [ "$(stat -c %s full.$1)" -gt 20000 ] || { echo "$1: $count records kept"; return 1; }
    case $1 in
        coco)
            [ "$(tail -n 1 full.coco)" = "]" ] && [ "$(grep -o '"image_id":[0-9]*' full.coco | sort -u | wc -l)" -eq "$count" ] &&
                sed -e '$d' full.coco | sed -e '$s/$/,/' >open.json && is_beginning open.json all.coco
            ;;
        ndjson) [ "$(wc -l <full.ndjson)" -eq "$count" ] && is_beginning full.ndjson all.ndjson ;;
        csv) [ "$(sed 1d full.csv | cut -d, -f1 | sort -u | wc -l)" -eq "$count" ] && is_beginning full.csv all.csv ;;
        table) [ -z "$(tail -c 1 full.table | tr -d '\n')" ] && is_beginning full.table all.table ;;
    esac
}
folders_keep_whole_records() { # $1: a small disk
    run -q -f yolo -t 0.0001 -o yolo @forty && want 0 && run -q -f voc -t 0.0001 -o voc @forty && want 0 || return 1
    local file count
    run -q -f yolo -t 0.0001 -o "$1/yolo" @names
    want 1 && mentions "No space left on device; kept: the first " && no_litter "$1" && cmp yolo/classes.txt "$1/yolo/classes.txt" || return 1
    count=$(sed -n 's/.*kept: the first \([0-9]*\) record.*/\1/p' err)
    [ "$(find "$1/yolo" -name 'p*.txt' | wc -l)" -eq "$count" ] || { echo "yolo: $count records"; ls "$1/yolo"; return 1; }
    for file in "$1"/yolo/p*.txt; do cmp "$file" yolo/p00000.txt || return 1; done
    rm -r "$1/yolo"
    head -c 20K /dev/zero >"$1/filler"
    run -q -f voc -t 0.0001 -o "$1/voc" @names
    want 1 && mentions "No space left on device" && no_litter "$1" || return 1
    count=$(sed -n 's/.*kept: the first \([0-9]*\) record.*/\1/p' err)
    [ "$(cat "$1"/voc/*.txt 2>/dev/null | cut -d' ' -f1 | sort -u | wc -l)" -eq "${count:-0}" ] || { echo "voc: $count records"; return 1; }
    for file in "$1"/voc/*.txt; do [ ! -s "$file" ] || [ -z "$(tail -c 1 "$file" | tr -d '\n')" ] || return 1; done
    rm -r "$1/voc" "$1/filler"
}
a_small_disk_keeps_whole_records() { # $1: it
    local format
    for format in ndjson coco csv table; do
        rm -f "$1"/* full.$format
        run -q -f $format -t 0.0001 -o "$1/full" @names
        want 1 && mentions "detect: $1/full: cannot write: No space left on device; kept: the first " && no_litter "$1" || return 1
        cp "$1/full" full.$format
        [ "$(stat -c %s full.$format)" -gt 150000 ] && [ -z "$(tail -c 1 full.$format | tr -d '\n')" ] || return 1
        [ $format != ndjson ] || whole_lines full.ndjson || return 1
        [ $format != coco ] || { [ "$(head -c 1 full.coco)" = "[" ] && [ "$(tail -n 2 full.coco | tail -c 4 | tr "\n" " ")" = "} ] " ]; } || return 1
    done
    rm -f "$1"/*
}
drawing_never_costs_a_result() { # $1: a small disk
    run -f ndjson -o drawn.ndjson -a "$1/seen" --annotate-format png @forty && cp drawn.ndjson fits.ndjson && rm drawn.ndjson
    head -c 1M /dev/zero >"$1/filler" 2>/dev/null
    run -f ndjson -o drawn.ndjson --force -a "$1/more" @forty
    want 3 && [ "$(wc -l <drawn.ndjson)" -eq 40 ] && ! grep -q '"error"' drawn.ndjson && cmp drawn.ndjson fits.ndjson &&
        mentions "warning: detect: $1/more" && mentions " pictures could not be written; " && [ "$(grep -c '^warning: ' err)" -le 4 ] &&
        no_litter "$1" || return 1
    rm -rf "$1"/*
}

# --- what has no end ---

endless='lavfi:testsrc2=size=64x48:rate=25'
has_video=1
"$bin/detect" -q --duration 0.04 "$endless" >/dev/null 2>err || ! grep -q "FFmpeg" err || has_video=

records_stand_there_while_it_runs() {
    local format pid
    for format in ndjson csv table; do
        "$detect" -q -f $format -t 0.0001 -o run.$format "$endless" >out 2>err </dev/null &
        pid=$!
        wait_for 60 has_lines 5 run.$format && no_litter && [ -z "$(tail -c 1 run.$format | tr -d '\n')" ] || return 1
        kill -TERM $pid
        code=0
        wait $pid || code=$?
        want 143 || return 1
    done
}
a_killed_recording_is_whole() {
    local pid frames
    "$detect" -q -f ndjson -o killed.ndjson -a killed.mp4 "$endless" >out 2>err </dev/null &
    pid=$!
    wait_for 60 has_lines 90 killed.ndjson && kill -KILL $pid
    wait $pid 2>/dev/null
    whole_lines killed.ndjson && no_litter || return 1
    run -q -f ndjson -t 1 killed.mp4
    frames=$(grep -c '"detections"' out) # all but the last second
    [ "$frames" -ge 50 ] || { echo "$frames frames of $(wc -l <killed.ndjson)"; ls -l; return 1; }
}
results_can_be_continued() {
    run -q -f ndjson -o on.ndjson many/p00000.png && run -q -f ndjson -o on.ndjson --append many/p00001.png && want 0 && [ ! -s err ] &&
        [ "$(wc -l <on.ndjson)" -eq 2 ] && whole_lines on.ndjson || return 1
    printf '{"index":0,"source":"to' >>on.ndjson # as a power cut leaves it
    run -q -f ndjson -o on.ndjson --append many/p00002.png && want 0 && [ "$(wc -l <on.ndjson)" -eq 3 ] && whole_lines on.ndjson &&
        mentions "warning: detect: on.ndjson: its last line was not whole, 23 bytes of it were cut off" || return 1
    truncate -s -1 on.ndjson # as an editor leaves it
    run -q -f ndjson -o on.ndjson --append many/p00003.png && want 0 && [ ! -s err ] && [ "$(wc -l <on.ndjson)" -eq 4 ] && whole_lines on.ndjson || return 1
    run -q -f csv -o on.csv --append many/p00000.png && run -q -f csv -o on.csv --append many/p00000.png && want 0 &&
        [ "$(grep -c '^index,' on.csv)" -eq 1 ] && [ "$(sed 1d on.csv | sort -u | wc -l)" -eq "$(($(sed 1d on.csv | wc -l) / 2))" ] || return 1
    run -q -f coco -o on.json --append many/p00000.png && want 2 && mentions "nothing can be appended" && [ ! -e on.json ] || return 1
    echo "a,b" >foreign.csv
    run -q -f csv -o foreign.csv --append many/p00000.png && want 1 && [ "$(cat foreign.csv)" = a,b ] || return 1
    run -q --append many/p00000.png && want 2 && mentions "--append"
}
files_follow_one_another() {
    run -q -f ndjson -o by.ndjson --rotate 2K @sixty && want 0 && ls by.ndjson by-2.ndjson by-3.ndjson >/dev/null && no_litter || return 1
    cat by.ndjson $(ls by-*.ndjson | sort -V) >together && run -q -f ndjson @sixty && cmp together out || return 1
    cp by.ndjson before && run -q -f ndjson -o by.ndjson --rotate 1G many/p00000.png && want 0 && cmp before by.ndjson || return 1
    run -q -f ndjson -o 'day-%Y%m%d.ndjson' many/p00000.png && want 0 && ls day-20[0-9][0-9][01][0-9][0-3][0-9].ndjson >/dev/null || return 1
    run -q -f ndjson -o 'day-%Y%m%d.ndjson' many/p00000.png && want 2 && mentions "exists already" || return 1
    run --rotate 3x -o a.ndjson many/p00000.png && want 2 && mentions "--rotate: '3x': expected a time" || return 1
    run --rotate 1h many/p00000.png && want 2 && mentions "--rotate: needs a file"
}
videos_follow_one_another() {
    local file frames=0
    run -q -f ndjson -o 'turn.ndjson' --rotate 20K -a 'turn-%Y.mp4' --duration 8 "$endless" && want 0 && no_litter || return 1
    [ "$(ls turn-*.mp4 | wc -l)" -gt 1 ] || { ls -l turn*; return 1; }
    for file in turn-*.mp4; do
        run -q -f ndjson -t 1 "$file" && want 0 || return 1
        frames=$((frames + $(wc -l <out)))
    done
    [ "$frames" -eq 200 ] && [ "$(cat turn.ndjson turn-*.ndjson 2>/dev/null | wc -l)" -eq 200 ] || { echo "$frames frames"; return 1; }
}
one_without_end_is_enough() {
    run -q "$endless" "$endless" && want 2 && mentions "would never have its turn" && [ ! -s out ] || return 1
    run -q -f ndjson --duration 0.08 "$endless" "$endless" && want 0 && [ "$(wc -l <out)" -eq 4 ]
}
streams_name_their_pictures_by_time() { # twice the same stream into the same folder
    local port=$((20000 + RANDOM % 20000)) server tries visit
    "$bin/scene" -q -n 5 -s 64x48 -v short.mp4 || return 1
    for visit in 1 2; do
        ffmpeg -v quiet -i short.mp4 -c copy -f mpegts -listen 1 "http://127.0.0.1:$port/cam/a.ts" >/dev/null 2>&1 </dev/null &
        server=$!
        for ((tries = 0; tries < 50; tries++)); do
            run -f ndjson -a live --annotate-format jpg "http://127.0.0.1:$port/cam/a.ts"
            grep -q '"detections"' out && break
            sleep 0.1
        done
        kill $server 2>/dev/null
        [ "$(grep -c '"detections"' out)" -eq 5 ] && ! grep -q "exists already" err || { cat out err; return 1; }
    done
    [ "$(find live -name "127.0.0.1_*_cam_a.ts_20*T*Z*.jpg" | wc -l)" -eq 10 ] || { ls live; return 1; }
}

the_latest_frame_leaves_others_out() { # 300 frames a second, and one thread: every one is in a record or counted
    local port=$((20000 + RANDOM % 20000)) server tries last dropped
    "$bin/scene" -q -n 300 -r 300 -s 64x48 -v fast.mp4 || return 1
    ffmpeg -v quiet -re -i fast.mp4 -c copy -f mpegts -listen 1 "http://127.0.0.1:$port/a.ts" >/dev/null 2>&1 </dev/null &
    server=$!
    for ((tries = 0; tries < 50; tries++)); do
        run -f ndjson -j 1 --live latest "http://127.0.0.1:$port/a.ts"
        grep -q '"detections"' out && break
        sleep 0.1
    done
    kill $server 2>/dev/null
    want 0 || return 1
    last=$(tail -n 1 out | sed 's/.*"frame":\([0-9]*\),.*/\1/')
    dropped=$(sed -n 's/.*"dropped":\([0-9]*\),.*/\1/p' out | awk '{ n += $1 } END { print n + 0 }')
    [ "$dropped" -gt 0 ] && [ $((last + 1)) -eq $(($(wc -l <out) + dropped)) ] || { echo "$last, $(wc -l <out), $dropped"; return 1; }
    mentions ", $dropped frame"
}

check "two signals lose nothing" two_signals_lose_nothing
check "ignored signals stay ignored" ignored_signals_stay_ignored
check "a limit of size keeps whole records" a_limit_keeps_whole_records
mkdir small
if mount -t tmpfs -o size=200k duet-test small 2>/dev/null; then
    trap 'umount "$work/small" 2>/dev/null; chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
    check "a small disk keeps whole records" a_small_disk_keeps_whole_records small
    check "a small disk keeps whole records in folders" folders_keep_whole_records small
    check "drawing never costs a result" drawing_never_costs_a_result small
    umount small
else
    skip "a small disk keeps whole records" "only root may mount one"
fi
check "results can be continued" results_can_be_continued
check "files follow one another" files_follow_one_another
if [ -n "$has_video" ]; then
    for name in records_stand_there_while_it_runs a_killed_recording_is_whole videos_follow_one_another one_without_end_is_enough; do
        check "${name//_/ }" $name
    done
else
    skip "what has no end" "this build has no video"
fi
if [ -n "$has_video" ] && command -v ffmpeg >/dev/null; then
    check "streams name their pictures by time" streams_name_their_pictures_by_time
    check "the latest frame leaves others out" the_latest_frame_leaves_others_out
else
    skip "streams name their pictures by time" "no ffmpeg to be the server"
fi
finish
