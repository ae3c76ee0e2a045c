"""A project of six files in four languages, small enough to know every answer, and its facts without Spark."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from analyzers.detect import detect_batch
from analyzers.syntax.facts.packed import ALL
from analyzers.syntax.limits import Limits
from analyzers.syntax.task import examine
from curate import nested
from curate.fact_files import NAME, publish
from curate.facts import FactBase
from curate.sources.raw import place_id

CART = '''"""The cart."""

import json
from shop.price import total


class Base:
    def save(self):
        return json.dumps(self.rows)


class Cart(Base):
    """Holds rows."""

    def __init__(self, rows):
        self.rows = rows

    def total(self, a, b, c, d, e):
        return total(self.rows) + self.tax()

    def tax(self):
        if self.rows and len(self.rows) > 2:
            return 1
        return helper(2)


def helper(n):
    # twice
    return n * 2


def lonely():
    x = 1
    y = 2
    z = 3
    return x + y + z
'''
PRICE = "from shop.cart import helper\n\n\ndef total(rows):\n    return helper(len(rows))\n"
TEST = "from shop.cart import Cart\n\n\ndef test_cart():\n    return Cart([]).save()\n"
APP = """import React from "react";

class A {}
class B extends A {}
class C extends B {}

// Which one.
function pick(n) {
  switch (n) {
    case 1: return 1; case 2: return 2; case 3: return 3; case 4: return 4; case 5: return 5;
    case 6: return 6; case 7: return 7; case 8: return 8; case 9: return 9; case 10: return 10;
  }
}
"""
CHAIN = """/* A chain. */
static int d(void) { return 1; }
static int c(void) { return d(); }
static int b(void) { return c(); }
int a(void) { return b(); }
"""
_METHOD = (
    "  int m{0}(int x) {{ if (x > 1) return 1; if (x > 2) return 2; if (x > 3) return 3; return x > 4 ? 1 : 2; }}\n"
)
GOD = "class God {\n" + "".join(_METHOD.format(n) for n in range(20)) + "}\n"

FILES = {
    "shop/cart.py": CART,
    "shop/price.py": PRICE,
    "tests/test_shop.py": TEST,
    "web/app.js": APP,
    "native/chain.c": CHAIN,
    "core/God.java": GOD,
}


def write_project(folder: Path) -> Path:
    """The project as files below `folder`."""
    for path, text in FILES.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder


def make_facts(folder: Path, files: dict[str, str] = FILES, label: str = "project") -> FactBase:
    """Facts of files in `folder`, one bucket, as an extraction of a folder called `label` writes them."""
    languages = detect_batch(list(files), pa.array(list(files.values()), pa.large_string())).to_pylist()
    rows = []
    for (path, text), language in zip(files.items(), languages, strict=True):
        file_id = place_id(f"{label}/{path}")
        packed = examine((language, file_id, None, path), text.encode(), Limits(), {"facts": ALL})["facts"]
        assert isinstance(packed, bytes), (path, packed)
        rows.append({"file_id": file_id, "facts": packed, "_file": 0})
    rows.sort(key=lambda row: row["file_id"])
    writer = nested.BucketWriter(folder=str(folder / "_work"), opener=nested.Facts())
    written = [row for batch in writer(iter([pa.RecordBatch.from_pylist(rows)])) for row in batch.to_pylist()]
    target = folder / "facts"
    target.mkdir(parents=True, exist_ok=True)
    (target / NAME).write_text(json.dumps(publish(written, target)), encoding="utf-8")
    return FactBase(folder)
