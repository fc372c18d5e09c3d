#!/bin/bash
# bptt(checkpoint = k) gives the gradients of whole bptt.   usage: checkpoint.sh RNN
command -v python3 >/dev/null || { echo "skipped: what compares needs python3"; exit 77; }
exec python3 "$(dirname "$0")/checkpoint.py" "$1"
