"""The stages of a recipe, by name. Adding one is a file beside this one and a line in the table."""

from __future__ import annotations

from curate.stage import Stage
from curate.stages.classify import Classify
from curate.stages.datalog import Datalog
from curate.stages.datatrove import Datatrove
from curate.stages.decode import Decode
from curate.stages.decontaminate import Decontaminate
from curate.stages.dirt import Dirt
from curate.stages.exact import Exact
from curate.stages.language import DetectLanguage
from curate.stages.layout import Layout
from curate.stages.licence import Licence
from curate.stages.minhash import MinHash
from curate.stages.opt_out import OptOut
from curate.stages.portrait import Portrait
from curate.stages.read import Read
from curate.stages.redact import Redact
from curate.stages.resample import Resample
from curate.stages.score import Score
from curate.stages.segments import Segments
from curate.stages.simhash import SimHash
from curate.stages.syntax import Syntax
from curate.stages.text import Text

STAGES: dict[str, type[Stage]] = {
    stage.name: stage
    for stage in (
        Read,
        Decode,
        OptOut,
        Licence,
        DetectLanguage,
        Dirt,
        Redact,
        Text,
        Classify,
        Datatrove,
        Syntax,
        Score,
        Datalog,
        Portrait,
        Decontaminate,
        Exact,
        SimHash,
        MinHash,
        Resample,
        Segments,
        Layout,
    )
}
