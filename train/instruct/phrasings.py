"""What is asked, in several phrasings of each task, in English and in Chinese.

Names in braces are filled in: `language`, `kind` (function, struct ...), `name`, `signature`, `code` and `start` in
fences, `told` for what a comment says, and `target`, the language to translate to. `completion` has two tasks under
one name: with `_rest` behind it the answer is what is missing, without it the whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

ENGLISH: Mapping[str, tuple[str, ...]] = {
    "generation": (
        "Write a {language} {kind} with this signature:\n\n{signature}\n\n{told}",
        "{told}\n\nImplement this in {language}. The signature is:\n\n{signature}",
        "I need a {language} {kind} `{name}`:\n\n{signature}\n\nIts documentation reads:\n\n{told}",
        "Please implement this {language} {kind}.\n\n{signature}\n\nWhat it is for:\n\n{told}",
    ),
    "comment": (
        "Add a documentation comment to this {language} {kind}.\n\n{code}",
        "This {language} {kind} has no documentation. Write it, and leave the code as it is.\n\n{code}",
        "{code}\n\nPlease document the {kind} `{name}` above.",
    ),
    "explanation": (
        "What does this {language} {kind} do?\n\n{code}",
        "Explain this {language} code.\n\n{code}",
        "{code}\n\nDescribe in words what `{name}` is for.",
        "I am reading some {language}. What is the purpose of the {kind} `{name}`?\n\n{code}",
    ),
    "completion": (
        "Complete this {language} {kind}, and give it as a whole.\n\n{start}",
        "{start}\n\nThe {language} {kind} `{name}` above is not finished. Write all of it.",
        "Here is how a {kind} in {language} begins. Please finish it, and show the complete code.\n\n{start}",
    ),
    "completion_rest": (
        "Continue this {language} code to the end of the {kind}. Give only what is missing.\n\n{start}",
        "{start}\n\nWhat comes next, up to the end of `{name}`? Do not repeat what is there.",
        "Write the rest of this {language} {kind}, without the lines that I have already.\n\n{start}",
    ),
    "translation": (
        "Translate this {language} {kind} to {target}.\n\n{code}",
        "Rewrite this {language} code in {target}.\n\n{code}",
        "{code}\n\nHow would `{name}` look in {target}?",
        "I am porting a project from {language} to {target}. Please port this {kind}.\n\n{code}",
    ),
    "test": (
        "Write a test for this {language} {kind}.\n\n{code}",
        "{code}\n\nPlease write test cases for `{name}`.",
        "I want to be sure that this {kind} works. Give me a {language} test of it.\n\n{code}",
    ),
}
CHINESE: Mapping[str, tuple[str, ...]] = {
    "generation": (
        "请用{language}编写一个{kind}，签名如下：\n\n{signature}\n\n功能要求：\n\n{told}",
        "{told}\n\n请用{language}实现上述功能，签名为：\n\n{signature}",
        "请实现下面的{language}{kind}。\n\n{signature}\n\n要求：\n\n{told}",
    ),
    "comment": (
        "请为下面的{language}{kind}添加注释。\n\n{code}",
        "下面的{language}{kind}缺少文档，请写出文档注释，不要修改代码。\n\n{code}",
        "{code}\n\n请给上面的{kind}`{name}`写注释。",
    ),
    "explanation": (
        "下面的{language}{kind}有什么作用？\n\n{code}",
        "请解释这段{language}代码。\n\n{code}",
        "{code}\n\n请用文字说明`{name}`的功能。",
    ),
    "completion": (
        "请补全下面的{language}{kind}，并给出完整代码。\n\n{start}",
        "{start}\n\n上面的{kind}`{name}`还没有写完，请写出完整的{language}代码。",
    ),
    "completion_rest": (
        "请续写下面的{language}代码，直到{kind}结束，只给出缺少的部分。\n\n{start}",
        "{start}\n\n`{name}`接下来应该怎么写？请不要重复已有的代码。",
    ),
    "translation": (
        "请把下面的{language}{kind}翻译成{target}。\n\n{code}",
        "请用{target}改写这段{language}代码。\n\n{code}",
        "{code}\n\n`{name}`用{target}应该怎么写？",
    ),
    "test": (
        "请为下面的{language}{kind}编写测试。\n\n{code}",
        "{code}\n\n请给`{name}`写测试用例。",
    ),
}
_KINDS = {
    "function": "函数", "method": "方法", "class": "类", "struct": "结构体", "interface": "接口", "enum": "枚举",
    "trait": "trait", "union": "联合体", "module": "模块", "protocol": "协议", "record": "记录类", "object": "对象",
    "type": "类型",
}  # fmt: skip
_CLASS_KIND = re.compile(r"(?<!@)\b(class|struct|interface|enum|trait|union|module|protocol|record|object|type)\b")


def kind_of(kind: str, signature: str, code: str) -> str:
    """What somebody who writes the language calls it: of what pairs call a class what its signature says first.

    Go's `type Image` says it behind its signature, before the first brace.
    """
    if kind != "class":
        return kind
    found = [match[1] for match in _CLASS_KIND.finditer(signature)]
    if found == ["type"]:
        found += [match[1] for match in _CLASS_KIND.finditer(code.partition("{")[0])]
    telling = [one for one in found if one not in ("class", "type")]
    if "class" in found and "enum" not in found:
        return "class"
    return telling[0] if telling else found[0] if found else kind


def asked(task: str, number: float, *, in_chinese: bool, kind: str, **words: str) -> str:
    """A phrasing of a task, the one that `number` in [0, 1) names, filled in."""
    phrasings = (CHINESE if in_chinese else ENGLISH)[task]
    return phrasings[int(number * len(phrasings))].format(kind=_KINDS[kind] if in_chinese else kind, **words)
