"""The stages of a recipe, by name. Adding one is a file beside this one and a line in the table."""

from __future__ import annotations

from curate.stage import Stage
from curate.stages.decode import Decode
from curate.stages.exact import Exact
from curate.stages.language import DetectLanguage
from curate.stages.layout import Layout
from curate.stages.minhash import MinHash
from curate.stages.read import Read
from curate.stages.resample import Resample
from curate.stages.simhash import SimHash
from curate.stages.syntax import Syntax
from curate.stages.text import Text

STAGES: dict[str, type[Stage]] = {
    stage.name: stage
    for stage in (Read, Decode, DetectLanguage, Text, Syntax, Exact, SimHash, MinHash, Resample, Layout)
}
