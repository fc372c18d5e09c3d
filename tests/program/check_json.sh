#!/bin/bash
# `rnn check --json`.   usage: check_json.sh RNN
command -v python3 >/dev/null || { echo "skipped: what reads the JSON needs python3"; exit 77; }
exec python3 "$(dirname "$0")/check_json.py" "$1"
