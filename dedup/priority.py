"""Which of several equal or similar files is kept: one order for every stage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Coarse classes, so that selection among near-duplicates ends in few rounds. SPDX identifiers, lower-case.
PERMISSIVE = frozenset(
    [
        "0bsd",
        "afl-3.0",
        "apache-1.1",
        "apache-2.0",
        "artistic-2.0",
        "blueoak-1.0.0",
        "bsd-2-clause",
        "bsd-2-clause-patent",
        "bsd-3-clause",
        "bsd-3-clause-clear",
        "bsd-4-clause",
        "bsl-1.0",
        "cc0-1.0",
        "ecl-2.0",
        "fsfap",
        "ftl",
        "hpnd",
        "icu",
        "ijg",
        "isc",
        "libpng",
        "libtiff",
        "mit",
        "mit-0",
        "mit-cmu",
        "mit-feh",
        "ms-pl",
        "ncsa",
        "naist-2003",
        "ofl-1.1",
        "openldap-2.8",
        "openssl",
        "php-3.0",
        "php-3.01",
        "postgresql",
        "psf-2.0",
        "python-2.0",
        "python-2.0.1",
        "ruby",
        "sgi-b-2.0",
        "tcl",
        "unicode-3.0",
        "unicode-dfs-2016",
        "unlicense",
        "upl-1.0",
        "vim",
        "w3c",
        "wtfpl",
        "x11",
        "zlib",
        "zpl-2.1",
    ]
)
_COPYLEFT = ("gpl", "agpl", "lgpl", "mpl", "epl", "eupl", "cddl", "cecill", "osl", "cc-by-sa", "ms-rl", "sleepycat")

CLASSES = ("permissive", "copyleft", "none", "other")
STAR_EDGES = (1, 10, 100, 1000)  # buckets 0, 1-9, 10-99, 100-999, 1000 and more


def licence_class(licence: str | None) -> str:
    """Class of an SPDX expression: the least free of its parts; "none" where no licence is known.

    An exception (`GPL-2.0-only WITH Classpath-exception-2.0`) only adds permissions and changes no class.
    """
    if not licence:
        return "none"
    worst = "permissive"
    words = licence.lower().replace("(", " ").replace(")", " ").split()
    for before, word in zip(["", *words], words, strict=False):
        if word in ("and", "or", "with") or before == "with" or word in PERMISSIVE:
            continue
        if not word.startswith(_COPYLEFT):
            return "other"
        worst = "copyleft"
    return worst


def rank(licences: Sequence[str | None], stars: Sequence[int | None]) -> np.ndarray:
    """Keeper priority (int32, lower is kept first) by licence class, then by more stars.

    Ties are broken by content_id and then file_id, ascending, which a caller compares after this.
    """
    classes = {licence: CLASSES.index(licence_class(licence)) for licence in set(licences)}
    order = np.array([classes[licence] for licence in licences], np.int32)
    counts = np.array([star or 0 for star in stars], np.int64)
    buckets = np.searchsorted(np.array(STAR_EDGES), counts, side="right")
    return (order * (len(STAR_EDGES) + 1) + (len(STAR_EDGES) - buckets)).astype(np.int32)
