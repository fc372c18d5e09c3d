#!/bin/bash
# The memory of training.   usage: memory.sh RNN
command -v python3 >/dev/null || { echo "skipped: what measures needs python3"; exit 77; }
exec python3 "$(dirname "$0")/memory.py" "$1"
