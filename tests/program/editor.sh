#!/bin/bash
# The highlighting files are what tools/editor makes of the lists of words, hold every word, and Vim takes them.   usage: editor.sh
cd "$(dirname "$0")/../.." || exit 1
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }

tools/editor --check || fail "editor/ is not up to date"
words=$({ sed -nE 's/^WORD\([A-Z]+, "([a-z]+)".*/\1/p' grammar/words.def
          sed -nE 's/^(CLAUSE|BUILTIN)\(([a-z_0-9]+),.*/\2/p' compiler/sema/clauses.def compiler/sema/builtins.def; } | sort -u)
[ "$(wc -w <<<"$words")" -gt 80 ] || fail "only $(wc -w <<<"$words") words were found"
for word in $words; do
  for file in editor/rnn.tmLanguage.json editor/rnn.vim; do
    grep -qwF -- "$word" $file || fail "$file lacks $word"
  done
done

if ! command -v vim >/dev/null; then
  echo "vim is not installed: the Vim file was not tried"
  [ $failures = 0 ] && exit 77
  exit 1
fi

# Vim reads each example; the first letters of some lines must be of the group that is expected there, and nothing may go wrong.
script=$(mktemp)
trap 'rm -f "$script"' EXIT
cat >"$script" <<'VIM'
set encoding=utf-8 nomore
syntax on
let s:found = {}
for s:file in argv()
  execute 'edit ' . fnameescape(s:file)
  syntax clear
  unlet! b:current_syntax
  source editor/rnn.vim
  for s:line in range(1, line('$'))
    let s:column = match(getline(s:line), '\S') + 1
    let s:group = synIDattr(synID(s:line, s:column, 1), 'name')
    let s:word = matchstr(getline(s:line), '\k\+')
    let s:found[s:word . ' ' . s:group] = 1
  endfor
endfor
for s:wanted in ['net rnnDeclaration', 'train rnnDeclaration', 'run rnnDeclaration', 'param rnnItem', 'state rnnItem', 'loss rnnClause', 'expect rnnClause', 'cell rnnDeclaration']
  if !has_key(s:found, s:wanted) | call add(v:errors, 'nothing is ' . s:wanted) | endif
endfor
call writefile(v:errors + (v:errmsg == '' ? [] : [v:errmsg]) + ['done'], '/dev/stdout')
qall!
VIM
models=$(ls examples/*/*.rnn stdlib/*.rnn)
out=$(timeout 60 vim -N -es -u NONE -i NONE -S "$script" $models 2>&1)
[ "$(tail -n 1 <<<"$out")" = done ] && [ "$(wc -l <<<"$out")" = 1 ] || fail "vim: $out"
[ $failures = 0 ] && echo "$(wc -w <<<"$words") words, $(wc -w <<<"$models") models in Vim, all fine"
[ $failures = 0 ]
