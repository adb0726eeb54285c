#!/usr/bin/env bash
# demo.sh: from a fresh clone on Debian 12 to a first result. Sets everything up (setup.sh), draws a street
# scene, and lets detect find what is in it. Safe to call again.
set -euo pipefail
cd "$(dirname "$0")"
./setup.sh

say() { printf '== %s\n' "$*" >&2; }

say "drawing a street: build/demo/street/scene_0000.png"
build/bin/scene --quiet --force -o build/demo/street
say "looking for objects: build/bin/detect --annotate build/demo/found build/demo/street/scene_0000.png"
build/bin/detect --force --annotate build/demo/found build/demo/street/scene_0000.png
say "the picture with what was found drawn into it: build/demo/found/scene_0000.png"
