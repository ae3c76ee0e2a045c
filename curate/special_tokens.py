"""The special tokens of training text: one table for renderers, tokenizer and the neutraliser.

It lives here because both sides need it and neither may import the other: `curate` breaks these strings where content
spells them, `train` (through curate.shards) gives them meaning. Names: `<|endoftext|>`, fill-in-the-middle, repository,
stars, issue, Jupyter and commit tokens as StarCoder and StarCoder2 have them, ChatML's two as CodeFuse has them.
StarCoder's `<reponame>` and `<filename>` are left to their successors `<repo_name>` and `<file_sep>`: DocBook has an
element `<filename>`.
"""

from __future__ import annotations

SPECIAL_TOKENS: tuple[str, ...] = (
    "<|endoftext|>",
    "<fim_prefix>",
    "<fim_middle>",
    "<fim_suffix>",
    "<fim_pad>",
    "<repo_name>",
    "<file_sep>",
    "<gh_stars>",
    "<issue_start>",
    "<issue_comment>",
    "<issue_closed>",
    "<jupyter_start>",
    "<jupyter_text>",
    "<jupyter_code>",
    "<jupyter_output>",
    "<commit_before>",
    "<commit_msg>",
    "<commit_after>",
    "<|im_start|>",
    "<|im_end|>",
)
"""In the order of their ids. New ones go to the end: an id, once given, is for ever."""

RESERVED_IDS = 64
"""Ids at the beginning of a vocabulary that are kept for this table; those it does not fill yet stay unused."""
