"""A trained classifier on disk: a folder with classifier.bin, fastText's, and classifier.json, which says of what."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from analyzers import classifier as folded
from analyzers.classifier_tokens import VERSION
from curate.errors import WrongUse

MODEL, CARD = "classifier.bin", "classifier.json"
FORMAT = 1


class Trained:
    """A folder of `codemill classifier train`."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)

    @cached_property
    def card(self) -> dict[str, Any]:
        """classifier.json. WrongUse where there is none, or one of another version."""
        try:
            card = json.loads((self.folder / CARD).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise WrongUse(f"{self.folder} holds no classifier: it has no {CARD}; codemill classifier train") from None
        except ValueError as error:
            raise WrongUse(f"{self.folder / CARD} cannot be read: {error}") from None
        if (card.get("format"), card.get("text_form")) != (FORMAT, VERSION):
            raise WrongUse(
                f"{self.folder} was trained on the text form {card.get('text_form')!r}, and this version reads files "
                f"as {VERSION!r}: train it anew"
            )
        return card

    @property
    def sha256(self) -> str:
        """Of the model, as the card says."""
        return self.card["model"]["sha256"]

    @property
    def languages(self) -> frozenset[str]:
        """Those that it was trained on; of others it says nothing."""
        return frozenset(self.card["languages"])

    def check_package(self) -> None:
        """WrongUse where fastText is not installed."""
        if importlib.util.find_spec("fasttext") is None:
            raise WrongUse("fasttext is not installed, which classifiers need: pip install 'codemill[classifier]'")

    def read(self) -> folded.Classifier:
        """The classifier, read once in a process. WrongUse where the file is not what the card says."""
        self.check_package()
        return _read(self.folder / MODEL, self.sha256)


@lru_cache(maxsize=2)
def _read(path: Path, sha256: str) -> folded.Classifier:
    try:
        found = sha256_of(path)
    except OSError as error:
        raise WrongUse(f"the classifier {path} cannot be read: {error.strerror}") from None
    if found != sha256:
        raise WrongUse(f"the classifier {path} has sha256 {found}, not {sha256}: it changed since it was trained")
    return folded.read(path)


def sha256_of(path: Path) -> str:
    """sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
