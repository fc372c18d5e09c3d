#!/bin/bash
# `rnn lsp`, driven by a client over pipes.   usage: lsp.sh RNN
command -v python3 >/dev/null || { echo "skipped: the client needs python3"; exit 77; }
exec python3 "$(dirname "$0")/lsp.py" "$1"
