"""Two dozen git repositories, each with what is to be read of it and what is told of instead."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pygit2
from pygit2.enums import FileMode, ObjectType

COMMITTED_AT = 1_600_000_000
_WHO = pygit2.Signature("A", "a@example.org", COMMITTED_AT, 60)
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"

Tree = Mapping[str, "bytes | pygit2.Oid | Tree | tuple[pygit2.Oid, FileMode]"]


@dataclass(kw_only=True)
class Expected:
    """Of one repository: content by path, and reason by path (null where the repository itself is told of)."""

    folder: Path
    name: str
    files: dict[str, bytes] = field(default_factory=dict)
    told: dict[str | None, str] = field(default_factory=dict)
    revision: str | None = None


def source(number: int) -> bytes:
    """A small file, like no other."""
    return f"def f{number}(x):\n    return x + {number}\n".encode()


def write_tree(repository: pygit2.Repository, tree: Tree) -> pygit2.Oid:
    """A tree of bytes, objects that are there, and trees."""
    builder = repository.TreeBuilder()
    for name, value in tree.items():
        if isinstance(value, tuple):
            builder.insert(name, *value)
        elif isinstance(value, bytes):
            builder.insert(name, repository.create_blob(value), FileMode.BLOB)
        elif isinstance(value, pygit2.Oid):
            builder.insert(name, value, FileMode.TREE)
        else:
            builder.insert(name, write_tree(repository, value), FileMode.TREE)
    return builder.write()


def commit(
    repository: pygit2.Repository, tree: Tree | pygit2.Oid, *parents: pygit2.Oid, ref: str | None = "refs/heads/main"
) -> pygit2.Oid:
    """A commit of a tree; `ref` names it."""
    top = tree if isinstance(tree, pygit2.Oid) else write_tree(repository, tree)
    return repository.create_commit(ref, _WHO, _WHO, "m", top, list(parents))


def start(folder: Path, name: str, *, bare: bool = False, remote: str | None = None) -> pygit2.Repository:
    """An empty repository on the branch main."""
    repository = pygit2.init_repository(folder / name, bare=bare, initial_head="main")
    if remote:
        repository.config["remote.origin.url"] = remote
    return repository


def loose(repository: pygit2.Repository, name: pygit2.Oid) -> Path:
    """The file of an object that is in no pack."""
    return Path(repository.path, "objects", str(name)[:2], str(name)[2:])


def make(folder: Path) -> list[Expected]:
    """All of them below a folder."""
    return [maker(folder, name) for name, maker in _MAKERS.items()]


def _simple(bare: bool, remote: str | None, known_as: str) -> Callable[[Path, str], Expected]:
    def maker(folder: Path, name: str) -> Expected:
        files = {"a.py": source(len(name)), "src/b.py": source(len(name) + 100), "src/deep/er/c.py": b"c = 1\n"}
        repository = start(folder, name, bare=bare, remote=remote)
        commit(repository, {"a.py": files["a.py"], "src": {"b.py": files["src/b.py"],
               "deep": {"er": {"c.py": files["src/deep/er/c.py"]}}}})  # fmt: skip
        return Expected(folder=folder / name, name=known_as, files=files)

    return maker


def _history(folder: Path, name: str) -> Expected:
    """A merge, a rename, tags, a branch: what counts is the tree of HEAD."""
    repository = start(folder, name)
    first = commit(repository, {"old.py": source(1)})
    repository.create_tag("v1", first, ObjectType.COMMIT, _WHO, "one")
    left = commit(repository, {"new.py": source(1)}, first)
    right = commit(repository, {"old.py": source(1), "right.py": source(2)}, first, ref="refs/heads/side")
    commit(repository, {"new.py": source(1), "right.py": source(2)}, left, right)
    return Expected(folder=folder / name, name=name, files={"new.py": source(1), "right.py": source(2)})


def _at_tag(folder: Path, name: str) -> Expected:
    made = _history(folder, name)
    made.files, made.revision = {"old.py": source(1)}, "v1"
    return made


def _packed(folder: Path, name: str) -> Expected:
    repository = start(folder, name, bare=True)
    made = commit(repository, {f"{number}.py": source(number) for number in range(40)})
    repository.pack()
    for shard in Path(repository.path, "objects").glob("??"):
        shutil.rmtree(shard)
    Path(repository.path, "packed-refs").write_text(
        f"# pack-refs with: peeled fully-peeled sorted \n{made} refs/heads/main\n"
    )
    Path(repository.path, "refs/heads/main").unlink()
    return Expected(folder=folder / name, name="packed", files={f"{number}.py": source(number) for number in range(40)})


def _odd_entries(folder: Path, name: str) -> Expected:
    repository = start(folder, name)
    gone = pygit2.Oid(hex="1" * 40)
    link = repository.create_blob(b"../../etc/passwd")
    commit(repository, {
        "a.py": source(7), "model.bin": LFS, "empty.py": b"",
        "run": (repository.create_blob(source(8)), FileMode.BLOB_EXECUTABLE),
        "third_party": {"sub": (gone, FileMode.COMMIT)}, "link": (link, FileMode.LINK), "big.py": b"x" * 2_000_001,
    })  # fmt: skip
    return Expected(
        folder=folder / name, name=name, files={"a.py": source(7), "run": source(8), "model.bin": LFS, "empty.py": b""},
        told={"third_party/sub": "submodule", "link": "symlink", "big.py": "too_large_to_read"},
    )  # fmt: skip


def _names(folder: Path, name: str) -> Expected:
    """Names that no checkout would write, and that git itself does not make."""
    repository = start(folder, name)
    blob = repository.create_blob(source(9))
    entries = sorted([b"caf\xe9.py", b"a\\b.py", "统计.py".encode(), b"..", b".git"])
    raw = b"".join(b"100644 " + entry + b"\0" + bytes(blob.raw) for entry in entries)
    commit(repository, repository.odb.write(ObjectType.TREE, raw))
    files = {text: source(9) for text in ("caf\\xe9.py", "a\\x5cb.py", "统计.py", ".git")}
    return Expected(folder=folder / name, name=name, files=files, told={"..": "unsafe_path"})


def _partial(folder: Path, name: str) -> Expected:
    """A partial and shallow clone, with damage: each object that is not there or not whole costs its own file."""
    repository = start(folder, name)
    below = write_tree(repository, {"x.py": source(10), "y.py": source(11)})
    blob, torn = repository.create_blob(source(12)), repository.create_blob(source(13))
    commit(repository, {"a.py": source(14), "gone.py": (blob, FileMode.BLOB), "lost": below,
           "torn.py": (torn, FileMode.BLOB)}, ref="refs/heads/main")  # fmt: skip
    Path(repository.path, "shallow").write_text("2" * 40 + "\n")
    for one in (blob, below):
        loose(repository, one).unlink()
    loose(repository, torn).chmod(0o644)
    loose(repository, torn).write_bytes(b"no zlib")
    return Expected(
        folder=folder / name, name=name, files={"a.py": source(14)},
        told={"gone.py": "missing_object", "lost": "missing_object", "torn.py": "unreadable"},
    )  # fmt: skip


def _alternates(folder: Path, name: str) -> Expected:
    lender = start(folder.parent / "lenders", name)
    made = commit(lender, {"a.py": source(15)})
    borrower = start(folder, name)
    Path(borrower.path, "objects/info").mkdir(exist_ok=True)
    Path(borrower.path, "objects/info/alternates").write_text(f"{lender.path}objects\n")
    Path(borrower.path, "refs/heads/main").write_text(f"{made}\n")
    return Expected(folder=folder / name, name=name, files={"a.py": source(15)})


def _detached(folder: Path, name: str) -> Expected:
    repository = start(folder, name)
    first = commit(repository, {"a.py": source(16)})
    commit(repository, {"b.py": source(17)}, first)
    repository.set_head(first)
    return Expected(folder=folder / name, name=name, files={"a.py": source(16)})


def _gitfile(folder: Path, name: str) -> Expected:
    """A working tree whose repository lies elsewhere, as those of submodules do."""
    elsewhere = start(folder.parent / "elsewhere", name, bare=True)
    commit(elsewhere, {"a.py": source(18)})
    (folder / name).mkdir()
    (folder / name / ".git").write_text(f"gitdir: {elsewhere.path}\n")
    return Expected(folder=folder / name, name=name, files={"a.py": source(18)})


def _sha256(folder: Path, name: str) -> Expected:
    repository = start(folder, name)
    config = Path(repository.path, "config")
    config.write_text(config.read_text().replace("repositoryformatversion = 0", "repositoryformatversion = 1")
                      + "[extensions]\n\tobjectformat = sha256\n")  # fmt: skip
    return Expected(folder=folder / name, name=name, told={None: "broken_repository"})


def _nothing(reason: str, harm: Callable[[pygit2.Repository], object]) -> Callable[[Path, str], Expected]:
    def maker(folder: Path, name: str) -> Expected:
        harm(start(folder, name))
        return Expected(folder=folder / name, name=name, told={None: reason})

    return maker


def _no_head(repository: pygit2.Repository) -> None:
    commit(repository, {"a.py": source(19)}, ref="refs/heads/other")


def _head_is_a_blob(repository: pygit2.Repository) -> None:
    blob = repository.create_blob(b"x")
    Path(repository.path, "refs/tags/odd").write_text(f"{blob}\n")
    Path(repository.path, "HEAD").write_text("ref: refs/tags/odd\n")


def _no_tree(repository: pygit2.Repository) -> None:
    made = commit(repository, {"a.py": source(20)})
    loose(repository, repository[made].tree_id).unlink()


_MAKERS: dict[str, Callable[[Path, str], Expected]] = {
    "plain": _simple(False, None, "plain"),
    "bare.git": _simple(True, None, "bare"),
    "https": _simple(False, "https://github.com/owner/https.git", "owner/https"),
    "scp.git": _simple(True, "git@gitlab.com:group/sub/scp.git", "group/sub/scp"),
    "token": _simple(False, "https://user:secret@host:8443/owner/token/", "owner/token"),
    "local": _simple(False, "/srv/git/elsewhere.git", "local"),
    "history": _history,
    "tagged": _at_tag,
    "packed.git": _packed,
    "odd": _odd_entries,
    "names": _names,
    "partial": _partial,
    "alternates": _alternates,
    "detached": _detached,
    "gitfile": _gitfile,
    "sha256": _sha256,
    "unborn": _nothing("no_revision", lambda repository: None),
    "no_head": _nothing("no_revision", _no_head),
    "blob_head": _nothing("no_revision", _head_is_a_blob),
    "no_tree": _nothing("broken_repository", _no_tree),
    "bad_config": _nothing(
        "broken_repository", lambda repository: Path(repository.path, "config").write_text("[core\n")
    ),
    "no_file": _nothing("empty", lambda repository: commit(repository, {})),
}
