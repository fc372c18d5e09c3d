#!/bin/bash
# The tutorial, carried out.   usage: tutorial.sh RNN
command -v python3 >/dev/null || { echo "skipped: what compares needs python3"; exit 77; }
here=$(dirname "$0")
exec python3 "$here/tutorial.py" "$1" "$here/../../docs/tutorial.md"
