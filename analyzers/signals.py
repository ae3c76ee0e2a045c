"""Every measure that a rule can name, one row each: the only place where a signal is named, typed or explained.

A signal is null where it does not apply (a rule on it is then not judged); 0 or false means measured and none found.
Shares are fractions in 0..1, a share of nothing is 0, and characters are Unicode code points.
Sources: CodeFuse-13B (ICSE-SEIP 2024), StarCoder and The Stack v2, OpenCoder, DeepSeek-Coder, RedPajama-V2, Gopher.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import pyarrow as pa

Type = Literal["float64", "int32", "bool"]
Group = Literal[
    "chars",
    "lines",
    "encoded",
    "lexical",
    "words",
    "repetition",
    "prose",
    "html",
    "script",
    "origin",
    "syntax",
    "score",
    "dirt",
    "classifier",
]


class Signal(NamedTuple):
    """One measure: its column name, Arrow type, the group it is measured with, what it means, and who uses it."""

    name: str
    type: Type
    group: Group
    meaning: str
    source: str


SIGNALS: tuple[Signal, ...] = (
    Signal("n_chars", "int32", "chars", "characters", "StarCoder, DeepSeek-Coder"),
    Signal("alnum_fraction", "float64", "chars", "alphanumeric / all characters", "CodeFuse"),
    Signal("alpha_fraction", "float64", "chars", "alphabetic / all characters", "StarCoder"),
    Signal("alpha_visible_fraction", "float64", "chars", "alphabetic / non-whitespace characters", "OpenCoder"),
    Signal("digit_visible_fraction", "float64", "chars", "digits / non-whitespace characters", "OpenCoder"),
    Signal("whitespace_fraction", "float64", "chars", "whitespace / all characters", "OpenCoder"),
    Signal("replacement_fraction", "float64", "chars", "U+FFFD / all characters", "OpenCoder"),
    Signal("curly_fraction", "float64", "chars", "{ and } / all characters", "OpenCoder"),
    Signal("n_control", "int32", "chars", "C0 controls other than \\t \\n \\f \\r", "codemill"),
    Signal("mean_line_chars", "float64", "lines", "mean line length, line ends excluded", "CodeFuse, StarCoder"),
    Signal("max_line_chars", "int32", "lines", "longest line, line ends excluded", "StarCoder, DeepSeek-Coder"),
    Signal("n_blank_lines", "int32", "lines", "lines of whitespace only", "codemill"),
    Signal("is_xml", "bool", "lines", "<?xml version= in the first 100 characters, XSLT excepted", "StarCoder"),
    Signal("longest_encoded_chars", "int32", "encoded", "longest base64, hexadecimal or \\u run", "StarCoder2"),
    Signal("encoded_fraction", "float64", "encoded", "characters of all such runs / all, at most 1", "StarCoder2"),
    Signal("hex_word_fraction", "float64", "encoded", "characters in 0x words / all characters", "OpenCoder"),
    Signal("comment_fraction", "float64", "lexical", "characters in comments and docstrings / all", "StarCoder"),
    Signal("string_fraction", "float64", "lexical", "characters in strings / outside comments", "OpenCoder"),
    Signal("code_lines", "int32", "lexical", "lines with anything but whitespace and comments", "CodeFuse"),
    Signal("comment_lines", "int32", "lexical", "lines with comment and no code", "CodeFuse"),
    Signal("todo_line_fraction", "float64", "lexical", "lines whose comment says todo, fixme / all", "OpenCoder"),
    Signal("assert_line_fraction", "float64", "lexical", "lines with assert / code lines", "OpenCoder"),
    Signal("print_line_fraction", "float64", "lexical", "lines that print / code lines", "OpenCoder"),
    Signal("import_line_fraction", "float64", "lexical", "lines that import / code lines", "OpenCoder"),
    Signal("pass_line_fraction", "float64", "lexical", "lines with pass / code lines; Python", "OpenCoder"),
    Signal("preprocessor_line_fraction", "float64", "lexical", "lines that start with # / code; C, C++", "OpenCoder"),
    Signal("goto_line_fraction", "float64", "lexical", "lines with goto / code lines; C, C++", "OpenCoder"),
    Signal("n_main", "int32", "lexical", "definitions or declarations of main; C, C++", "OpenCoder"),
    Signal("long_string_line_fraction", "float64", "lexical", "over 20 words of strings / code lines", "OpenCoder"),
    Signal("long_string_word_fraction", "float64", "lexical", "in string words over 20 chars / code", "OpenCoder"),
    Signal("string_concat_line_fraction", "float64", "lexical", "lines joining literals / code lines", "OpenCoder"),
    Signal("n_words", "int32", "words", "words, normalised as in RedPajama-V2", "RedPajama-V2, OpenCoder"),
    Signal("mean_word_chars", "float64", "words", "mean length of a word", "RedPajama-V2, OpenCoder"),
    Signal("unique_word_fraction", "float64", "words", "different words / words", "RedPajama-V2, OpenCoder"),
    Signal("word_entropy", "float64", "words", "entropy of the words' distribution, nats", "RedPajama-V2"),
    Signal("all_caps_word_fraction", "float64", "words", "words in capitals / words as written", "RedPajama-V2"),
    Signal("stop_word_fraction", "float64", "words", "English stop words / words", "Gopher, RedPajama-V2"),
    Signal("fullwidth_bracket_fraction", "float64", "words", "words with 【 or 】 / words as written", "OpenCoder"),
    Signal("top_2gram_fraction", "float64", "repetition", "characters of the commonest pair of words", "Gopher"),
    Signal("top_3gram_fraction", "float64", "repetition", "characters of the commonest 3 words", "Gopher"),
    Signal("top_4gram_fraction", "float64", "repetition", "characters of the commonest 4 words", "Gopher"),
    Signal("dupe_5gram_fraction", "float64", "repetition", "characters in repeated 5-grams", "Gopher"),
    Signal("dupe_6gram_fraction", "float64", "repetition", "characters in repeated 6-grams", "Gopher"),
    Signal("dupe_7gram_fraction", "float64", "repetition", "characters in repeated 7-grams", "Gopher"),
    Signal("dupe_8gram_fraction", "float64", "repetition", "characters in repeated 8-grams", "Gopher"),
    Signal("dupe_9gram_fraction", "float64", "repetition", "characters in repeated 9-grams", "Gopher"),
    Signal("dupe_10gram_fraction", "float64", "repetition", "characters in repeated 10-grams", "Gopher"),
    Signal("dupe_line_fraction", "float64", "repetition", "lines that occur again / non-blank lines", "OpenCoder"),
    Signal("dupe_line_char_fraction", "float64", "repetition", "the same, in characters", "Gopher"),
    Signal("n_sentences", "int32", "prose", "sentences", "RedPajama-V2, OpenCoder"),
    Signal("mean_sentence_chars", "float64", "prose", "mean length of a sentence", "OpenCoder"),
    Signal("ellipsis_line_fraction", "float64", "prose", "lines ending in an ellipsis / non-blank lines", "Gopher"),
    Signal("bullet_line_fraction", "float64", "prose", "lines starting with a bullet / non-blank lines", "Gopher"),
    Signal("link_tag_fraction", "float64", "prose", "characters in (http...) links and <tags> / all", "OpenCoder"),
    Signal("html_visible_chars", "int32", "html", "characters of visible text; HTML", "StarCoder, DeepSeek-Coder"),
    Signal("html_visible_fraction", "float64", "html", "visible text / all; HTML", "StarCoder, DeepSeek-Coder"),
    Signal("han_fraction", "float64", "script", "Han characters / letters; prose", "codemill"),
)  # fmt: skip
"""What analyzers.text measures."""

ORIGIN_SIGNALS: tuple[Signal, ...] = (
    Signal("is_vendored", "bool", "origin", "copied from another project, by its path", "Linguist"),
    Signal("is_generated", "bool", "origin", "written by a program, by name, head or tail", "StarCoder2, Linguist"),
    Signal("is_lock_file", "bool", "origin", "versions that a package manager pinned", "Linguist"),
    Signal("is_minified_name", "bool", "origin", "minified, by its name alone", "Linguist"),
    Signal("is_test_file", "bool", "origin", "a test, by its path", "OpenCoder"),
    Signal("is_code_related_name", "bool", "origin", "a text's name that says it is about code", "OpenCoder"),
)
"""What analyzers.origin tells by path and first lines."""

SYNTAX_SIGNALS: tuple[Signal, ...] = (
    Signal("error_bytes_fraction", "float64", "syntax", "bytes under outermost syntax errors / all bytes", "CodeFuse"),
    Signal("n_error_nodes", "int32", "syntax", "syntax errors", "CodeFuse"),
    Signal("n_missing_nodes", "int32", "syntax", "tokens that the parser had to put in", "CodeFuse"),
    Signal("syntax_error_rate", "float64", "syntax", "syntax errors and such tokens / 1,000 tokens", "codemill"),
    Signal("n_functions", "int32", "syntax", "functions and methods", "CodeFuse"),
    Signal("n_classes", "int32", "syntax", "classes, interfaces and the like", "CodeFuse"),
    Signal("max_function_lines", "int32", "syntax", "lines of the longest function", "CodeFuse"),
    Signal("mean_function_lines", "float64", "syntax", "mean lines of a function", "CodeFuse"),
    Signal("max_class_lines", "int32", "syntax", "lines of the longest class", "CodeFuse"),
    Signal("max_cyclomatic", "int32", "syntax", "highest cyclomatic complexity of a function", "CodeFuse"),
    Signal("mean_cyclomatic", "float64", "syntax", "mean cyclomatic complexity of a function", "CodeFuse"),
    Signal("max_cognitive", "int32", "syntax", "highest cognitive complexity of a function", "SonarSource"),
    Signal("max_nesting", "int32", "syntax", "deepest nesting of control structures, or of data", "codemill"),
    Signal("max_parameters", "int32", "syntax", "most parameters of a function", "CodeFuse"),
    Signal("documented_function_fraction", "float64", "syntax", "with a comment or docstring / all", "codemill"),
    Signal("comment_bytes_fraction", "float64", "syntax", "bytes of comments and docstrings / all bytes", "StarCoder"),
    Signal("n_imports", "int32", "syntax", "imports", "CodeFuse"),
    Signal("mean_identifier_chars", "float64", "syntax", "mean length of different identifiers", "CodeFuse"),
    Signal("short_identifier_fraction", "float64", "syntax", "of one character / different ones", "CodeFuse"),
    Signal("long_identifier_fraction", "float64", "syntax", "over 40 characters / different ones", "CodeFuse"),
    Signal("n_fatal_bugs", "int32", "syntax", "bugs: it fails or never ends whenever it runs; tier A", "CodeFuse"),
    Signal("n_error_bugs", "int32", "syntax", "bugs: it does something else than it says; tier A", "CodeFuse"),
    Signal("n_warning_bugs", "int32", "syntax", "bugs: it does nothing, or hides what goes wrong; tier A", "CodeFuse"),
    Signal("serious_bug_rate", "float64", "syntax", "fatal bugs and errors / 1,000 tokens; tier A", "codemill"),
    Signal("warning_bug_rate", "float64", "syntax", "warnings / 1,000 tokens; tier A", "codemill"),
    Signal("halstead_volume", "float64", "syntax", "tokens times log2 of different tokens", "Halstead 1977"),
    Signal("ends_in_line", "bool", "syntax", "something stands behind the last line end", "codemill"),
    Signal("n_unbalanced_brackets", "int32", "syntax", "brackets without their counterpart", "codemill"),
    Signal("naming_break_fraction", "float64", "syntax", "names against the language's convention / names", "codemill"),
    Signal("non_word_fraction", "float64", "syntax", "names that are no words / names of 3 letters", "codemill"),
    Signal("single_letter_fraction", "float64", "syntax", "single letters outside loops / names", "CodeFuse"),
    Signal("n_duplicate_functions", "int32", "syntax", "functions with the structure of one before", "Roy and Cordy"),
    Signal("duplicate_function_line_fraction", "float64", "syntax", "their lines / lines of functions", "codemill"),
    Signal("n_duplicate_classes", "int32", "syntax", "classes with the structure of one before", "CodeFuse"),
    Signal("duplicate_class_line_fraction", "float64", "syntax", "their lines / lines of classes", "CodeFuse"),
    Signal("code_comment_fraction", "float64", "syntax", "lines of commented-out code / all lines", "codemill"),
    Signal("n_modules", "int32", "syntax", "different modules imported", "CodeFuse"),
    Signal("n_top_modules", "int32", "syntax", "different first parts of them", "CodeFuse"),
    Signal("n_wildcard_imports", "int32", "syntax", "imports of all names of a module", "codemill"),
    Signal("external_call_fraction", "float64", "syntax", "calls of what the file does not define / calls", "codemill"),
    Signal("fan_out", "int32", "syntax", "different names called that the file does not define", "CodeFuse"),
    Signal("n_types", "int32", "syntax", "different types named", "Chidamber and Kemerer"),
    Signal("max_class_types", "int32", "syntax", "most different types named by a class", "Chidamber and Kemerer"),
    Signal("max_function_types", "int32", "syntax", "most different types named by a function", "codemill"),
    Signal("mean_maintainability", "float64", "syntax", "mean maintainability index, 0..100", "Coleman et al. 1994"),
    Signal("min_maintainability", "float64", "syntax", "lowest maintainability index of a function", "codemill"),
)  # fmt: skip
"""What analyzers.syntax measures on the syntax tree; null where a file has none, or no function to take a mean of, and
where a recipe did not ask for it: bugs and their rates are its `bugs`, all from ends_in_line on are its
`measures`."""

SCORE_SIGNALS: tuple[Signal, ...] = (
    Signal("correctness_score", "float64", "score", "0..100: syntax errors, bugs", "CodeFuse"),
    Signal("readability_score", "float64", "score", "0..100: lengths, parameters, nesting, documentation", "CodeFuse"),
    Signal("redundancy_score", "float64", "score", "0..100: copies of functions and classes, dead code", "CodeFuse"),
    Signal("naming_score", "float64", "score", "0..100: conventions, words, lengths of names", "CodeFuse"),
    Signal("complexity_score", "float64", "score", "0..100: cyclomatic and cognitive complexity, volume", "CodeFuse"),
    Signal("coupling_score", "float64", "score", "0..100: modules, calls and types leaned on", "CodeFuse"),
)
"""The six dimensions of quality_score, their product / 100 ** 5; null where a file has no syntax tree."""

DIRT_SIGNALS: tuple[Signal, ...] = (
    Signal("n_bidi_controls", "int32", "dirt", "bidirectional embeddings, overrides and isolates", "Trojan Source"),
    Signal("n_unpaired_bidi", "int32", "dirt", "of them, still open at the end of their line", "Trojan Source, GCC"),
    Signal("n_invisible", "int32", "dirt", "invisible characters; joiners where they join nothing", "codemill"),
    Signal("n_hidden", "int32", "dirt", "tag characters and variation selectors that vary nothing", "codemill"),
    Signal("n_private_use", "int32", "dirt", "private-use characters", "codemill"),
    Signal("n_confusable_words", "int32", "dirt", "Latin words with look-alike letters of other scripts", "UTS 39"),
    Signal("lexicon_rate", "float64", "dirt", "words of the lexicons / 1,000 words", "codemill"),
    Signal("is_test_virus", "bool", "dirt", "holds the EICAR test string", "EICAR"),
    Signal("is_listed", "bool", "dirt", "its hash stands in the user's list; null without a list", "codemill"),
)  # fmt: skip
"""What analyzers.dirt measures."""

CLASSIFIER_SIGNALS: tuple[Signal, ...] = (
    Signal("classifier_score", "float64", "classifier", "0..1: likeness to the good files a model learnt", "fastText"),
)
"""What a trained classifier says; null without one, and for languages that it does not know."""

ALL_SIGNALS: tuple[Signal, ...] = (
    SIGNALS + ORIGIN_SIGNALS + SYNTAX_SIGNALS + SCORE_SIGNALS + DIRT_SIGNALS + CLASSIFIER_SIGNALS
)

GROUPS: frozenset[str] = frozenset(signal.group for signal in SIGNALS)


def names_of(group: str) -> tuple[str, ...]:
    """The signals of one group, in the order of the table."""
    return tuple(signal.name for signal in SIGNALS if signal.group == group)


def arrow_types(signals: Sequence[Signal]) -> dict[str, pa.DataType]:
    """The columns' types by name, in the order of the table."""
    return {signal.name: pa.type_for_alias(signal.type) for signal in signals}


def arrow_struct() -> pa.StructType:
    """The type of the `signals` column: one nullable field a signal, in the order of the table."""
    return pa.struct(list(arrow_types(ALL_SIGNALS).items()))
