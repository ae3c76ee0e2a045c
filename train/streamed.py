"""Curated Parquet as a source of sequences, without packing before: files are rendered, tokenised and packed in the
background while the ones before them are trained on.

Metadata and fill-in-the-middle (on characters) are drawn anew in each epoch. The order is a function of the seed: each
epoch shuffles blocks of rows over the whole run and deals them to lanes; a lane shuffles the rows of a few blocks
together, and packs them some MB at a time. That mixes less than packed tokens do, which are shuffled over the whole run
one by one, and needs no second copy of the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.errors import RunFailed, WrongUse
from curate.shards import Run
from train.labels import Labels
from train.order import key_of, shuffled
from train.packing import best_fit, cut
from train.renderers.document import COLUMNS, END_OF_TEXT, RenderConfig, Rendered, Special
from train.renderers.files import render_file
from train.sequences import Cursor, Group, Sequences
from train.tokenizer import Tokenizer, text_column

BLOCK_ROWS = 2048  # of a file that are read together, about half a row group
BLOCKS_A_WINDOW = 4  # that a lane shuffles together, and holds in memory
GROUP_BYTES = 8_000_000  # of content that are tokenised and packed together
_CHARACTERS = 1_000_000  # that are tokenised at a time
_LANGUAGE = "language="


class Streamed:
    """A finished run to train on as it is. Opening it reads its manifest only.

    `tag_values` names each tag that losses are told by, with its values (`values_of`).
    """

    def __init__(self, run: Run, tokenizer: Tokenizer, tag_values: Mapping[str, Sequence[str]] | None = None):
        self.run, self.tokenizer, self.tag_values = run, tokenizer, dict(tag_values or {})
        files = [one for one in run.manifest["files"] if one["path"].startswith("shards/") and one["rows"]]
        self.paths = [run.folder / one["path"] for one in files]
        self.n_rows = [int(one["rows"]) for one in files]
        self.ends = np.cumsum([-(-n // BLOCK_ROWS) for n in self.n_rows])  # of each file's blocks
        if not files:
            raise WrongUse(f"{run.folder} kept no files: leave it out")

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.run.folder

    @property
    def n_blocks(self) -> int:
        """How many blocks there are."""
        return int(self.ends[-1])

    @property
    def n_ids(self) -> int:
        """The highest id that may occur, and one more."""
        return self.tokenizer.n_ids

    @property
    def languages(self) -> tuple[np.ndarray, list[str]]:
        """No document's number, and the names of the languages, sorted: those of the shards' folders."""
        parts = {part for path in self.paths for part in path.parts if part.startswith(_LANGUAGE)}
        return np.empty(0, np.int32), sorted(unquote(part.removeprefix(_LANGUAGE)) for part in parts)

    def tag(self, name: str) -> tuple[np.ndarray, list[str]]:
        """No document's number, and the tag's values, sorted; files without it have ""."""
        return np.empty(0, np.int32), sorted({"", *self.tag_values.get(name, ())})

    def block(self, number: int) -> pa.Table:
        """A block's rows: the columns that renderers read, and sizes."""
        file = int(np.searchsorted(self.ends, number, side="right"))
        first = BLOCK_ROWS * (number - (int(self.ends[file - 1]) if file else 0))
        end = min(first + BLOCK_ROWS, self.n_rows[file])
        with pq.ParquetFile(self.paths[file]) as opened:
            sizes = [opened.metadata.row_group(i).num_rows for i in range(opened.num_row_groups)]
            ends = np.cumsum(sizes)
            if len(ends) == 0 or ends[-1] != self.n_rows[file]:
                found = int(ends[-1]) if len(ends) else 0
                raise RunFailed(f"{self.paths[file]} has {found} rows and the manifest {self.n_rows[file]}: mill again")
            groups = range(int(np.searchsorted(ends, first, side="right")), int(np.searchsorted(ends, end)) + 1)
            read = opened.read_row_groups(list(groups), columns=[*COLUMNS, "size_bytes"])
        return read.slice(first - int(ends[groups[0]] - sizes[groups[0]]), end - first)


def values_of(run: Run, tags: Sequence[str]) -> dict[str, list[str]]:
    """The values of tags in a run. Reads the shards' column of tags, all of it."""
    found: dict[str, set[str]] = {name: set() for name in tags}
    if found:
        for batch in run.documents(["tags"]):
            for name, values in found.items():
                values.update(pc.unique(pc.map_lookup(batch["tags"], pa.scalar(name), "first")).drop_null().to_pylist())
    return {name: sorted(values) for name, values in found.items()}


@dataclass(frozen=True, kw_only=True)
class TokenisedGroup(Group):
    """Files with their tokens."""

    ids: np.ndarray  # of all files, one after the other, uint32
    starts: np.ndarray
    numbers: np.ndarray  # dimensions x files: the numbers of the labels' values
    after: Cursor  # the place behind, `base` apart


class StreamedSource(Sequences[TokenisedGroup]):
    """One lane's part of a run. While a group is trained on, the next one is tokenised.

    `labels` are the dimensions of the batches it is for.
    """

    def __init__(
        self,
        streamed: Streamed,
        *,
        room: int,
        seed: int,
        name: str,
        rendering: RenderConfig,
        labels: Sequence[Labels],
        lane: int = 0,
        lanes: int = 1,
    ):
        super().__init__(room=room, pad=streamed.tokenizer.special(END_OF_TEXT))
        self.streamed, self.rendering, self.lane, self.lanes = streamed, rendering, lane, lanes
        self.key = key_of(seed, name)
        self.numbers = [{value: i for i, value in enumerate(one.names)} for one in labels]
        self.dimensions = [one.name for one in labels]
        self.special_ids: dict[str, np.ndarray] = {}
        self.end = np.array([self.pad], np.uint32)
        self._window: tuple[tuple[int, int], pa.Table] | None = None
        self._background: ThreadPoolExecutor | None = None
        self._ahead: dict[Cursor, Future[TokenisedGroup]] = {}

    def _pack(self, cursor: Cursor) -> TokenisedGroup:
        """The group at a place, and the next one begun."""
        group = self._begun(cursor).result()
        self._ahead = {}
        self._begun(group.after)
        return group

    def _begun(self, cursor: Cursor) -> Future[TokenisedGroup]:
        """The group at a place as it is or will be. One thread makes all, so that none waits for a later one."""
        place = cursor._replace(base=0)
        if place not in self._ahead:
            self._background = self._background or ThreadPoolExecutor(1, "tokenising")
            self._ahead[place] = self._background.submit(self._tokenised, place)
        return self._ahead[place]

    def _after(self, cursor: Cursor, group: TokenisedGroup) -> Cursor:
        found = group.after._replace(base=cursor.base + len(group.sequences))
        if found.epoch > cursor.epoch and not found.base:
            raise RunFailed(f"{self.streamed.folder} has no text in any file: leave it out")
        return found

    def close(self) -> None:
        """End the tokenising in the background."""
        if self._background:
            self._background.shutdown(wait=True, cancel_futures=True)
        self._background, self._ahead = None, {}

    def tokens(self, group: TokenisedGroup, piece: int) -> np.ndarray:
        """A piece's tokens."""
        first = int(group.starts[group.pieces.document[piece]]) + int(group.pieces.start[piece])
        return group.ids[first : first + int(group.pieces.n_tokens[piece])]

    def values(self, labels: Sequence[Labels], own: int, group: TokenisedGroup, piece: int) -> list[int]:
        """As they were read."""
        return group.numbers[:, group.pieces.document[piece]].tolist()

    def _tokenised(self, cursor: Cursor) -> TokenisedGroup:
        table, last = self._rows(cursor.epoch, cursor.group)
        sizes = np.cumsum(table["size_bytes"].to_numpy()[cursor.row :])
        n = min(int(np.searchsorted(sizes, GROUP_BYTES)) + 1, len(sizes))
        key = key_of(self.key, cursor.epoch)
        rendering = replace(self.rendering, seed=key)
        files = [render_file(row, rendering) for row in table.slice(cursor.row, n).to_pylist()]
        files = [one for one in files if one.n_characters]
        ids, lengths = self._encoded(files)
        pieces = cut(np.arange(len(files)), lengths, np.zeros(len(files), np.int64), self.room)
        sequences = best_fit(pieces.size, self.room)
        if cursor.row + n < table.num_rows:
            after = cursor._replace(row=cursor.row + n)
        else:
            after = Cursor(cursor.epoch + last, 0 if last else cursor.group + 1)
        return TokenisedGroup(
            pieces=pieces,
            sequences=sequences,
            key=key,
            rooms=shuffled(np.arange(len(sequences)), len(sequences), key_of(key, "group", cursor.group, cursor.row)),
            ids=ids,
            starts=np.cumsum(lengths) - lengths,
            numbers=np.array([self._numbers(one) for one in files], np.int32).reshape(len(files), len(self.numbers)).T,
            after=after,
        )

    def _rows(self, epoch: int, window: int) -> tuple[pa.Table, bool]:
        """The rows of a window in their shuffled order, and whether it is the lane's last of the epoch."""
        n = self.streamed.n_blocks
        places = np.arange(self.lane, n, self.lanes)
        first = window * BLOCKS_A_WINDOW
        if self._window is None or self._window[0] != (epoch, window):
            self._window = None  # what is held is let go before the next is read
            key = key_of(self.key, epoch)
            blocks = shuffled(places[first : first + BLOCKS_A_WINDOW], n, key)
            table = pa.concat_tables([self.streamed.block(int(block)) for block in blocks])
            order = shuffled(np.arange(table.num_rows), table.num_rows, key_of(key, "window", self.lane, window))
            self._window = (epoch, window), table.take(pa.array(order))
        return self._window[1], first + BLOCKS_A_WINDOW >= len(places)

    def _encoded(self, files: Sequence[Rendered]) -> tuple[np.ndarray, np.ndarray]:
        """All files' ids, each ended by the end-of-text token, and how many each has."""
        texts = [part for one in files for part in one.parts if not isinstance(part, Special)]
        encode = self.streamed.tokenizer.encode_column
        encoded = (own for some in _portions(texts) for own in encode(text_column(some)).by_text())
        ids = [np.empty(0, np.uint32)]
        lengths = np.ones(len(files), np.int64)
        for i, one in enumerate(files):
            parts = [self._special(part) if isinstance(part, Special) else next(encoded) for part in one.parts]
            ids += [*parts, self.end]
            lengths[i] += sum(map(len, parts))
        return np.concatenate(ids), lengths

    def _special(self, token: str) -> np.ndarray:
        if token not in self.special_ids:
            self.special_ids[token] = np.array([self.streamed.tokenizer.special(token)], np.uint32)
        return self.special_ids[token]

    def _numbers(self, file: Rendered) -> list[int]:
        values = [file.language if name == "language" else file.tags.get(name, "") for name in self.dimensions]
        return [numbers[value] for numbers, value in zip(self.numbers, values, strict=True)]


def _portions(texts: Sequence[str]) -> list[Sequence[str]]:
    """Texts with about _CHARACTERS together."""
    ends = np.cumsum([len(text) for text in texts]) // _CHARACTERS
    edges = [0, *(np.flatnonzero(np.diff(ends)) + 1).tolist(), len(texts)]
    return [texts[first:end] for first, end in pairwise(edges) if end > first]
