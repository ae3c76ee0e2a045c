"""The benchmark corpora: selection, archives, planted copies, and a truth file that equals brute force. No network."""

from __future__ import annotations

import io
import json
import random
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import archives
import corpus
import packages
import planted
import shingles
import truth

WORDS = re.compile(rb"[A-Za-z0-9_\x80-\xff]+")
ATOMS = st.lists(st.sampled_from([b"a", b"B", b"b", b"cc", b"_x1", "é".encode(), b" ", b"\n", b"+", b"."]), max_size=60)
CONTENTS = st.builds(lambda atoms, times: b"".join(atoms) * times, ATOMS, st.integers(1, 3))


def shingle_tuples(content: bytes) -> frozenset[tuple[bytes, ...]]:
    """The definition, in Python."""
    words = WORDS.findall(content.lower())
    return frozenset(tuple(words[i : i + 5]) for i in range(len(words) - 4))


def tarball(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def source(rng: np.random.Generator, n_lines: int) -> bytes:
    names = rng.integers(0, 500, (n_lines, 3))
    lines = [b"    total_%d = compute_%d(value_%d)\n" % tuple(row) + b"\n" * int(rng.random() < 0.2) for row in names]
    return b"# Copyright 2020 Someone\n\n" + b"".join(lines)


# --- selection ---


@given(sizes=st.lists(st.integers(1, 50), max_size=30), small=st.integers(0, 300), more=st.integers(0, 300))
@settings(deadline=None)
def test_select_takes_the_longest_prefix_of_the_hash_order(sizes: list[int], small: int, more: int) -> None:
    files = [(f"file{i}", b"x" * size) for i, size in enumerate(sizes)]
    everything = corpus.select(files, max_bytes=10_000, seed=7)
    assert everything == sorted(files)
    chosen = corpus.select(files, max_bytes=small, seed=7)
    assert set(chosen) <= set(corpus.select(reversed(files), max_bytes=small + more, seed=7))
    ranked = sorted(files, key=lambda file: corpus.xxhash.xxh3_64_intdigest(file[0].encode(), 7))
    fitting = [i for i in range(len(files) + 1) if sum(len(content) for _, content in ranked[:i]) <= small]
    assert chosen == sorted(ranked[: max(fitting)])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"int a;\r\n\tb\f", True),
        ("naïve".encode("latin-1"), True),
        (b"a\0b", False),
        (b"\x1b[0m", True),
        (b"\x7fELF", False),
    ],
)
def test_is_text(content: bytes, expected: bool) -> None:
    assert corpus.is_text(content) is expected


def test_what_is_no_source_is_not_wanted() -> None:
    assert corpus.is_wanted("usr/share/perl/strict.pm")
    assert not corpus.is_wanted("usr/share/doc/perl/README")
    assert not corpus.is_wanted("package/dist/index.js.map")


# --- archives ---


def test_tarballs_give_plain_files_only(tmp_path: Path) -> None:
    path = tmp_path / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {
            "package/a.js": b"a",
            "../outside.js": b"b",
            "/absolute.js": b"c",
            "package/large.js": b"d" * (archives.MAX_FILE_BYTES + 1),
            "package/empty.js": b"",
            "package/b.skip": b"e",
            "package/testdata/broken.tar.gz": b"no archive",
            "bad\udcff.js": b"f",
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("package/link.js")
        link.type, link.linkname = tarfile.SYMTYPE, "a.js"
        archive.addfile(link)
    got = dict(archives.members(path, lambda name: not name.endswith(".skip")))
    assert got == {"package/a.js": b"a", "package/testdata/broken.tar.gz": b"no archive"}


def test_wheels_give_plain_files_only(tmp_path: Path) -> None:
    path = tmp_path / "package.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("p/a.py", b"a")
        archive.writestr("../b.py", b"b")
        link = zipfile.ZipInfo("p/link.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, b"a.py")
    assert list(archives.members(path, lambda name: True)) == [("p/a.py", b"a")]


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs Debian's dpkg-deb")
def test_source_archives_in_debian_packages_are_opened(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text("Package: x\nVersion: 1-2\nArchitecture: all\nMaintainer: x\nDescription: x\n")
    for folder in ("usr/src", "usr/lib/jvm/j/lib"):
        (tree / folder).mkdir(parents=True)
    (tree / "usr/src/linux.tar.gz").write_bytes(tarball({"linux/a.c": b"int a;"}))
    with zipfile.ZipFile(tree / "usr/lib/jvm/j/lib/src.zip", "w") as archive:
        archive.writestr("java/A.java", b"class A {}")
    path = tmp_path / "x.deb"
    subprocess.run(["dpkg-deb", "--build", str(tree), str(path)], check=True, capture_output=True)
    assert dict(archives.members(path, lambda name: True)) == {
        "usr/src/linux.tar.gz/linux/a.c": b"int a;",
        "usr/lib/jvm/j/lib/src.zip/java/A.java": b"class A {}",
    }


def test_a_debian_package_cut_short_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tar stream that ends between two members reads as complete: only dpkg-deb's exit status tells."""
    (tmp_path / "x.tar").write_bytes(tarball({"usr/a.c": b"int a;"}))
    (tmp_path / "dpkg-deb").write_text(f"#!/bin/sh\ncat {tmp_path}/x.tar\nexit 2\n")
    (tmp_path / "dpkg-deb").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(OSError, match="dpkg-deb cannot read"):
        list(archives.members(tmp_path / "x.deb", lambda name: True))


# --- planted copies ---


def plants() -> list[tuple[bytes, planted.Plant]]:
    rng = np.random.default_rng(3)
    originals = [(f"p/file{i}.py", source(rng, 60)) for i in range(60)]
    copies = [(content, planted.plant(path, content, seed=1, fraction=1.0)) for path, content in originals]
    return [(content, copy) for content, copy in copies if copy is not None]


def test_every_kind_of_plant_does_what_its_name_says() -> None:
    kinds = Counter(copy.kind for _, copy in plants())
    assert set(kinds) == set(planted.EDITS)
    for original, copy in plants():
        assert copy.path.endswith("/" + copy.original)
        assert copy.path.startswith("forks/")
        assert (copy.content == original) is (copy.kind == "exact") is (copy.edit_rate == 0)
        lines, copied = original.splitlines(), copy.content.splitlines()
        if copy.kind == "licence":
            assert copied[-len(lines) + 2 :] == lines[2:]
            assert b"Someone" not in copy.content
        elif copy.kind == "moved":
            assert Counter(lines) == Counter(copied)
        elif copy.kind == "renamed":
            words, renamed = WORDS.findall(original), WORDS.findall(copy.content)
            names = dict(zip(words, renamed, strict=True))
            assert [names[word] for word in words] == renamed
            assert sum(a != b for a, b in zip(words, renamed, strict=True)) <= 0.06 * len(words)
        elif copy.kind == "edited":
            common = (Counter(lines) & Counter(copied)).total()
            assert common >= 0.94 * len(lines)


@given(
    content=st.binary(min_size=planted.MIN_ORIGINAL_BYTES, max_size=600),
    path=st.builds("{}{}".format, st.integers(0, 99), st.sampled_from([".c", ".py", ".unknown"])),
)
@settings(deadline=None)
def test_plants_of_any_bytes_are_pure_functions(content: bytes, path: str) -> None:
    copy = planted.plant(path, content, seed=5, fraction=1.0)
    assert copy is not None
    assert copy == planted.plant(path, content, seed=5, fraction=1.0)
    assert (copy.kind == "exact") is (copy.content == content) is (copy.edit_rate == 0)
    assert 0 <= copy.edit_rate <= 1
    assert planted.plant(path, content, seed=5, fraction=0.0) is None
    assert planted.plant(path, content[:399], seed=5, fraction=1.0) is None


def test_a_licence_is_added_where_the_first_comment_is_none() -> None:
    lines = [b"#!/bin/sh\n", b"# What this does.\n", b"run\n"]
    licensed, n_changed = planted.EDITS["licence"](random.Random(0), lines, ".sh")
    assert licensed[:1] + licensed[-2:] == lines
    assert n_changed == len(licensed) - len(lines) > 0


@pytest.mark.parametrize(
    ("lines", "mark", "expected"),
    [
        ([b"/* Copyright\n", b"   more */\n", b"/** doc */\n", b"int a;\n"], b"//", 2),
        ([b"// one\n", b"\n", b"// two\n", b"int a;\n"], b"//", 3),
        ([b"import a\n", b"# later\n"], b"#", 0),
        ([b"# only\n"], b"#", 1),
    ],
)
def test_the_leading_comment_ends_before_code(lines: list[bytes], mark: bytes, expected: int) -> None:
    assert planted._header_end(lines, 0, mark) == expected


# --- truth ---


@given(contents=st.lists(CONTENTS, max_size=12))
@settings(deadline=None)  # the first call compiles
def test_shingle_sets_are_equal_and_large_as_the_definition_says(contents: list[bytes]) -> None:
    sets = shingles.shingle_sets(contents)
    expected = [shingle_tuples(content) for content in contents]
    hashes = [sets.hashes[a:b].tolist() for a, b in zip(sets.offsets[:-1], sets.offsets[1:], strict=True)]
    assert [len(shingle_set) for shingle_set in hashes] == [len(shingle_set) for shingle_set in expected]
    assert all(shingle_set == sorted(set(shingle_set)) for shingle_set in hashes)
    hash_of = {}
    for mine, theirs in zip(hashes, expected, strict=True):
        for other_mine, other_theirs in zip(hashes, expected, strict=True):
            assert len(set(mine) & set(other_mine)) == len(theirs & other_theirs)
        hash_of[theirs] = mine
    first = {shingle_set: expected.index(shingle_set) for shingle_set in hash_of}
    assert truth.representatives(sets).tolist() == [first[shingle_set] for shingle_set in expected]


def test_batches_do_not_change_the_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    contents = [source(rng, int(n)) for n in rng.integers(0, 40, 20)]
    whole = shingles.shingle_sets(contents)
    monkeypatch.setattr(shingles, "BATCH_BYTES", 700)
    pieces = shingles.shingle_sets(contents)
    assert whole.offsets.tolist() == pieces.offsets.tolist()
    assert whole.hashes.tolist() == pieces.hashes.tolist()


def as_sets(groups: list[set[int]]) -> shingles.ShingleSets:
    spread = [np.sort(np.array(sorted(group), np.uint64) * np.uint64(0x9E3779B97F4A7C15)) for group in groups]
    offsets = np.cumsum([0] + [len(group) for group in groups])
    return shingles.ShingleSets(offsets=offsets, hashes=np.concatenate([np.zeros(0, np.uint64), *spread]))


def brute_force(groups: list[set[int]], min_jaccard: Fraction) -> list[tuple[int, int, float]]:
    pairs = []
    for i, a in enumerate(groups):
        for j, b in enumerate(groups[i + 1 :], i + 1):
            shared = len(a & b)
            if shared and Fraction(shared, len(a | b)) >= min_jaccard:
                pairs.append((i, j, shared / len(a | b)))
    return pairs


@given(
    groups=st.lists(st.sets(st.integers(0, 24), max_size=16), max_size=24),
    min_jaccard=st.sampled_from([Fraction(1, 2), Fraction(7, 10), Fraction(17, 20), Fraction(1, 5), Fraction(1)]),
)
@settings(max_examples=300, deadline=None)
def test_similar_pairs_equal_brute_force(groups: list[set[int]], min_jaccard: Fraction) -> None:
    pairs = truth.similar_pairs(as_sets(groups), min_jaccard)
    got = list(zip(pairs.first.tolist(), pairs.second.tolist(), pairs.jaccard.tolist(), strict=True))
    assert got == brute_force(groups, min_jaccard)


@pytest.mark.parametrize("n_ranges", [1, 64])
def test_similar_pairs_of_many_near_copies_equal_brute_force(n_ranges: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth, "RANGES", n_ranges)
    rng = np.random.default_rng(1)
    groups: list[set[int]] = []
    for family in range(12):
        base = rng.integers(family * 200, family * 200 + 400, 150)
        groups += [set(rng.choice(base, int(rng.integers(60, 150)), replace=False).tolist()) for _ in range(40)]
    expected = brute_force(groups, Fraction(1, 2))
    pairs = truth.similar_pairs(as_sets(groups))
    assert len(expected) > 2000
    assert list(zip(pairs.first, pairs.second, pairs.jaccard, strict=True)) == expected


# --- the whole ---


@pytest.fixture
def plan(tmp_path: Path) -> tuple[packages.Package, ...]:
    """Two made-up packages, their archives in the cache already, and one that cannot be had."""
    rng = np.random.default_rng(2)
    for name in ("one", "two"):
        folder = tmp_path / "packages/npm" / f"{name}@1.0"
        folder.mkdir(parents=True)
        files = {f"package/m{i}.py": source(rng, int(rng.integers(1, 60))) for i in range(80)}
        (folder / f"{name}.tgz").write_bytes(tarball(files | {"package/logo.bin": b"\0" * 50}))
    return (
        packages.Package(client="npm", names=("one",), version="1.0", megabytes=(0.03, 0.06, 0.2)),
        packages.Package(client="npm", names=("two",), version="1.0", megabytes=(0, 0.06, 0.2)),
        packages.Package(client="npm", names=("absent", "missing"), version="1.0", megabytes=(0.001, 0.001, 0.001)),
    )


@pytest.fixture
def no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.shutil, "which", lambda command: None)


def contents_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("no_client")
def test_build_makes_nested_corpora_with_plants_and_truth(
    tmp_path: Path, plan: tuple[packages.Package, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    small = contents_of(corpus.build("S", tmp_path, plan) / "files")
    folder = corpus.build("M", tmp_path, plan)
    medium = contents_of(folder / "files")
    assert "left out: absent needs npm, which is not installed; missing needs npm" in capsys.readouterr().err
    assert small.items() < medium.items()
    assert not any("logo" in path for path in medium)

    facts = json.loads((folder / "corpus.json").read_text())
    rows = pq.read_table(folder / "planted.parquet").to_pylist()
    assert (facts["files"], facts["bytes"]) == (len(medium), sum(map(len, medium.values())))
    assert [package["package"] for package in facts["packages"]] == ["one", "two"]
    assert {row["path"] for row in rows} == {path for path in medium if path.startswith("forks/")} != set()
    assert all(row["original"] in medium for row in rows)

    represented = dict(zip(*pq.read_table(folder / "same_set.parquet").to_pydict().values(), strict=True))
    sets = {path: shingle_tuples(content) for path, content in sorted(medium.items())}
    firsts: dict[frozenset, str] = {}
    assert represented == {p: firsts[s] for p, s in sets.items() if s and firsts.setdefault(s, p) != p}
    paths = sorted(firsts.values())
    expected = [
        (a, b, len(sets[a] & sets[b]) / len(sets[a] | sets[b]))
        for i, a in enumerate(paths)
        for b in paths[i + 1 :]
        if 2 * len(sets[a] & sets[b]) >= len(sets[a] | sets[b])
    ]
    table = pq.read_table(folder / "truth.parquet")
    assert [tuple(row.values()) for row in table.to_pylist()] == expected != []
    before = contents_of(folder)
    assert contents_of(corpus.build("M", tmp_path, plan)) == before
    assert not (tmp_path / "M.partial").exists()


@pytest.mark.usefixtures("no_client")
def test_too_little_is_one_sentence_and_leaves_the_old_corpus(
    tmp_path: Path,
    plan: tuple[packages.Package, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "S").mkdir()
    monkeypatch.setattr(corpus.build, "__defaults__", (plan[2:],))
    assert corpus.main(["S", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: less than 60% of the planned bytes")
    assert (tmp_path / "S").is_dir()


def test_a_refused_download_says_why_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = [sys.executable, "-c", "import sys; open('half', 'w'); sys.exit('E: Unable to locate package')"]
    monkeypatch.setattr(packages, "_command", lambda *arguments: refusing)
    package = packages.Package(client="apt", names=("x",), version="", megabytes=(1, 1, 1))
    with pytest.raises(packages.PackageError, match=r"x cannot be had from apt \(E: Unable to locate package\)"):
        packages.fetch(package, tmp_path)
    assert list((tmp_path / "apt").iterdir()) == []


def test_a_download_is_kept_for_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = packages.Package(client="npm", names=("@scope/x",), version="2", megabytes=(1, 1, 1))
    monkeypatch.setattr(packages, "_command", lambda *_: [sys.executable, "-c", "open('x.tgz', 'w').write('archive')"])
    first = packages.fetch(package, tmp_path)
    monkeypatch.setattr(packages, "_command", lambda *_: ["false"])
    assert packages.fetch(package, tmp_path) == first
    assert (first.version, first.path.read_text()) == ("2", "archive")


def test_the_plan_has_nested_sizes_and_pinned_versions() -> None:
    assert all(package.version or package.client == "apt" for package in packages.PACKAGES)
    names = [name for package in packages.PACKAGES for name in package.names]
    assert len(names) == len(set(names))
    for size, low, high in (("S", 45e6, 60e6), ("M", 280e6, 340e6), ("L", 0.9e9, 1.1e9)):
        assert low < sum(package.max_bytes(size) for package in packages.PACKAGES) < high
    with pytest.raises(ValueError, match="must not decrease"):
        packages.Package(client="pip", names=("x",), version="1", megabytes=(2, 1, 3))
