"""The contract of stages, checked before a job starts."""

from __future__ import annotations

import pytest

from curate.errors import WrongUse
from curate.stage import Wide, check_contracts
from curate.stages import STAGES


class ByTopic(Wide):
    """Decides by a column."""

    name = "by_topic"
    keys = ("topic",)


class Topical(ByTopic):
    """The same, and writes it."""

    writes = {"topic": STAGES["read"].writes["path"]}


def test_a_wide_stage_has_its_keys() -> None:
    with pytest.raises(WrongUse, match="'by_topic' decides by 'topic'"):
        check_contracts((STAGES["read"](), ByTopic()))
    assert "topic" in check_contracts((STAGES["read"](), Topical()))


AMONG = {"segments": ("simhash",)}  # stages that one wants before it
SETTINGS = {"datalog": {"rules": "here", "text": "Drop(file_id:, reason: path) :- File(file_id:, path:);"}}


@pytest.mark.parametrize("stage", [stage for stage in STAGES.values() if issubclass(stage, Wide)])
def test_shipped_stages_have_their_keys(stage: type[Wide]) -> None:
    names = ("read", "decode", "language", "text", "syntax", *AMONG.get(stage.name, ()))
    before = [STAGES[name](**({"segments": True} if name == "syntax" else {})) for name in names]
    check_contracts((*before, stage(**SETTINGS.get(stage.name, {}))))
