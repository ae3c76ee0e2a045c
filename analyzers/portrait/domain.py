"""What field a file is from: by the frameworks it uses, else by words of its path, else by its language."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzers.portrait.frameworks import Framework

GENERAL = "general"
_UNTOLD = frozenset({GENERAL, "testing", "tools", "build", "cli", "docs"})
"""Domains of frameworks that help in any field: others go before them."""

_WORDS: tuple[tuple[str, str], ...] = (
    ("ml", "ml|machine.?learning|deep.?learning|neural|tensor|models/(?:bert|gpt|llama)|training|inference|nlp|llm"),
    ("blockchain", "blockchain|ethereum|solidity|contracts?|wallet|defi|bitcoin|crypto.?currency"),
    ("games", "games?|sprites?|gameplay|unity|unreal|shooter|minecraft"),
    ("graphics", "shaders?|opengl|vulkan|render(?:er|ing)?|webgl|meshes|raytrac(?:er|ing)"),
    ("mobile", "android|ios|mobile|swiftui|flutter"),
    ("embedded", "firmware|embedded|arduino|stm32|avr|esp32|microcontroller|rtos|bsp|hal"),
    ("hardware", "rtl|fpga|verilog|vhdl|asic|testbench"),
    ("systems", "kernel|drivers?|syscalls?|scheduler|filesystems?|arch/\\w+|hypervisor|bootloader"),
    ("compilers", "compilers?|parsers?|lexer|codegen|llvm|ast|bytecode|interpreter|disassembler"),
    ("security", "security|crypto|cryptography|auth|oauth|tls|ssl|firewall|exploits?"),
    ("network", "network(?:ing)?|sockets?|tcp|udp|protocols?|rpc|proxy|mqtt|irc|dns"),
    ("database", "databases?|sql|orm|mysql|postgres\\w*|sqlite|mongodb|storage.?engine"),
    ("devops", "docker|kubernetes|k8s|terraform|ansible|helm|ci|deploy(?:ment)?s?|monitoring"),
    ("cloud", "aws|azure|gcp|cloud|lambda|s3"),
    ("media", "audio|video|codecs?|images?|imaging|music|ffmpeg|camera"),
    ("science", "physics|chemistry|biology|genom\\w+|astro\\w*|math(?:s|ematics)?|simulation|geometry|statistics"),
    ("data", "data|analytics|etl|pipelines?|dataframes?|spark|hadoop|warehouse"),
    ("web", "web|www|http|html|frontend|backend|rest|graphql|browser|css|pages|wp-\\w+|views|controllers"),
    ("desktop", "gui|widgets?|desktop|window(?:s|ing)?|qt|gtk"),
    ("business", "invoices?|billing|orders?|payments?|customers?|erp|crm|accounting|shop|cart"),
    ("education", "homework|exercises?|leetcode|tutorials?|course|lessons?|algorithms"),
)  # fmt: skip
_PATTERN = re.compile("|".join(rf"(?P<{name}>(?<![a-z0-9])(?:{words})(?![a-z0-9]))" for name, words in _WORDS))

_OF_LANGUAGE: dict[str, str] = {
    **dict.fromkeys(("HTML", "CSS", "SCSS", "Less", "Vue", "Svelte", "PHP", "TSX", "Astro"), "web"),
    **dict.fromkeys(("SQL", "PLSQL", "PLpgSQL", "TSQL"), "database"),
    **dict.fromkeys(("Dockerfile", "HCL", "Puppet", "Nix"), "devops"),
    **dict.fromkeys(("Verilog", "SystemVerilog", "VHDL"), "hardware"),
    **dict.fromkeys(("GLSL", "HLSL", "Metal", "WGSL"), "graphics"),
    **dict.fromkeys(("MATLAB", "R", "Julia", "Fortran", "Mathematica", "Stan", "Coq", "Lean"), "science"),
    **dict.fromkeys(("Assembly", "Unix Assembly"), "systems"),
    **dict.fromkeys(("Makefile", "CMake", "Meson", "QMake", "M4", "Shell", "PowerShell", "Batchfile"), "tools"),
    **dict.fromkeys(("Swift", "Objective-C", "Dart", "Kotlin"), "mobile"),
    **dict.fromkeys(("Markdown", "reStructuredText", "Text", "TeX", "AsciiDoc", "Texinfo"), "docs"),
    "Cuda": "ml", "Solidity": "blockchain", "GDScript": "games", "Yacc": "compilers", "Lex": "compilers",
    "Jupyter Notebook": "data", "CSV": "data",
}  # fmt: skip

DOMAINS = tuple(sorted({GENERAL, "tools", "robotics", *(name for name, _ in _WORDS), *_OF_LANGUAGE.values()}))


def domain(used: Sequence[Framework], path: str, language: str) -> str:
    """One of DOMAINS, or of the frameworks' domains."""
    for framework in used:
        if framework.domain not in _UNTOLD:
            return framework.domain
    found = [match.lastgroup for match in _PATTERN.finditer(path.lower())]
    if found:
        return found[-1] or GENERAL  # the word nearest to the file
    return _OF_LANGUAGE.get(language, GENERAL)
