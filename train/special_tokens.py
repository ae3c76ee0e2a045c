"""Special tokens by name, as renderers and tokenizer use them. The table itself is curate's, read through its one door.

`ids()` gives each token its place in the table: a vocabulary keeps its first RESERVED_IDS ids for them.
"""

from __future__ import annotations

from curate.shards import RESERVED_IDS, SPECIAL_TOKENS

END_OF_TEXT = "<|endoftext|>"
FIM_PREFIX, FIM_MIDDLE, FIM_SUFFIX, FIM_PAD = "<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>"
REPO_NAME, FILE_SEP, STARS = "<repo_name>", "<file_sep>", "<gh_stars>"
ISSUE_START, ISSUE_COMMENT, ISSUE_CLOSED = "<issue_start>", "<issue_comment>", "<issue_closed>"
JUPYTER_START, JUPYTER_TEXT, JUPYTER_CODE = "<jupyter_start>", "<jupyter_text>", "<jupyter_code>"
JUPYTER_OUTPUT = "<jupyter_output>"
COMMIT_BEFORE, COMMIT_MESSAGE, COMMIT_AFTER = "<commit_before>", "<commit_msg>", "<commit_after>"
CHAT_START, CHAT_END = "<|im_start|>", "<|im_end|>"


def ids() -> dict[str, int]:
    """Token -> id, 0 to RESERVED_IDS - 1 at most."""
    assert len(SPECIAL_TOKENS) <= RESERVED_IDS
    return {token: number for number, token in enumerate(SPECIAL_TOKENS)}


def named_ids() -> dict[str, int]:
    """The same by plain names, as packed tokens have them: end_of_text, fim_prefix, im_start and so on."""
    return {_name(token): number for token, number in ids().items()}


def _name(token: str) -> str:
    return "end_of_text" if token == END_OF_TEXT else token.strip("<|>")
