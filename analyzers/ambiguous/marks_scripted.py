"""What gives away the languages that are interpreted, queried or set: marks as in marks_compiled."""

from __future__ import annotations

from analyzers.ambiguous.marks_compiled import Marks

SCRIPTED: dict[str, Marks] = {
    "Perl": (
        (5, r"^\h*use\h+(?:strict|warnings|utf8|lib|vars|constant|base|parent|feature|Carp|Test::More|POSIX|5)\b"),
        (5, r"^\h*package\h+[\w:']+\h*(?:v?[\d.]+)?\h*;"),
        (2, r"^\h*sub\h+\w+\h*[{(\n]"),
        (2, r"\bmy\h*[($@%]"),
        (3, r"\$\w+->[\[{\w]|\$_\[|\$\w+\{"),
        (2, r"=~|\$_\b"),
        (2, r"@_\b|\bshift;|@ARGV|\$0\b"),
        (3, r"^=(?:head\d|pod|cut|over|item|encoding)\b"),
        (4, r"^__(?:END|DATA)__\b"),
        (2, r"\bprint\h+(?:STDERR|STDOUT|\"|\$|')"),
        (1, r"\b(?:elsif|unless|foreach|chomp|qw)\b"),
        (6, r"^#![^\n]{0,100}\bperl\b|^\h*eval\h+'exec[^\n]{0,100}perl"),
        (4, r"^1;\h*\r?$"),
        (2, r"^\h*(?:local\h+)?[$@%]\w+\h*=[^=~]"),
        (1, r"\brequire\h+[\"'\w$]"),
        (2, r"\bBEGIN\h*\{|\bplan\h+tests\b|\bok\("),
    ),
    "Raku": (
        (8, r"^\h*use\h+(?:v6|nqp)\b|^#![^\n]{0,100}(?:perl6|raku|rakudo)\b"),
        (5, r"^\h*(?:(?:unit|my|our)\h+)?(?:module|class|role|grammar|knowhow)\h+[\w:<>().-]+[^\n;]{0,200}[{;]"),
        (5, r"^\h*(?:multi|proto|method|submethod|token|rule|regex)\h+[\w!.^-]+"),
        (6, r"^\h*has\h+(?:[\w:]+\h+)?[$@%][.!]\w"),
        (2, r"\$[?*!.]\w{2}|[$@%]\w+-[a-z]\w+"),
        (4, r"^=begin\h+(?:pod|comment|SYNOPSIS)\b"),
        (3, r"^\h*use\h+Test;|^plan[( \t]*\d+\)?;"),
        (5, r"->\h*[$@%]\w+[^\n]{0,60}\{"),
        (6, r"\b(?:nqp|pir)::\w|#\?rakudo|#\?niecza|\bis-deeply\b|\bdies-ok\b|\blives-ok\b|\bthrows-like\b"
            r"|\beval-lives-ok\b"),
        (4, r"\b(?:my|our)\h+[A-Za-z][\w:]*(?:\[\w+\])?\h+[$@%&]"),
        (3, r"[$@%][a-z][\w-]*\.[a-z][\w-]*(?:[(;]|:\h)|\.\^\w"),
        (2, r":=|~~|<<?[\w ]+>>?,"),
        (2, r"\bsay[ \t(]"),
    ),
    "Prolog": (
        (7, r"^:-\h*(?:module|use_module|dynamic|ensure_loaded|initialization|discontiguous|set_prolog_flag"
            r"|multifile|op"
            r"|consult|include|table|meta_predicate|object)\b"),
        (4, r"^:-\h*\w"),
        (6, r"^[a-z]\w*(?:\([^\n]{0,300}\))?\h*(?::-|-->)"),
        (4, r"^[a-z]\w*\([^\n]{0,300}\)\.\h*(?:%[^\n]{0,200})?\r?$"),
        (2, r"^\h*%"),
        (2, r"\\\+|=\.\.|\\=="),
        (2, r"^\h*/\*"),
    ),
    "Mercury": (
        (9, r"^:-\h*(?:module\h+[\w.]+\.|import_module|pred|func|interface|implementation|type|mode|inst|typeclass)\b"),
        (2, r"^\h*%"),
    ),
    "MATLAB": (
        (5, r"^\h*function\b\h*(?:\[?[\w, \t~]{0,200}\]?\h*=\h*)?[a-zA-Z][\w.]*"),
        (3, r"^\h*%"),
        (5, r"^\h*classdef\b"),
        (2, r"^\h*(?:end|endfunction|endif|endfor|endwhile|end_try_catch|end_unwind_protect)\h*;?\h*\r?$"),
        (3, r"^\h*##"),
        (2, r"^\h*(?:clear|clc|close all|hold on|figure|pkg load|format long)\b"),
        (2, r"\b(?:zeros|ones|disp|numel|strcmp|nargin|isempty|size|length|cellfun|isfield)\b"),
        (1, r"\.\.\.\h*\r?$|\.\*|\.\^"),
        (2, r"^\h*for\h+\w+\h*=|^\h*\[[\w, \t~]{1,200}\]\h*="),
        (1, r"^\h*\w+\h*=\h*[^=\n][^\n]{0,300};\h*\r?$"),
    ),
    "Mathematica": (
        (2, r"\(\*"),
        (6, r"^\h*(?:BeginPackage|Begin|EndPackage|Needs|Get)\["),
        (3, r"\b(?:Module|Block|With|Table|Map|If|Do|Which|Join|Flatten|Options|SetAttributes|Unprotect|Protect"
            r"|Return)\["),
        (2, r":>|:=|/\.|@@|/@"),
        (5, r"\b[A-Z]\w*\[[^\]\n]{0,100}_[^\n]{0,100}\]\h*(?:/;[^\n]{0,200})?:?="),
        (6, r"::usage\h*=|^\(\* ::\w+::"),
    ),
    "R": (
        (4, r"<-"),
        (2, r"\bfunction\h*\("),
        (3, r"^\h*#'"),
        (3, r"\b(?:library|require|source|c|context|test_that)\("),
    ),
    "Rebol": (
        (8, r"(?i)^(?:[^\n]{0,20}\h)?REBOL\h*\["),
        (3, r"^\h*;"),
        (2, r"^\h*[a-z][\w?!-]*:\h+(?:func|does|make|context|\[|\")"),
    ),
    "Forth": (
        (5, r"^\h*:\h+\S{1,60}[ \t(\r\n]"),
        (4, r"^\h*\\\h|^\\\r?$"),
        (2, r"^\h*\(\h"),
        (2, r"(?i)\b(?:constant|variable|create|dup|swap|drop|postpone|immediate|does>)\b"),
        (2, r"\h;\h*(?:immediate\h*)?(?:\\[^\n]{0,100})?\r?$"),
        (2, r"(?i)^\h*(?:include|require|needs|decimal|hex|previous|definitions|also|get-current|set-current"
            r"|\d+\h+constant)\b"),
        (2, r"^\h*(?:s\"|\.\"|t\{|\[if\]|\[ifdef\]|\[undefined\])"),
    ),
    "Puppet": (
        (5, r"^\h*(?:class|define|node|function)\h+['\"\w:.-]+\h*(?:[({]|inherits|\r?$)"),
        (3, r"=>"),
        (2, r"^\h*#"),
        (2, r"\$::?\w|\$\w+\h*="),
        (3, r"^\h*(?:include|contain|require)\h+['\w:]+\h*\r?$"),
        (3, r"^\h*\w+\h*\{\h*['\"$\[]"),
        (3, r"^\h*type\h+[A-Z][\w:]*\h*="),
    ),
    "PHP": (
        (9, r"<\?(?:php|=|[ \t\r\n])"),
        (1, r"\$\w+->\w|\$this\b"),
    ),
    "Python": (
        (3, r"^(?:import\h+[\w., ]+|from\h+[\w.]+\h+import\h[^\n]{1,200})\r?$"),
        (3, r"^\h*(?:def|class)\h+\w+\h*(?:\([^\n]{0,200}\))?(?:\h*->[^\n:]{1,80})?:\h*\r?$"),
        (2, r"^\h*(?:if|for|while|elif|else|try|except|with)\b[^\n]{0,200}:\h*\r?$"),
        (2, r"^if\h+__name__\h*==|\bself\.\w"),
    ),
    "Shell": (
        (6, r"^#(?:compdef|autoload)\b"),
        (2, r"^\h*(?:fi|esac|done)\b\h*(?:[;#&|<>][^\n]{0,100})?\r?$"),
        (2, r"^\h*(?:if|elif|while)\h+(?:!|\[\[?|\(\()\h"),
        (3, r"^\h*(?:function\h+)?[\w-]+\h*\(\)\h*(?:\{|\r?\n\{)"),
        (2, r"\bthen\h*\r?$|;\h*do\h*\r?$"),
        (2, r"^\h*(?:local|export|typeset|readonly|setopt|emulate|autoload|complete|compadd)\h+-?\w"),
        (1, r"^\h*\w+=(?:[\"'$(]|\r?$)"),
        (2, r"\$\{?\w+[^\n]{0,40}\$\(|\"\$@\"|\$\(\w"),
    ),
    "Lua": (
        (4, r"^\h*local\h+(?:function\h+)?\w+"),
        (2, r"^\h*end\)?\h*\r?$"),
        (2, r"^\h*--"),
        (2, r"\brequire\h*\(?[\"']"),
    ),
    "TypeScript": (
        (3, r"^\h*(?:import|export|declare|interface|const|let|var|function|class|type|namespace|abstract)\b"),
        (2, r"^\h*(?://|/\*)"),
    ),
    "XML": (
        (5, r"^[^\w\n]{0,4}<\?xml\h"),
        (7, r"^\h*<!DOCTYPE\h+TS\b|^\h*<TS[ \t>]"),
        (5, r"^\h*<!(?:ENTITY|ELEMENT|ATTLIST|\[)"),
        (3, r"^<!--"),
    ),
    "HTML": ((7, r"(?i)^\h*<!doctype\h+html\b"), (5, r"(?i)^\h*<(?:html|head|body)[ \t>]")),
    "Diff": ((4, r"^(?:diff --git |---\h\S)"), (4, r"^@@\h-\d+(?:,\d+)?\h\+\d+"), (2, r"^\+\+\+\h\S")),
    "Makefile": (
        (6, r"^[\w./$(){} +-]{1,300}\.(?:o|lo|obj|so|d|mod|rlib|rmeta)\h*:(?:[^=]|$)"),
        (3, r"^\h*[\w./+-]+\.(?:h|hpp|c|cc|cpp|rs|d)\h*\\?\r?$"),
        (3, r"^[\w./-]{1,200}\h*:(?:\h[^\n=]{0,400})?\\\r?$"),
        (5, r"^[\w./-]+\.(?:h|hpp|rs|c):\h*\r?$"),
        (2, r"^\.PHONY\h*:|^[A-Z_]+\h*[:+?]?=\h*\$\("),
    ),
    "QMake": (
        (6, r"^\h*(?:TEMPLATE|SOURCES|HEADERS|CONFIG|QT|TARGET|SUBDIRS|INCLUDEPATH|DEFINES|LIBS|RESOURCES|FORMS|DESTDIR"
            r"|TRANSLATIONS|OTHER_FILES|DISTFILES|requires|MODULE|PLUGIN_TYPE)\h*[-+*]?="),
        (3, r"^[ \t}]*(?:include|load|requires|qtHaveModule|win32|unix|contains|equals|qtConfig|mac"
            r"|linux)\h*(?:\([\w$!./{}:-]|\{|:)"),
        (2, r"\$\$"),
        (1, r"^\h*#"),
    ),
    "IDL": (
        (6, r"(?i)^\h*(?:pro|function)\h+[\w:]+\h*(?:,|;|\r?$)"),
        (3, r"^\h*;"),
        (3, r"(?i)^\h*(?:compile_opt|endif|endfor|endelse|endwhile|common|on_error|return|print|plot"
            r"|message)\b\h*(?:,|\w|\r?$)"),
        (4, r"(?i)\b(?:keyword_set|n_elements|n_params|fltarr|strarr|intarr|dblarr|findgen|strtrim)\h*\("),
        (2, r"(?i)\b(?:eq|ne|gt|lt)\b[^\n]{1,80}\bthen\b"),
    ),
    "INI": ((3, r"^\[[\w .-]{1,60}\]\h*\r?$"), (1, r"^\w[\w.-]{0,60}=")),
    "Common Lisp": (
        (6, r"(?i)^\h*\((?:def(?:un|macro|var|parameter|package|class|method|generic|type|constant|struct"
            r"|ine\S*)?|in-package|setq|eval-when|provide"
            r"|export|require|let\*?|lambda|declaim|proclaim|load|cl:\w+|test|format|asdf:\S+)[ \t\r\n]"),
        (3, r"^\h*;"),
        (2, r"^\h*\([a-z]"),
        (2, r"^#\|"),
    ),
    "Roff": ((6, r"^\.(?:TH|SH|SS|PP|TP|IP|nf|fi|BS|AS|Dd|Sh|Nm)\b"), (4, r"^[.']\\\"")),
    "TeX": (
        (6, r"\\(?:ProvidesClass|ProvidesPackage|NeedsTeXFormat|LoadClass|DeclareOption|RequirePackage"
            r"|newcommand|def|input)\b"),
        (2, r"^\h*%"),
    ),
    "Apex": (
        (5, r"(?i)^\h*(?:@\w+[^\n]{0,80}\h)?(?:(?:public|global|private|virtual|abstract|with|without|inherited"
            r"|sharing)\h+)+"
            r"(?:class|interface|enum)\h+\w+"),
        (3, r"(?i)\b(?:SObject|System\.debug|Database\.\w+|@isTest|@AuraEnabled)\b|\[\h*SELECT\h"),
        (2, r"^\h*(?://|/\*)"),
    ),
    "SQL": (
        (3, r"(?i)\bengine\h*=\h*(?:innodb|myisam|memory)\b|\bauto_?increment\b"),
        (3, r"`\w+`"),
        (3, r"(?i)^\h*(?:pragma|delimiter)\h"),
        (2, r"(?i)\bdatabase\(\)|\bif\h+not\h+exists\b|\bon\h+duplicate\b"),
    ),
    "PLpgSQL": (
        (7, r"(?i)\blanguage\h+['\"]?plpgsql\b"),
        (5, r"(?i)^\h*do\h+(?:language\h+plpgsql\h+)?\$\w{0,20}\$"),
        (2, r"(?i)\breturns\h+(?:trigger|setof)\b|\braise\h+(?:notice|exception|warning)\b"),
    ),
    "PLSQL": (
        (4, r"^/\h*\r?$"),
        (4, r"(?i)\b(?:n?varchar2|number)\h*\(\d|\bsysdate\b|\bdbms_\w+|\bfrom\h+dual\b|\bpls_integer\b"),
        (6, r"(?i)\bcreate\h+(?:or\h+replace\h+)?(?:package|type\h+body)\b"),
        (2, r"(?i)%(?:row)?type\b|\bexecute\h+immediate\b"),
        (4, r"(?i):(?:new|old)\.\w|\.nextval\b"),
        (4, r"(?i)^\h*(?:set\h+(?:serveroutput|define|echo)|prompt|spool|whenever\h+sqlerror)\b"),
    ),
    "TSQL": (
        (5, r"(?i)^\h*go\h*\r?$"),
        (5, r"(?i)\[dbo\]|\bdbo\.\w"),
        (3, r"(?i)\b(?:nvarchar\h*\(|identity\h*\(|getdate\(\)|uniqueidentifier|nolock|sp_\w+|sysobjects"
            r"|object_id\h*\()"),
        (4, r"^\h*\[\w+\]\h+\[?\w+|\]\.\[|\bTABLE\h+\[\w"),
        (5, r"(?i)\bdeclare\h+@\w+|\braiserror\b|\bbegin\h+tran\b"),
        (5, r"(?i)\bset\h+(?:ansi_nulls|quoted_identifier|nocount|ansi_padding|xact_abort)\h+o(?:n|ff)\b"),
    ),
}  # fmt: skip
