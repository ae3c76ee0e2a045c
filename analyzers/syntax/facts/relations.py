"""The relations that facts are kept in, as Arrow schemas: one owner of their names, columns and order.

Every relation has `file_id`, so that the facts of a file are found, dropped and bucketed with it. Ids are xxh3-128 of
file_id, kind and place (32 hexadecimal characters). Offsets are bytes, half-open; lines count from 1.
"""

from __future__ import annotations

import pyarrow as pa

_TEXT, _COUNT, _PLACE = pa.string(), pa.int32(), pa.int64()

RELATIONS: dict[str, pa.Schema] = {
    # code_lines hold something beside comments, comment_lines comments alone; the others are blank.
    "file": pa.schema(
        [("file_id", _TEXT), ("repo", _TEXT), ("path", _TEXT), ("language", _TEXT), ("lines", _COUNT),
         ("code_lines", _COUNT), ("comment_lines", _COUNT), ("md5", _TEXT)]
    ),
    # parent: the class or function around it, or the class that its receiver or its `impl` names; null for none here.
    "function": pa.schema(
        [("id", _TEXT), ("file_id", _TEXT), ("parent", _TEXT), ("name", _TEXT), ("start", _PLACE), ("end", _PLACE),
         ("complexity", _COUNT), ("n_params", _COUNT), ("nesting", _COUNT), ("lines", _COUNT), ("line", _COUNT)]
    ),
    "class": pa.schema(
        [("id", _TEXT), ("file_id", _TEXT), ("parent", _TEXT), ("name", _TEXT), ("start", _PLACE), ("end", _PLACE),
         ("lines", _COUNT), ("line", _COUNT)]
    ),
    "parameter": pa.schema(
        [("function", _TEXT), ("index", _COUNT), ("name", _TEXT), ("type", _TEXT), ("file_id", _TEXT)]
    ),
    # function: where the call stands, null outside of functions. callee: the id of a function or class of the same
    # file, else the qualified name of what was imported, else null.
    "call": pa.schema(
        [("function", _TEXT), ("callee_name", _TEXT), ("callee", _TEXT), ("n_args", _COUNT), ("line", _COUNT),
         ("file_id", _TEXT)]
    ),
    "import": pa.schema(
        [("file_id", _TEXT), ("module", _TEXT), ("name", _TEXT), ("alias", _TEXT), ("line", _COUNT)]
    ),
    # base: as `callee` of a call.
    "inherits": pa.schema([("class", _TEXT), ("base_name", _TEXT), ("base", _TEXT), ("file_id", _TEXT)]),
    # kind: header, doc, docstring, trailing, plain. text_hash: of the comment as it stands, without blanks around it.
    "comment": pa.schema(
        [("id", _TEXT), ("file_id", _TEXT), ("kind", _TEXT), ("start", _PLACE), ("end", _PLACE), ("text_hash", _TEXT)]
    ),
    # target: a function, a class, or the file itself.
    "doc_of": pa.schema([("comment", _TEXT), ("target", _TEXT), ("file_id", _TEXT)]),
    # The innermost function, class or file around each function, class and comment.
    "encloses": pa.schema([("outer", _TEXT), ("inner", _TEXT), ("file_id", _TEXT)]),
    # kind: name, type, member.
    "identifier": pa.schema([("file_id", _TEXT), ("name", _TEXT), ("kind", _TEXT), ("count", _COUNT)]),
    # kind: if, elif, comprehension, ternary, loop, case, catch, boolean, which complexity counts; switch, default.
    "branch": pa.schema([("function", _TEXT), ("kind", _TEXT), ("line", _COUNT), ("file_id", _TEXT)]),
    "parse_error": pa.schema([("file_id", _TEXT), ("start", _PLACE), ("end", _PLACE)]),
    # from, to: first bytes of statements; the function's own is its entry, its end is its exit.
    # kind: next, true, false, loop, exception, return.
    "cfg": pa.schema(
        [("function", _TEXT), ("from", _PLACE), ("to", _PLACE), ("kind", _TEXT), ("line", _COUNT), ("file_id", _TEXT)]
    ),
    "def_use": pa.schema(
        [("function", _TEXT), ("name", _TEXT), ("def_line", _COUNT), ("use_line", _COUNT), ("file_id", _TEXT)]
    ),
}  # fmt: skip
"""Columns of every relation. Rows are tuples in this order."""
