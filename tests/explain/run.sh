#!/bin/bash
# The examples of `rnn explain`.   usage: run.sh RNN
command -v python3 >/dev/null || { echo "skipped: what reads the examples needs python3"; exit 77; }
exec python3 "$(dirname "$0")/run.py" "$@"
