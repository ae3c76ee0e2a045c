"""What gives away the languages that are compiled or assembled, and those that describe hardware and proofs.

A mark is a weight and a pattern: 1 for a hint, 3 for what other claimants of the same extension hardly ever have, 5 and
more for what settles it. It counts once, however often it stands in a file. Patterns are Hyperscan's, multi-line;
\\h is a blank or tab.
"""

from __future__ import annotations

Marks = tuple[tuple[int, str], ...]

AMONG: dict[str, dict[str, Marks]] = {
    "": {  # no compiler of C includes a file without an extension
        "C++": (
            (6, r'^\h*#\h*include\h*["<][\w./+-]+\.h(?:pp)?[">]'),
            (4, r'^\h*#\h*include\h*"[\w/+-]+"'),
            (2, r'include\h*"[\w/+-]+"\h*\r?\n\h*#\h*include'),
            (2, r"^\h*#\h*(?:ifndef|define|endif|error|pragma)\b|^\h*//|^/\*"),
        )
    },
    ".h": {
        "C": ((2, r"^\h*#\h*if(?:def\h+|\h+defined\h*\(?\h*)__cplusplus\b"), (1, r"^\h*/\*")),
        "C++": ((1, r"^\h*//"),),
    },
    ".inc": {"C++": ((3, r"^\h*#\h*(?:include|define|ifdef|ifndef|undef|endif)\b"), (1, r"^\h*//|^\w+\("))},
    ".m": {"Objective-C": ((3, r"^\h*#\h*(?:include|define|ifdef|ifndef)\h"), (1, r"^\h*(?://|/\*)"))},
}
"""Marks that say something among the claimants of one extension only; "" is no extension."""

COMPILED: dict[str, Marks] = {
    "C": (
        (3, r"\b(?:G|__)_?BEGIN_DECLS\b"),
        (1, r"^\h*typedef\h+(?:struct|union|enum)\b"),
        (1, r"\(\h*void\h*\)\h*[;{]"),
        (1, r"^\h*#\h*include\h*<(?:stdio|stdlib|string|stdint|stddef|stdbool|sys/types)\.h>"),
        (2, r"\brestrict\b\h*\w+[,)]"),
        (1, r"^\h*struct\h+\w+\h*\*+\w+[;,(]"),
    ),
    "C++": (
        (5, r"^\h*template\h*<"),
        (5, r"^\h*(?:inline\h+)?namespace(?:\h+[\w:]+)?\h*(?:\{|\r?$)"),
        (5, r"^\h*using\h+(?:namespace\h+)?[\w:]+(?:\h*=[^;\n]{1,200})?;"),
        (5, r"^\h*(?:public|private|protected|signals)(?:\h+(?:slots|Q_SLOTS))?\h*:(?:[^:]|$)"),
        (4, r"^\h*class\h+(?:[A-Z_][A-Z_0-9]*(?:\([^)\n]{0,60}\))?\h+){0,2}[\w:]+(?:\h+final)?\h*[:{;]"),
        (3, r"^\h*class\h+(?:[A-Z_][A-Z_0-9]*\h+)?[\w:]+\h*\r?\n\h*[:{]"),
        (4, r"\b(?:static|dynamic|reinterpret|const)_cast\h*<"),
        (5, r"^\h*#\h*include\h*<[\w/+-]+>"),
        (3, r'^\h*#\h*include\h*["<][\w./+-]+\.(?:hpp|hh|hxx|ipp|tcc|H)[">]'),
        (3, r"\bstd::\w"),
        (4, r"\boperator\h*(?:[-+*/%^&|~!=<>]{1,3}|\(\)|\[\])\h*\("),
        (4, r"^\h*(?:virtual|explicit|friend|mutable)\h+[\w:~]"),
        (2, r"\b(?:constexpr|nullptr|noexcept|decltype|static_assert)\b"),
        (2, r"\b\w+::~?\w+\h*\("),
        (4, r"^\h*enum\h+(?:class|struct)\h+\w"),
        (3, r"\bconst\h+[\w:]+(?:<[^>\n]{1,80}>)?\h*&"),
        (4, r"\)\h*(?:const|override|final|noexcept)(?:\h+(?:override|final|noexcept))*\h*(?:[;{]|=\h*0)"),
        (4, r"\)\h*(?:const\h*)?=\h*(?:default|delete)\h*;"),
        (4, r'^\h*extern\h+"C\+\+"'),
        (4, r"^\h*~\w+\h*\(\h*\)"),
        (5, r"^\h*struct\h+(?:[A-Z_]{3,}\h+)?\w+\h*(?:final\h*)?:\h*(?:public\h|private\h)?\h*[a-zA-Z]"),
        (5, r"\bQ_(?:OBJECT|PROPERTY|DECLARE_\w+|GADGET|ENUM|SIGNALS|DISABLE_COPY|DECL_\w+|OS_\w+"
            r"|PROCESSOR_\w+)\b|\bQT_BEGIN_NAMESPACE\b"),
        (1, r"^\h*(?:void|bool|int|\w+\h*\*)\h*\w+\(\);"),
        (5, r"^\h*#\h*ifndef\h+__cplusplus\h*\r?\n\h*#\h*error\b"),
    ),
    "Objective-C": (
        (9, r"^@(?:interface|protocol|implementation)\h+\w"),
        (6, r"^@(?:end\b|class\h+\w[\w, \t]{0,200};)|^\h*@property\b"),
        (5, r"^\h*(?:#\h*|@)import\h*[<\"\w]"),
        (6, r"^[-+]\h*\(\h*[a-zA-Z][\w \t*<>,]{0,80}\)\h*\w"),
        (2, r"@\"|@selector\(|\[self\h"),
        (2, r"\bNS(?:String|Object|Array|U?Integer|Dictionary|Error|Coder)\b"),
        (5, r"\b(?:NS_ENUM|NS_OPTIONS|NS_ASSUME_NONNULL_BEGIN|FOUNDATION_EXPORT|APPKIT_EXPORT|APPKIT_EXTERN"
            r"|UIKIT_EXTERN)\b"),
    ),
    "D": (
        (3, r"^\h*(?:public\h+|static\h+|private\h+)?import\h+[\w.]+\h*[:;,]"),
        (3, r"^\h*module\h+[\w.]+;"),
        (1, r"^\h*(?:/\+|//|/\*)"),
        (1, r"[;{]\h*\r?$"),
    ),
    "GLSL": (
        (6, r"^\h*#\h*version\h+\d"),
        (4, r"\bvoid\h+main\h*\("),
        (4, r"\b(?:vec[234]|mat[34]|sampler2D\w*|gl_[A-Z]\w+)\b"),
        (3, r"^\h*(?:uniform|varying|precision|attribute|in|out|flat)\h+\w+\h+\w+"),
        (2, r"^\h*#\h*(?:ifdef|ifndef|define|include|extension)\b"),
        (1, r"^\h*(?:float|int|bool|const)\h+\w+"),
    ),
    "OpenCL": (
        (5, r"\b__?(?:kernel|global|local|constant)\b"),
        (5, r"\bkernel\h+void\b"),
        (3, r"^\h*#\h*(?:include|define|ifdef|ifndef|if|pragma)\b"),
        (2, r"^\h*(?://|/\*)"),
        (2, r"\b(?:float|u?int|half|u?char|u?long)[248]\b"),
    ),
    "Verilog": (
        (3, r"^\h*(?:macro)?module\h+[\w\\]"),
        (6, r"^\h*(?:endmodule|endprimitive)\b"),
        (4, r"^\h*`(?:timescale|define|include|ifdef|ifndef|default_nettype|resetall)\b"),
        (4, r"\balways(?:_ff|_comb)?\h*@|\balways_(?:comb|latch)\b"),
        (3, r"\bassign\h+[\w{]"),
        (3, r"^\h*(?:input|output|inout|wire|reg)\b[^.\n]{0,200}[;,)]"),
        (3, r"\d'[sS]?[bhdoBHDO]\h*[0-9a-fA-FxzXZ_?]"),
        (3, r"^\h*(?:initial|primitive|localparam|parameter|endfunction|specify|defparam)\b"),
        (1, r"^\h*(?://|/\*)"),
    ),
    "Coq": (
        (4, r"^\h*(?:(?:Local|Global|Polymorphic|Program)\h+)?(?:Lemma|Theorem|Definition|Fixpoint|Inductive"
            r"|Corollary|Record"
            r"|Axiom|Variables?|Hypothes[ie]s|Instance|Ltac2?|Notation|Section|CoInductive|Goal|Class|Canonical"
            r"|Parameters?"
            r"|Example|Proposition|Remark|Fact|Context|Structure|Infix|Tactic Notation)\h"),
        (4, r"\b(?:Proof|Qed|Defined|Admitted|Abort)\.|^\h*Proof\b"),
        (5, r"^\h*(?:From\h+[\w.]+\h+)?Require(?:\h+(?:Import|Export))?\h"),
        (4, r"^\h*(?:Import|Export|Module|End|Set|Unset|Open\h+Scope|Check|Print|Arguments|Hint|Fail|Declare"
            r"|Eval|Compute"
            r"|Include)\h[^;\n]{1,200}\.\h*\r?$"),
        (1, r"^\h*\(\*"),
        (2, r"\b(?:forall|exists)[ \t(]"),
    ),
    "V": (
        (6, r"^(?:pub\h+)?fn\h+(?:\([^)\n]{1,100}\)\h*)?[\w.]+\h*[\[(<]"),
        (2, r"^module\h+\w+\h*\r?$"),
        (3, r"^import\h+[\w.]+\h*\r?$"),
        (3, r"^\h*(?:mut\h+)?\w+\h*:=\h"),
        (4, r"^(?:pub\h+)?(?:struct|enum|interface|type)\h+[A-Z]\w*\h*[={]"),
        (2, r"\bor\h*\{|\bprintln\("),
    ),
    "Lex": (
        (5, r"^%%\h*\r?$"),
        (4, r"^%\{|^%\}"),
        (4, r"^%(?:option|[xsoe]|top|array|pointer)\b"),
        (1, r"^\h*/\*"),
    ),
    "Unix Assembly": (
        (3, r"^\h*\.(?:text|globl|global|type|size|p2align|cfi_\w+|ent|end|file|ident)\b"),
        (4, r"%[er]?[abcd]x\b|%[er]?(?:si|di|sp|bp)\b|%xmm\d"),
        (4, r"^\h*#\h*(?:include|define|ifdef|ifndef|if|endif)\b"),
        (6, r"^(?:TEXT|GLOBL|DATA)\h+[^\s,]{1,100}"),
        (2, r"^\h*(?://|/\*|#\h|@)"),
        (1, r"^\h*\.(?:align|section|set|data|long|word|byte|quad)\b"),
    ),
    "Assembly": (
        (3, r"^\h*;"),
        (3, r"(?i)^\h*(?:[.\w]+:?\h+)?d[bwdqt]\h+[\w'\"$?-]"),
        (4, r"(?i)^\h*\.(?:proc|endproc|segment|importzp|import|export|include|res|org|code|zeropage|setcpu"
            r"|scope|rodata"
            r"|device|def|equ|macro|endm|endmacro|autoimport|exportzp|constructor|enum|endenum|ifdef|ifndef"
            r"|nolist|list|cseg)\b"),
        (3, r"(?i)^\h*(?:\w+:?\h+)?(?:lda|ldx|ldy|sta|stx|sty|jsr|rts|pha|bne|beq|movwf|movlw|banksel|ldi|rjmp)\b"),
        (2, r"(?i)^\h*(?:\w+:\h+)?(?:mov|push|pop|call|jmp|int|xor|add|sub|cmp|lea)\h+[\w\[]"),
        (3, r"(?i)^\h*[.\w$@]+:?\h+(?:equ|macro|db|dw|dd|dq|rb|rd|rw|resb|resd|proc|segment|struc)\b"),
        (4, r"(?i)^\h*%(?:define|macro|include|ifdef|ifndef|if|endif|endmacro|assign|undef|idefine)\b"),
        (3, r"(?i)^\h*(?:macro|endm|struct|struc|ends|virtual at|end\h+(?:if|virtual)|list|nolist|radix|proc"
            r"|endp|section"
            r"|extern|extrn|bits|org|include\h+['\"]|import\h+\w+,|format|use(?:16|32|64)|__badram|__maxram)\b"),
    ),
    "Pascal": (
        (4, r"\{\$\w"),
        (4, r"(?i)^\h*(?:class\h+)?(?:procedure|function|constructor|destructor|operator)\h+[\w.]+\h*[(;:]"),
        (2, r"(?i)^\h*(?:begin|end[;.]|var|const|type|implementation|interface|resourcestring)\h*\r?$"),
        (4, r"(?i)^\h*(?:unit|program|library)\h+[\w.]+;|^\h*uses\h+[\w., \t]+;?\h*\r?$"),
        (2, r":="),
        (3, r"(?i)^\h*\w+\h*=\h*(?:record|packed|class\h*[;(]|\$[0-9a-f]+;|-?\d+;|'[^'\n]{0,200}';)"),
        (2, r"(?i)^\h*\w+\h*:\h*\^?[a-z]\w*;"),
        (1, r"^\h*\{[^\n$]{0,200}\}?\h*\r?$|^\h*\(\*"),
        (2, r"(?i)\b(?:cdecl|stdcall|external|overload|inline)\h*;"),
    ),
    "Fortran": (
        (5, r"(?i)^(?: {6}|\t)\h*(?:subroutine|program|(?:integer|real|logical|character|double\h+precision|complex)\b"
            r"|function|implicit|common|dimension|call|return|end|parameter|external|block\h+data)\b"),
        (2, r"^[cC*!]"),
    ),
    "OCaml": (
        (3, r"^\h*let\h+(?:rec\h+)?[\w(_]"),
        (3, r"^\h*(?:open|include)\h+[A-Z]"),
        (2, r"->"),
        (3, r"\bmatch\h[^\n]{0,100}\hwith\b|\bfunction\h*\r?$"),
        (2, r";;"),
        (3, r"^\h*module\h+(?:type\h+)?[A-Z]\w*"),
        (2, r"\blet\h[^\n]{0,200}\hin\b"),
    ),
    "Standard ML": (
        (3, r"^\h*fun\h+[\w'(]"),
        (4, r"^\h*(?:structure|signature|functor)\h+\w+"),
        (4, r"^\h*(?:datatype|abstype|infixr?|nonfix)\h"),
        (2, r"\bfn\h*[\w(_]|=>"),
        (4, r"^\h*val\h+(?:[\w']+|\([^)\n]{1,100}\))\h*="),
        (3, r"\bcase\h[^\n]{1,100}\hof\b|^\h*local\h*\r?$"),
    ),
    "F#": (
        (3, r"^\h*(?:namespace|module|open)\h+(?:rec\h+)?[A-Za-z][\w.]*"),
        (3, r"^\h*(?:let|member|type|static member|abstract|override)\h"),
        (2, r"->|\|>"),
        (2, r"^\h*//"),
        (1, r"^\h*\(\*"),
        (2, r"^\h*#(?:nowarn|light|if|r)\b"),
    ),
    "Modula-2": (
        (6, r"^\h*(?:(?:IMPLEMENTATION|DEFINITION)\h+)?MODULE\h+\w+"),
        (3, r"^\h*(?:PROCEDURE|BEGIN|END|FROM|IMPORT|CONST|VAR|TYPE)\b"),
        (1, r"\(\*"),
    ),
    "VBA": (
        (6, r"^Attribute\h+VB_\w+"),
        (8, r"^VERSION\h+\d\.\d+\h+CLASS"),
        (4, r"(?i)^\h*(?:public|private|friend)?\h*(?:sub|function|property\h+(?:get|let|set)|declare|type)\h+\w+"),
        (3, r"(?i)^\h*(?:option\h+(?:explicit|compare|base)|dim\h+\w+|end\h+(?:sub|function|property|if))\b"),
        (2, r"(?i)\bas\h+(?:variant|string|range|object|workbook|worksheet|long|integer|boolean|double)\b"),
        (1, r"^\h*'"),
    ),
    "BASIC": (
        (6, r"(?i)^\h*\d+\h+(?:print|rem|let|goto|gosub|for|if|dim|input|end|data|read|cls|def|on|next"
            r"|[a-z]\w*\$?\h*=)"),
        (2, r"(?i)^\h*(?:rem|cls|gosub|goto|print|input|locate|screen|color|def\h+fn|randomize|wend)\b"),
        (4, r"(?i)^\h*#(?:include|lang|define)\b|^'\$\w+"),
        (4, r"(?i)^\h*(?:declare\h+(?:sub|function)\h+\w+\h*\(|defint\h+a|dim\h+shared)\b"),
        (2, r"^\h*//|\\\\|(?i)^\h*(?:open window|clear screen|label\h+\w+|repeat|until)\b"),
    ),
    "Terra": (
        (6, r"^\h*(?:local\h+)?terra\h+\w+|\bterralib\.\w"),
        (3, r"^\h*local\h+(?:function\h+)?\w+"),
        (2, r"\brequire\h*\(?[\"']"),
        (2, r"^\h*--"),
        (2, r"^\h*end\)?\h*\r?$"),
    ),
}  # fmt: skip
