#!/usr/bin/env bash
# demo.sh: from a fresh clone on Debian 12 to a first result. Sets everything up (setup.sh), draws a street
# scene, and lets detect and segment find what is in it. Safe to call again.
set -euo pipefail
cd "$(dirname "$0")"
./setup.sh

say() { printf '== %s\n' "$*" >&2; }

say "drawing a street: build/demo/street/scene_0000.png"
build/bin/scene --quiet --force -o build/demo/street
say "looking for objects: build/bin/detect --annotate build/demo/found build/demo/street/scene_0000.png"
build/bin/detect --force --annotate build/demo/found build/demo/street/scene_0000.png
say "the picture with what was found drawn into it: build/demo/found/scene_0000.png"

if [ -f build/models/deeplabv3-voc.safetensors ]; then
    say "and masks: build/bin/segment --detect --masks build/demo/masks --annotate build/demo/both build/demo/street/scene_0000.png"
    build/bin/segment --force --detect --masks build/demo/masks --annotate build/demo/both build/demo/street/scene_0000.png
    say "boxes and masks drawn: build/demo/both/scene_0000.png; the mask alone: build/demo/masks/scene_0000.png"
else
    say "no masks: the model deeplabv3-voc is missing; 'build/bin/models fetch deeplabv3-voc' gets it"
fi

if [ -f build/lib/duet/duet-video.so ]; then
    say "the same, moving: build/bin/detect --track --annotate build/demo/seen.mp4 build/demo/drive.mp4"
    build/bin/scene --quiet --force --frames 50 --video build/demo/drive.mp4
    build/bin/detect --force --track -f ndjson -o build/demo/drive.ndjson --annotate build/demo/seen.mp4 build/demo/drive.mp4
    say "the video with what was found: build/demo/seen.mp4; a record for each frame: build/demo/drive.ndjson"
fi
if [ -x build/bin/viewer ]; then
    masks=
    [ ! -f build/models/deeplabv3-voc.safetensors ] || masks=" --segment"
    say "to watch: build/bin/viewer$masks build/demo/street/scene_0000.png (press h for the keys)"
fi
