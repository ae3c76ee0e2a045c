"""Where completions come from: one Protocol (`protocol.Generator`), and a module for each kind of source.

`written` reads a JSONL file, `endpoint` asks an OpenAI-compatible server, `huggingface` runs a transformers directory,
`own` a checkpoint of the trainer; `opening` tells from a source's name which of them it is, and is the one place where
another kind is added.
"""
