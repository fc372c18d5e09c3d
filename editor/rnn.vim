" Written by tools/editor from the compiler's lists of words; changes belong there.
" For Vim: copy to ~/.vim/syntax/rnn.vim, and in ~/.vim/ftdetect/rnn.vim write
"   autocmd BufRead,BufNewFile *.rnn set filetype=rnn
if exists("b:current_syntax")
  finish
endif

syn match rnnOperator /->\|\.\.\|[-+*\/@^<>=~|!]/
syn match rnnCell /\<\k\+\ze(/
syn match rnnCell /\<\k\+\ze\[\s*\k\+\s*=/
syn match rnnFunction /\<\%(sigmoid\|tanh\|relu\|exp\|log\|sqrt\|abs\|sign\|step\|softplus\|gelu\|erf\|sin\|cos\|floor\|hard_sigmoid\|clamp\|min\|max\|stop\|spike\|sum\|mean\|norm\|softmax\|logsoftmax\|concat\|dot\|outer\|argmax\|one_hot\|cosine\|rotate\|shift\|decay\|begins\|ends\|sample\|dropout\|noise\|fast_sigmoid\|mse\|mae\|bce\|sse\|huber\|xent\|l2\|l1\|per_sequence\|fraction\|rmse\|nrmse\|nmse\|arv\|variance\|std\|mse_at\|rmse_at\|nrmse_at\|exact\|entropy\|memory_capacity\|bits_per_step\)\>\ze\%((\|\s\+over\>\)/
syn match rnnWord /\%(\s\|(\)\@1<=\%(if\|not\)\ze[ \t(]\%(\s*=\)\@!/
syn match rnnWord /\s\@1<=\%(step\|length\|on\|per\|as\|start\|over\|by\|then\|else\|and\|or\)\ze\s\%(\s*=\)\@!/
syn match rnnWord /\s\@1<=\%(step\|length\|on\|per\|as\|start\|over\|by\|then\|else\|and\|or\)$/
syn match rnnConstant /\<\%(true\|false\|last\|first\)\>\%(\s*[=(]\)\@!/
syn match rnnNumber /\<\d\+\%(\.\d\+\)\?\%([eE][+-]\?\d\+\)\?\%(\s\?\%(ms\|us\|s\)\>\|%\)\?/
syn match rnnDeclaration /^\s*\zs\%(use\|time\|tree\|dim\|vocab\|let\|seed\|cell\|net\|train\|run\)\>\ze\s\+[^=[:space:]]/
syn match rnnItem /^\s\+\zs\%(param\|fixed\|state\|input\|target\|output\|let\|shared\)\>\ze\s\+[^=[:space:]]/
syn match rnnClause /^\s*\zs\%(data\|validate\|test\|scale\|loss\|force\|washout\|carry\|method\|optimizer\|schedule\|tune\|clip\|decay\|skip\|stop\|order\|batch\|epochs\|patience\|report\|save\|log\|steps\|decode\|sample\|write\|plot\|expect\)\>\%(\s*=\)\@!/ contained
syn region rnnStage matchgroup=rnnDeclaration start=/^\s*\zs\%(train\|run\)\>\ze\s\+[^=[:space:]]/ matchgroup=NONE end=/}/
  \ contains=rnnClause,rnnOperator,rnnCell,rnnFunction,rnnWord,rnnConstant,rnnNumber,rnnString,rnnComment,rnnDoc
syn region rnnString start=/"/ skip=/\\./ end=/"/ oneline
syn match rnnComment /#.*$/ contains=@Spell
syn match rnnDoc /##.*$/ contains=@Spell

hi def link rnnOperator Operator
hi def link rnnCell Identifier
hi def link rnnFunction Function
hi def link rnnWord Keyword
hi def link rnnConstant Constant
hi def link rnnNumber Number
hi def link rnnDeclaration Structure
hi def link rnnItem Type
hi def link rnnClause Statement
hi def link rnnString String
hi def link rnnComment Comment
hi def link rnnDoc SpecialComment

setlocal commentstring=#\ %s
let b:current_syntax = "rnn"
