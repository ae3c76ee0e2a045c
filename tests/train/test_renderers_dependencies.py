"""Dependency order: what is imported comes before what imports it, in seven languages and whatever fits in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs_by_hand import document, make_run

from curate.errors import WrongUse
from curate.shards import Run
from train.regroup import repositories
from train.renderers.dependencies import by_imports
from train.renderers.dependency_order import dependency_order
from train.renderers.document import RenderConfig
from train.renderers.import_targets import Import, Paths, targets
from train.rendering import rendered
from train.run_imports import imports_of

GOLDEN = Path(__file__).parent / "golden" / "rendered" / "repository_by_imports.txt"
SHOP = {
    "app.py": ("from shop.cart import Cart\n\nprint(Cart().total())\n", [("shop.cart", "Cart")]),
    "shop/__init__.py": ("", []),
    "shop/cart.py": (
        "import json\n\nfrom . import prices\n\n\nclass Cart:\n    def total(self):\n        return prices.of(json)\n",
        [("json", None), (".", "prices")],
    ),
    "shop/prices.py": ("def of(what):\n    return 2\n", []),
}


def made(
    folder: Path, files: dict[str, tuple[str, list[tuple[str, str | None]]]], repo: str | None = "team/shop"
) -> Run:
    """A run with facts of imports, and with some of a file that was dropped."""
    rows = [document(path, content, repo=repo) for path, (content, _) in files.items()]
    make_run(folder, rows)
    facts = [
        {"file_id": row["file_id"], "module": module, "name": name, "alias": None, "line": 1}
        for row in rows
        for module, name in files[row["path"]][1]
    ]
    facts.append({"file_id": "f" * 32, "module": "shop.cart", "name": None, "alias": None, "line": 1})
    facts.sort(key=lambda fact: str(fact["file_id"]))
    place = folder / "facts" / "import" / "00000.parquet"
    place.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(facts), place)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"].append({"path": "facts/import/00000.parquet", "rows": len(facts)})
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return Run(folder)


def reaches(imports: list[set[int]]) -> list[set[int]]:
    """All that each place imports, by others too."""
    found = [set(one) for one in imports]
    for _ in imports:
        found = [one.union(*(found[other] for other in one)) for one in found]
    return found


@given(st.integers(0, 12).flatmap(lambda n: st.lists(st.sets(st.integers(0, max(n - 1, 0))), min_size=n, max_size=n)))
def test_no_import_is_out_of_order_but_in_a_circle(imports: list[set[int]]) -> None:
    order = dependency_order(imports)
    assert sorted(order) == list(range(len(imports)))
    at = {place: number for number, place in enumerate(order)}
    reached = reaches(imports)
    for place, others in enumerate(imports):
        for other in others:
            assert at[other] <= at[place] or place in reached[other]


def test_a_circle_is_broken_where_fewest_imports_are_left() -> None:
    # 1, 2 and 3 import one another, 2 has one import only; 0 imports 1; 4 imports 0 and is in no circle
    assert dependency_order([{1}, {2, 3}, {1}, {1, 2}, {0}]) == [2, 1, 3, 0, 4]
    # in the same circle 0 has fewest; 4 has as few but is in no circle, and waits for what it imports
    assert dependency_order([{1}, {0, 2, 3}, {1, 3}, {1, 2, 0}, {3}]) == [0, 1, 2, 3, 4]


def test_what_is_connected_stays_together_and_paths_decide_the_rest() -> None:
    assert dependency_order([{4}, set(), {5}, set(), set(), set()]) == [4, 0, 1, 5, 2, 3]


def test_a_long_chain_needs_no_recursion() -> None:
    n = 5_000
    assert dependency_order([{place + 1} for place in range(n - 1)] + [set()]) == list(range(n))[::-1]


@pytest.mark.parametrize(
    ("language", "path", "one", "target"),
    [
        ("Python", "app/main.py", Import("app.models", "User"), "app/models/__init__.py"),
        ("Python", "app/main.py", Import("app.models.user", "User"), "app/models/user.py"),
        ("Python", "app/models/user.py", Import(".", "base"), "app/models/base.py"),
        ("Python", "app/models/user.py", Import("..tools", "x"), "app/tools.py"),
        ("Python", "tests/test_app.py", Import("app", None), "app/__init__.py"),
        ("Python", "tests/test_lib.py", Import("inner.deep", None), "src/inner/deep.py"),
        ("Python", "app/models/user.py", Import("base", None), None),  # a package's own folder is not on the path
        ("Python", "app/main.py", Import("json", None), None),
        ("Java", "src/main/java/org/a/Use.java", Import("org.a.util", "Text"), "src/main/java/org/a/util/Text.java"),
        ("Java", "Use.java", Import("org.a.util.Text", "of"), "src/main/java/org/a/util/Text.java"),
        ("Java", "src/main/java/org/a/Use.java", Import("org.a.util", "*"), "src/main/java/org/a/util/Text.java"),
        ("Java", "src/main/java/org/a/Use.java", Import("java.util", "List"), None),
        ("Kotlin", "src/main/java/org/a/K.kt", Import("org.a", "Main"), "src/main/java/org/a/Main.java"),
        ("JavaScript", "web/src/app.js", Import("./parts/menu", None), "web/src/parts/menu.jsx"),
        ("TypeScript", "web/src/app.ts", Import("./parts", "Menu"), "web/src/parts/index.ts"),
        ("TypeScript", "web/src/app.ts", Import("./types.js", "T"), "web/src/types.ts"),
        ("TypeScript", "web/src/parts/index.ts", Import("@/types", "T"), "web/src/types.ts"),
        ("JavaScript", "web/src/app.js", Import("react", "default"), None),
        ("Go", "cmd/run/main.go", Import("github.com/a/b/internal/store", None), "internal/store/store.go"),
        ("Go", "cmd/run/main.go", Import("github.com/a/b/wire", None), "wire/wire.go"),
        ("Go", "cmd/run/main.go", Import("net/wire", None), None),
        ("Go", "cmd/run/main.go", Import("github.com/other/deep/path/wire", None), None),
        ("C", "lib/list.c", Import("list.h", None), "lib/list.h"),
        ("C++", "lib/deep/use.cpp", Import("core/tree.h", None), "include/core/tree.h"),
        ("C", "lib/list.c", Import("stdio.h", None), None),
        ("Rust", "kit/src/net/mod.rs", Import("crate::store", "Store"), "kit/src/store.rs"),
        ("Rust", "kit/src/net/mod.rs", Import("super::store", "Store"), "kit/src/store.rs"),
        ("Rust", "kit/src/net/mod.rs", Import("self::wire", "read"), "kit/src/net/wire.rs"),
        ("Rust", "kit/src/store.rs", Import("small_kit", "Thing"), "small-kit/src/lib.rs"),
        ("Rust", "kit/src/store.rs", Import("std::io", "Read"), None),
        ("PHP", "src/Web/Page.php", Import("Acme\\Web", "Menu"), "src/Web/Menu.php"),
        ("PHP", "src/Web/Page.php", Import("../start.php", None), "src/start.php"),
        ("Perl", "bin/run.pl", Import("Text::Fold", None), "lib/Text/Fold.pm"),
        ("Haskell", "app/Main.hs", Import("Data.Tree", "Forest"), None),
        ("Haskell", "app/Main.hs", Import("Data", "Shop"), "lib/Data/Shop.hs"),
        ("C#", "a/B.cs", Import("A.B", None), None),
    ],
)  # fmt: skip
def test_imports_name_files(language: str, path: str, one: Import, target: str | None) -> None:
    paths = Paths(
        ["app/__init__.py", "app/main.py", "app/tools.py", "app/models/__init__.py", "app/models/user.py",
         "app/models/base.py", "src/inner/deep.py", "tests/test_app.py", "src/main/java/org/a/Main.java",
         "src/main/java/org/a/util/Text.java", "web/src/app.js", "web/src/parts/menu.jsx", "web/src/parts/index.ts",
         "web/src/types.ts", "cmd/run/main.go", "internal/store/store.go", "internal/store/store_test.go",
         "wire/wire.go", "lib/list.c", "lib/list.h", "include/core/tree.h", "kit/src/lib.rs", "kit/src/net/mod.rs",
         "kit/src/net/wire.rs", "kit/src/store.rs", "small-kit/src/lib.rs", "src/Web/Page.php", "src/Web/Menu.php",
         "src/start.php", "lib/Text/Fold.pm", "lib/Data/Shop.hs"]
    )  # fmt: skip
    found = [paths.paths[place] for place in targets(paths, path, language, one)]
    assert found == ([target] if target else [])


def test_golden(tmp_path: Path) -> None:
    """Renewed on purpose only: python tests/train/test_renderers_dependencies.py"""
    run = made(tmp_path / "run", SHOP)
    named = RenderConfig(named_rate=1)
    (found,) = rendered("dependencies", run, named, tmp_path / "scratch")
    assert found.text == GOLDEN.read_text(encoding="utf-8")
    assert [one.file_id for one in found.files] == [
        document(path, "", repo="team/shop")["file_id"]
        for path in ("shop/prices.py", "shop/cart.py", "app.py", "shop/__init__.py")
    ]
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize("part_bytes", [10**9, 2_000, 400, 1])
def test_a_repository_of_any_size_comes_in_order(tmp_path: Path, part_bytes: int) -> None:
    """A chain of forty files whose paths say the contrary, a repository beside it, and files without any."""
    chain = {
        f"m{number:02d}.py": (f"import m{number + 1:02d}\n" * 3, [(f"m{number + 1:02d}", None)]) for number in range(40)
    }
    run = made(tmp_path / "run", chain, repo="team/chain")
    (tmp_path / "scratch").mkdir()
    groups = list(repositories(run, tmp_path / "scratch", part_bytes, order=by_imports, with_imports=True))
    assert [row["path"] for group in groups for row in group] == sorted(chain, reverse=True)
    assert (len(groups) == 1) == (part_bytes >= 2_000)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_imports_are_joined_range_by_range(tmp_path: Path) -> None:
    run = made(tmp_path / "run", SHOP)
    whole = [row for batch in imports_of(run) for row in batch.to_pylist()]
    ranges = [row for batch in imports_of(run, files_a_range=1) for row in batch.to_pylist()]
    assert whole == ranges
    assert [(row["repo"], row["module"]) for row in whole].count(("team/shop", "shop.cart")) == 1
    assert len(whole) == 3
    assert list(imports_of(made(tmp_path / "loose", SHOP, repo=None))) == [], "files without a repository come alone"


def test_a_run_without_facts_is_told(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", [document("a.py", "x", repo="r")])
    with pytest.raises(WrongUse, match="no facts of imports"):
        list(rendered("dependencies", run, RenderConfig(), tmp_path / "scratch"))


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        shop = made(Path(folder, "run"), SHOP)
        one: Any = next(rendered("dependencies", shop, RenderConfig(named_rate=1), Path(folder, "scratch")))
        GOLDEN.write_text(one.text, encoding="utf-8")
