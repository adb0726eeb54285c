#!/usr/bin/env bash
# plain/ssdlite.c, which says in scalar loops what the network computes, against the numbers of the TensorFlow graph and
# against detect. All are float32 and differ in the order of their sums: two engines that share no line were seen 7e-5
# apart in logits of up to 22 (golden/ssdlite/README.md), so 2e-4 tells a fault from rounding. A sigmoid flattens that:
# scores within 1e-5; boxes within 1e-4 of a side of the picture.
. "$DUET_SOURCE_DIR/tests/support/tap_lib.sh"
plain=$DUET_BUILD_DIR/tests/plain_ssdlite
model=$DUET_BUILD_DIR/models/ssdlite-coco.safetensors
golden=$shared/golden/ssdlite
photographs="dog person horses giraffe eagle kite"
[ -f "$model" ] || skip_all "the plain detector" "no model ssdlite-coco"
cd "$work" || exit 1

as_ppm() { # PICTURE PPM: its pixels, with nothing drawn on them
    "$DUET_BIN/detect" --quiet --force --eval --threshold 1 --annotate "$2" "$1" >/dev/null
}

floats_agree() { # GOT WANT TOLERANCE
    [ "$(stat -c %s "$1")" -eq "$(stat -c %s "$2")" ] || return 1
    paste <(od -An -v -tf4 -w4 "$1") <(od -An -v -tf4 -w4 "$2") | awk -v name="$1" -v tolerance="$3" '
        { d = $1 - $2; if (d < 0) d = -d; if (!(d <= most)) most = d }
        END { print name ": within " most; exit !(NR > 0 && most <= tolerance) }'
}

raw_outputs_are_the_graphs() { # NAME
    "$plain" "$model" "$1.ppm" 1e-8 "$1" >"$1.csv" && floats_agree "$1.pre.bin" "$golden/$1.pre.bin" 1e-6 &&
        floats_agree "$1.box_enc.bin" "$golden/$1.box_enc.bin" 2e-4 &&
        floats_agree "$1.logits.bin" "$golden/$1.logits.bin" 2e-4
}

graphs_detections() { # NAME: tf_detections of golden/ssdlite/NAME.json as the plain detector prints them, without names
    awk -F '[:, ]+' '
        /"w":/ { width = $3 } /"h":/ { height = $3 } /"tf_detections"/ { within = 1 } /"tf_postprocess"/ { within = 0 }
        !within { next }
        /"score"/ { score = $3 } /"class_id"/ { class = $3 } /"anchor"/ { anchor = $3 }
        /"box_ymin_xmin_ymax_xmax"/ { n = 4; next }
        n == 0 { next }
        { side[n--] = $2 }
        n == 0 {
            printf "%d,%s,%.8g,%.8g,%.8g,%.8g,%d\n", class, score, side[3] * width, side[4] * height,
                   (side[1] - side[3]) * width, (side[2] - side[4]) * height, anchor
        }' "$golden/$1.json"
}

# Ours and theirs by class and anchor: of boxes that score the same to 1e-5, either may come first, and be the last.
detections_are_the_graphs() { # NAME
    graphs_detections "$1" >want.csv
    tail -n +2 "$1.csv" | cut -d, -f2- | awk -F, '
        function near(a, b, tolerance) { return a - b <= tolerance && b - a <= tolerance }
        NR == FNR { score[$1, $7] = $2; for (i = 3; i <= 6; i++) box[$1, $7, i] = $i; last = $2; ours++; next }
        !(($1, $7) in score) { if (!near($2, last, 1e-5)) { print "not found: " $0; bad = 1 } next }
        !near($2, score[$1, $7], 1e-5) { print "scores " score[$1, $7] ": " $0; bad = 1 }
        { for (i = 3; i <= 6; i++) if (!near($i, box[$1, $7, i], 0.1)) { print "lies elsewhere: " $0; bad = 1 } }
        END { exit bad || ours != 100 || FNR != 100 }' - want.csv
}

detect_finds_the_same() { # PPM
    "$plain" "$model" "$1" 0.3 | tail -n +2 | cut -d, -f1-7 >ours &&
        "$DUET_BIN/detect" --quiet --model "$model" --threshold 0.3 -f csv "$1" | tail -n +2 | cut -d, -f5-11 >theirs &&
        [ -s ours ] && paste -d, ours theirs | awk -F, '
            function near(a, b, tolerance) { return a - b <= tolerance && b - a <= tolerance }
            $1 != $8 || $2 != $9 || !near($3, $10, 1e-5) { print; bad = 1 }
            { for (i = 4; i <= 7; i++) if (!near($i, $(i + 7), 0.1)) { print; bad = 1 } }
            END { exit bad }'
}

for name in $photographs; do
    if [ -z "$shared" ]; then
        skip "$name: as the graph" "no shared data"
        continue
    fi
    as_ppm "$golden/$name.jpg" "$name.ppm"
    check "$name: input, box encodings and logits are the graph's" raw_outputs_are_the_graphs "$name"
    check "$name: the 100 detections are the graph's" detections_are_the_graphs "$name"
done
"$DUET_BIN/scene" --quiet --frames 3 -o street
for picture in street/*.png; do
    as_ppm "$picture" street.ppm
    check "detect finds the same in ${picture##*/}" detect_finds_the_same street.ppm
done

says_what_is_wrong() {
    exits 2 "$plain" && exits 1 "$plain" street.ppm street.ppm 2>message && grep -q "street.ppm" message &&
        exits 1 "$plain" "$model" "$model" 2>message && grep -q "$model" message
}
check "names the file that is none" says_what_is_wrong
finish
