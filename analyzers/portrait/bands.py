"""Bands: a number becomes one of a few words, so that files can be counted and crossed by it.

Edges are lower bounds: a value belongs to the band of the last edge that it reaches, the first band lying below them
all. Those of complexity are McCabe's 10, 20, 50 (NIST 500-235); of the quality score and the maintainability index the
points that their own documentation uses; of lines, lengths and sizes round numbers near the quartiles of public code;
of comments the limits that StarCoder filters by (.01 and .8).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa


class Band(NamedTuple):
    """A dimension that is told by one number: its name, the column, the edges, and a word more than there are edges."""

    dimension: str
    column: str
    edges: tuple[float, ...]
    words: tuple[str, ...]
    meaning: str


_FEW = ("none", "few", "some", "many")
_DEPTH = ("flat", "low", "medium", "high", "extreme")
BANDS: tuple[Band, ...] = (
    Band("size", "size_bytes", (1_000, 10_000, 100_000, 1_000_000), ("<1k", "1k-10k", "10k-100k", "100k-1M", ">=1M"),
         "bytes"),
    Band("lines", "n_lines", (11, 101, 501, 2_001), ("<=10", "11-100", "101-500", "501-2000", ">2000"), "lines"),
    Band("line_length", "mean_line_chars", (20, 40, 60, 100), ("<20", "20-40", "40-60", "60-100", ">=100"),
         "mean characters of a line"),
    Band("longest_line", "max_line_chars", (81, 121, 1_001), ("<=80", "81-120", "121-1000", ">1000"),
         "characters of the longest line"),
    Band("alphanumeric", "alnum_fraction", (0.4, 0.6, 0.75), ("<.4", ".4-.6", ".6-.75", ">=.75"),
         "share of alphanumeric characters"),
    Band("encoded_data", "encoded_fraction", (0.001, 0.1, 0.5), ("none", "<.1", ".1-.5", ">=.5"),
         "share of base64, hexadecimal and escapes"),
    Band("comment_density", "comment_fraction", (1e-9, 0.01, 0.1, 0.3, 0.8), ("none", "<.01", ".01-.1", ".1-.3",
         ".3-.8", ">=.8"), "share of characters in comments"),
    Band("strings", "string_fraction", (0.05, 0.2, 0.6), ("<.05", ".05-.2", ".2-.6", ">=.6"),
         "share of characters in strings"),
    Band("todo", "todo_line_fraction", (1e-9, 0.01), ("none", "<.01", ">=.01"), "share of lines that say todo"),
    Band("printing", "print_line_fraction", (1e-9, 0.05, 0.4), ("none", "<.05", ".05-.4", ">=.4"),
         "share of code lines that print"),
    Band("repetition", "dupe_line_char_fraction", (0.1, 0.3, 0.5), ("<.1", ".1-.3", ".3-.5", ">=.5"),
         "share of characters in lines that occur again"),
    Band("syntax_errors", "error_bytes_fraction", (1e-12, 0.05, 0.2), ("none", "<.05", ".05-.2", ">=.2"),
         "share of bytes under syntax errors"),
    Band("functions", "n_functions", (1, 6, 21), _FEW, "functions: 0, 1-5, 6-20, more"),
    Band("classes", "n_classes", (1, 2, 6), _FEW, "classes: 0, 1, 2-5, more"),
    Band("function_length", "mean_function_lines", (6, 16, 41), ("<=5", "6-15", "16-40", ">40"),
         "mean lines of a function"),
    Band("longest_function", "max_function_lines", (21, 61, 201), ("<=20", "21-60", "61-200", ">200"),
         "lines of the longest function"),
    Band("complexity", "max_cyclomatic", (2, 11, 21, 51), _DEPTH, "highest cyclomatic complexity: 1, -10, -20, -50"),
    Band("cognitive", "max_cognitive", (1, 16, 26, 61), _DEPTH, "highest cognitive complexity: 0, -15, -25, -60"),
    Band("nesting", "max_nesting", (1, 4, 6, 9), _DEPTH, "deepest nesting: 0, -3, -5, -8"),
    Band("parameters", "max_parameters", (1, 4, 8), _FEW, "most parameters of a function: 0, 1-3, 4-7, more"),
    Band("documentation", "documented_function_fraction", (1e-9, 0.5, 0.9), ("none", "<.5", ".5-.9", ">=.9"),
         "share of functions with a comment"),
    Band("imports", "n_imports", (1, 6, 21), _FEW, "imports: 0, 1-5, 6-20, more"),
    Band("identifier_length", "mean_identifier_chars", (4, 8, 12), ("<4", "4-8", "8-12", ">=12"),
         "mean characters of different identifiers"),
    Band("naming", "naming_break_fraction", (1e-9, 0.1, 0.3), ("clean", "<.1", ".1-.3", ">=.3"),
         "share of names against the convention"),
    Band("coupling", "fan_out", (1, 11, 31), _FEW, "different names called from elsewhere: 0, 1-10, 11-30, more"),
    Band("maintainability", "mean_maintainability", (20, 50, 80), ("low", "fair", "good", "high"),
         "mean maintainability index: below 20, 50, 80"),
    Band("duplicate_code", "duplicate_function_line_fraction", (1e-9, 0.1, 0.5), ("none", "<.1", ".1-.5", ">=.5"),
         "share of function lines in copies of a function before"),
    Band("dead_code", "code_comment_fraction", (1e-9, 0.05), ("none", "<.05", ">=.05"),
         "share of lines that are commented-out code"),
    Band("fatal_bugs", "n_fatal_bugs", (1,), ("none", "some"), "bugs with which it fails whenever it runs"),
    Band("error_bugs", "n_error_bugs", (1,), ("none", "some"), "bugs with which it does what it does not say"),
    Band("warning_bugs", "n_warning_bugs", (1, 4), ("none", "few", "many"), "bugs that hide what goes wrong"),
    Band("quality", "quality_score", (30, 50, 70, 85), ("poor", "weak", "fair", "good", "high"),
         "quality score: below 30, 50, 70, 85"),
    Band("stars", "stars", (1, 11, 101, 1_001), ("0", "1-10", "11-100", "101-1000", ">1000"),
         "stars of the repository, in StarCoder's buckets"),
)  # fmt: skip

FLAGS: dict[str, tuple[str, str]] = {
    "test": ("is_test_file", "a test, by its path"),
    "vendored": ("is_vendored", "copied from another project, by its path"),
    "generated": ("is_generated", "written by a program"),
    "ends_in_line": ("ends_in_line", "no line end at its end"),
}
"""Dimensions that are yes or no: the column, and what yes means."""


def bands(batch: pa.RecordBatch) -> dict[str, list[str | None]]:
    """The word of every dimension whose column is there, for each row; None where it was not measured."""
    there = set(batch.schema.names)
    found: dict[str, list[str | None]] = {}
    for band in BANDS:
        if band.column in there:
            values = batch.column(band.column).cast(pa.float64()).to_numpy(zero_copy_only=False)
            words = np.array([*band.words, None], dtype=object)
            places = np.searchsorted(band.edges, values, side="right")
            places[np.isnan(values)] = len(band.words)
            found[band.dimension] = words[places].tolist()
    for dimension, (column, _) in FLAGS.items():
        if column in there:
            told = batch.column(column).to_pylist()
            found[dimension] = [None if one is None else "yes" if one else "no" for one in told]
    return found
