"""Which tokens declare a name, told by what stands beside them: variables, parameters, loop variables.

The tree would know them all, for more than the price of everything else that is measured; the tokens know most. Known
gaps: of `int a, b` the first name only; destructuring; names behind a type that ends in `>`, but where a value is
assigned; in C, `T *x;` where the type does not begin its line. What is no declaration is rarely taken for one: a
field that is set (`a.b = 1`) is not, Python's `self.b = 1` is.
"""

from __future__ import annotations

import numpy as np

from analyzers.syntax.conventions import (
    ARROW,
    ASSIGN,
    BRACE,
    BRACKET,
    CLOSE,
    COLON,
    COMMA,
    CONVENTIONS,
    DECLARES,
    DOT,
    END_BRACKET,
    FOR,
    GREATER,
    IN,
    N_SLOTS,
    OPEN,
    SELF,
    SEMICOLON,
    STAR,
    TYPE,
    role_table,
)
from analyzers.syntax.report import Definition
from analyzers.syntax.token_stream import IDENTIFIER, KEYWORD, Stream
from analyzers.text.kernel import inlined, kernel

NO_NAME, NAME, LOOP_NAME, LAMBDA_NAME = range(4)
"""What `declared` says of a token: none declared, one, one in the head of a loop, one of a lambda on few lines."""
_MOST_HEAD = 128  # tokens from the beginning of a function to its parameters
_MOST_PARAMETERS = 512  # tokens of a list of them
_MOST_TARGETS = 16  # tokens of a, b, c =
_SHORT_LINES = 3  # of a lambda whose names may be short


@kernel
def _roles(hashes, keys, values, roles):
    mask = np.uint64(N_SLOTS - 1)
    for i in range(len(hashes)):
        slot = hashes[i] & mask
        while keys[slot] != 0 and keys[slot] != hashes[i]:
            slot = (slot + np.uint64(1)) & mask
        roles[i] = values[slot]


@inlined
def _is_typed(kinds, begins, roles, i):
    """Whether the name at i stands behind its type."""
    after, before = roles[i + 1], roles[i - 1]
    if after not in (ASSIGN, SEMICOLON, COMMA, COLON):
        return False
    if before == TYPE or (kinds[i - 1] == IDENTIFIER and before == 0):
        return True
    if before == GREATER:
        return after == ASSIGN
    if before == END_BRACKET:
        return i > 1 and roles[i - 2] == BRACKET
    if before == STAR and i > 1 and (kinds[i - 2] == IDENTIFIER or roles[i - 2] == TYPE):
        return begins[i - 2] or (i > 2 and (kinds[i - 3] == KEYWORD or roles[i - 3] in (OPEN, COMMA, SEMICOLON, BRACE)))
    return False


@kernel
def _variables(kinds, begins, roles, typed, assigning, passes_by_name, marks):
    """Marks the names of variables."""
    depth, loop_depth, in_loop = 0, 0, False
    last = len(kinds) - 1
    for i in range(last):
        role = roles[i]
        if role in (OPEN, BRACKET):
            depth += 1
        elif role in (CLOSE, END_BRACKET):
            depth = max(0, depth - 1)
            in_loop = in_loop and depth > loop_depth
        elif role == FOR:
            in_loop, loop_depth = True, depth
        elif role in (BRACE, IN):
            in_loop = False
        if kinds[i] != IDENTIFIER or role or i == 0:
            continue
        after, before = roles[i + 1], roles[i - 1]
        mark = LOOP_NAME if in_loop else NAME
        if before == DECLARES or (typed and _is_typed(kinds, begins, roles, i)):
            marks[i] = mark
        elif in_loop and after in (IN, COMMA) and not typed:
            marks[i] = LOOP_NAME
        elif passes_by_name and after == COLON and begins[i] and not depth:
            marks[i] = mark  # x: int
        elif assigning and after == ASSIGN and not (passes_by_name and depth):
            if before == DOT:
                if i > 1 and roles[i - 2] == SELF:
                    marks[i] = mark
                continue
            if passes_by_name and not (begins[i] or before in (COMMA, ASSIGN, SEMICOLON)):
                continue  # x: int = 1
            marks[i] = mark
            k = i - 2
            while k >= max(0, i - _MOST_TARGETS) and roles[k + 1] == COMMA and kinds[k] == IDENTIFIER:
                if k > 0 and roles[k - 1] == DOT:
                    break
                marks[k] = mark
                k -= 2
    if assigning and last > 0 and roles[1] == ASSIGN and kinds[0] == IDENTIFIER:
        marks[0] = NAME


@kernel
def _parameters(kinds, hashes, roles, begins_at, names, lambdas, name_last, marks):
    """Marks the names of parameters of functions, given where they begin, hashes of their names, and which are short
    lambdas."""
    n_tokens = len(kinds)
    for place in range(len(begins_at)):
        first = begins_at[place]
        mark = LAMBDA_NAME if lambdas[place] else NAME
        limit = min(first + _MOST_HEAD, n_tokens - 1)
        if first < limit and kinds[first] == IDENTIFIER and roles[first + 1] == ARROW:
            marks[first] = mark
            continue
        at = first
        for k in range(first, limit):
            if hashes[k] == names[place]:
                at = k
                break
        while at < limit and roles[at] != OPEN and roles[at] != BRACE:
            at += 1
        if at >= limit or roles[at] != OPEN:
            continue
        depth = 0
        for k in range(at, min(at + _MOST_PARAMETERS, n_tokens - 1)):
            if roles[k] == OPEN or roles[k] == BRACKET or roles[k] == BRACE:
                depth += 1
            elif roles[k] == CLOSE or roles[k] == END_BRACKET:
                depth -= 1
                if depth <= 0:
                    break
            if depth != 1 or kinds[k] != IDENTIFIER or roles[k] or k == 0:
                continue
            before, after = roles[k - 1], roles[k + 1]
            if name_last:
                is_name = after in (COMMA, CLOSE, ASSIGN, BRACKET) and before not in (OPEN, COMMA, ASSIGN, DOT)
            else:
                is_name = before in (OPEN, COMMA, STAR, DECLARES)
            if is_name:
                marks[k] = mark


def declared(stream: Stream, language: str, definitions: tuple[Definition, ...]) -> np.ndarray:
    """For every token, whether it declares a variable or parameter: NO_NAME, NAME, LOOP_NAME or LAMBDA_NAME.

    `language` is one that CONVENTIONS has; `definitions` are the report's.
    """
    convention = CONVENTIONS[language]
    marks = np.zeros(len(stream.kinds), np.uint8)
    if not len(marks):
        return marks
    roles = np.empty(len(marks), np.uint8)
    _roles(stream.hashes, *role_table(language), roles)
    typed = bool(convention.types)
    assigning = bool(convention.assigns)
    _variables(stream.kinds, stream.begins_line, roles, typed, assigning, convention.passes_by_name, marks)
    places = [place for place, one in enumerate(definitions) if one.kind != "class"]
    if places:
        short = [_is_short_lambda(definitions[place]) for place in places]
        heads = stream.first[places], stream.name_hashes[places], np.array(short, np.bool_)
        _parameters(stream.kinds, stream.hashes, roles, *heads, convention.name_last, marks)
    return marks


def _is_short_lambda(one: Definition) -> bool:
    return one.name is None and one.end_line - one.start_line < _SHORT_LINES
