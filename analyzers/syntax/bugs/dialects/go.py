"""Go. Unused names are errors of its compiler, which says so sooner; code that never saw a compiler has them."""

from __future__ import annotations

from analyzers.syntax.bugs.dialect import Dialect

GO = Dialect(
    functions=("function_declaration", "method_declaration"),
    lambdas=("func_literal",),
    scopes=("source_file",),
    blocks=("statement_list",),
    labels=("labeled_statement",),
    expression_statements=("expression_statement",),
    ifs=("if_statement",),
    fors=("for_statement",),
    switches=("expression_switch_statement", "type_switch_statement"),
    cases=("expression_case", "type_case"),
    error_tests=("if_statement",),
    returns=("return_statement",),
    jumps=("return_statement", "break_statement", "continue_statement", "goto_statement"),
    breaks=("break_statement",),
    imports=("import_spec",),
    identifiers=("identifier",),
    members=("selector_expression",),
    parens=("parenthesized_expression",),
    binaries=("binary_expression",),
    unaries=("unary_expression",),
    assignments=("assignment_statement",),
    updates=("inc_statement", "dec_statement"),
    calls=("call_expression",),
    dictionaries=("literal_value",),
    pairs=("keyed_element",),
    declarations=("short_var_declaration", "var_declaration"),
    declarators=("var_spec",),
    parameters=("parameter_list",),
    parameter=("parameter_declaration", "variadic_parameter_declaration"),
    strings=("interpreted_string_literal", "raw_string_literal"),
    numbers=("int_literal", "float_literal"),
    constants=("true", "false"),
    exits=rb"\b(?:return|break|goto|select|panic)\b|<-",
    error_pattern=rb"\s*(?:\w*[eE]rr\w*)\s*!=\s*nil\s*",
    pure_calls=frozenset(
        (b"len", b"cap", b"fmt.Sprintf", b"fmt.Sprint", b"fmt.Errorf", b"errors.New", b"strings.Replace",
         b"strings.ReplaceAll", b"strings.TrimSpace", b"strings.ToLower", b"strings.ToUpper", b"strings.Split",
         b"strings.Join", b"strconv.Itoa", b"append")
    ),
    printf={b"fmt.Printf": 0, b"fmt.Sprintf": 0, b"fmt.Errorf": 0, b"fmt.Fprintf": 1, b"log.Printf": 0,
            b"log.Fatalf": 0, b"t.Errorf": 0, b"t.Fatalf": 0, b"t.Logf": 0},
    builtins=frozenset((b"nil", b"true", b"false", b"iota", b"append", b"make", b"panic", b"recover", b"string", b"int",
                        b"bool", b"byte", b"error", b"float64")),
)  # fmt: skip
