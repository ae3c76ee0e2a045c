"""Where a file comes from, by its path and head: vendored, generated, a lock file, minified, a test, notes on code.

Sources: Linguist's vendor patterns (vendor.yml) and StarCoder2's and OpenCoder's rules for text files. Left out of
Linguist's list because people write these: tools/, deps/ below the root, debian/, cache/, env/, test fixtures, type
declarations (.d.ts), Vagrantfile, Jenkinsfile, fabfile.py and Git's own files. Added: Python's and Yarn's folders.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

import pyarrow as pa

from analyzers.buffers import offsets_and_bytes
from analyzers.generated import HEAD_BYTES, TAIL_BYTES, generated_by
from analyzers.languages import BY_NAME


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What path and head say of a file; `generated_by` names the generator or kind of mark."""

    is_vendored: bool  # copied from another project
    is_generated: bool  # written by a program
    is_lock_file: bool  # versions that a package manager pinned; is_generated as well
    is_minified_name: bool  # by its name alone: the measures of its lines say more
    is_test_file: bool
    is_code_related_name: bool  # a text file's name that says it is about code
    generated_by: str | None


def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


_VENDORED_FOLDERS = _words(
    "node_modules bower_components jspm_packages vendor vendors third_party third-party thirdparty 3rdparty 3rd_party "
    "3rd-party extern external externals dist godeps pods carthage .yarn site-packages .venv venv virtualenv "
    "ace-builds mathjax tiny_mce codemirror extjs bootstrap-datepicker admin_media .google_apis bourbon "
    "crashlytics.framework fabric.framework .bundle elm-stuff"
)
_VENDORED_AT_ROOT = ("deps/", "dependencies/", "puphpet/")
_VENDORED_PLACES = re.compile(
    r"(?:^|/)(?:gradle/wrapper|docs?/_?(?:build|themes?|templates?|static))/|\.(?:xctemplate|imageset)/"
    r"|^packages/.+\.\d+/"
)
_VENDORED_NAMES = _words(
    "gradlew gradlew.bat mvnw mvnw.cmd configure config.guess config.sub install-sh ltmain.sh depcomp missing compile "
    "aclocal.m4 libtool.m4 ltoptions.m4 ltsugar.m4 ltversion.m4 lt~obsolete.m4 cpplint.py erlang.mk rebar activator "
    "activator.bat waf fuelux.js effects.js controls.js dragdrop.js dojo.js mochikit.js ckeditor.js chart.js "
    "html5shiv.js shlegacy.js octicons.css sprockets-octicons.scss leaflet.draw.css leaflet.draw-src.js "
    "leaflet.spin.js get-pip.py ez_setup.py versioneer.py"
)
_SCRIPTS = (".js", ".css", ".less", ".scss", ".styl", ".sass", ".mjs", ".cjs")
_VENDORED_SCRIPTS = re.compile(
    r"""(?:
    (?:custom\.)?bootstrap[^.]*\.(?:js|css|less|scss|styl)
    | (?:font-?awesome|foundation|normalize|animate)\.(?:css|less|scss|styl)
    | (?:[^.]*[-_.])?import\.(?:css|less|scss|styl)
    | fontello.*\.css
    | jquery(?:[^.]*|-\d\.\d+(?:\.\d+)?|-ui(?:-\d\.\d+(?:\.\d+)?)?(?:\.\w+)?|\.(?:ui|effects)\.[^.]*|\.fn\.gantt
            |\.fancybox|\.fileupload(?:-\w+)?|[^.]*\.validate(?:\.unobtrusive)?|[^.]*\.unobtrusive-ajax)\.(?:js|css)
    | (?:angular|react|react-dom|d3(?:\.v\d+)?|backbone|underscore|lodash|ember|knockout|vue|moment|mootools|yui|yahoo-
        |tiny_mce|shbrush|shcore|prototype|cordova|phonegap|foundation|raphael|require|modernizr|handlebars|socket\.io
        |three|zepto|dojo|leaflet|highcharts)(?:-[\d.]+[-\w]*|\.custom\.\d+|-[a-z]+|\.(?:core|global|runtime))?\.js
    | slick\.\w+\.js | (?:.*-vsdoc|.*\.intellisense)\.js | microsoft(?:mvc)?(?:ajax|validation)(?:\.debug)?\.js
    | leaflet\.coordinates-[\d.]+\.src\.js | control\.fullscreen\.(?:css|js) | wicket-leaflet\.js
    )""",
    re.VERBOSE,
)

_MIN = re.compile(r"[.-]min(?=\.\w+$)")

_LOCK_FILES = _words(
    "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb deno.lock cargo.lock "
    "poetry.lock pdm.lock uv.lock pipfile.lock pixi.lock conda-lock.yml composer.lock gemfile.lock gems.locked "
    "gopkg.lock glide.lock go.sum go.work.sum flake.lock mix.lock rebar.lock pubspec.lock podfile.lock "
    "cartfile.resolved package.resolved .terraform.lock.hcl packages.lock.json paket.lock module.bazel.lock "
    "gradle.lockfile buildscript-gradle.lockfile conan.lock shard.lock renv.lock berksfile.lock stack.yaml.lock "
    "cabal.project.freeze esy.lock vcpkg-lock.json"
)
_MINIFIED_NAME = re.compile(
    r".*[-._](?:min|bundle|packed|pack|prod|chunk|umd\.min)\.(?:m?js|cjs|css|html?)(?:\.map)?"
    r"|[\w.~-]+[.-](?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,32}\.(?:chunk\.)?(?:m?js|css)"  # a hash in the name
)

_TEST_FOLDERS = _words("test tests __tests__ unittest unittests testdata test_data e2e androidtest testthat")
_SPEC_LANGUAGES = frozenset({"Ruby", "JavaScript", "TypeScript", "TSX", "CoffeeScript", "Crystal", "Lua", "PHP"})
_TEST_NAME = re.compile(
    r"test[-_].+\.\w+|.+[-_]tests?\.\w+|.+\.(?:test|spec|tests|cy|e2e)\.\w+|.+_(?:spec|suite|unittest)\.\w+"
    r"|tests?\.\w+|conftest\.py|.+\.(?:bats|feature)",
    re.IGNORECASE,
)
_CAMEL_TEST_NAME = re.compile(
    r"(?:.*[a-z0-9_])?Tests?(?:Case|Cases|Suite)?|Test[A-Z]\w*|.*[a-z0-9](?:Spec|IT)|.+_SUITE"
)
_CAMEL_LANGUAGES = frozenset(
    {"Java", "Kotlin", "Scala", "Groovy", "C#", "F#", "Visual Basic .NET", "Swift", "Objective-C", "PHP", "Haskell",
     "Erlang", "C++", "Dart", "ActionScript", "Haxe", "Apex"}
)  # fmt: skip
_CODE_RELATED = frozenset({"readme", "notes", "todo", "description", "cmakelists"})


def mark(path: str, language: str, head: bytes, tail: bytes = b"") -> Origin:
    """The origin of one file. `path` uses slashes; HEAD_BYTES and TAIL_BYTES of the ends suffice.

    Without a tail the head is taken for the whole file. About 20 microseconds.
    """
    name = path.rpartition("/")[2]
    lowered = path.lower()
    lowered_name = lowered.rpartition("/")[2]
    is_lock_file = lowered_name in _LOCK_FILES
    generator = "lock file" if is_lock_file else generated_by(path, language, head, tail)
    folders = frozenset(lowered.split("/")[:-1])
    return Origin(
        is_vendored=_is_vendored(lowered, lowered_name, folders),
        is_generated=generator is not None,
        is_lock_file=is_lock_file,
        is_minified_name=_MINIFIED_NAME.fullmatch(lowered_name) is not None,
        is_test_file=_is_test_file(name, language, folders),
        is_code_related_name="requirement" in lowered_name or lowered_name.partition(".")[0] in _CODE_RELATED,
        generated_by=generator,
    )


def mark_batch(paths: list[str], languages: list[str], content: pa.LargeStringArray) -> dict[str, pa.Array]:
    """A column for each field of Origin (bool, `generated_by` string), one row a file; a null content has no head."""
    if not len(paths) == len(languages) == len(content):
        raise ValueError(
            f"{len(paths)} paths and {len(languages)} languages for {len(content)} files: one of each a file is needed"
        )
    offsets, data = offsets_and_bytes(content)
    view = data.data
    bounds = offsets.tolist()
    origins = []
    for path, language, start, end in zip(paths, languages, bounds, bounds[1:], strict=False):
        head = bytes(view[start : min(end, start + HEAD_BYTES)])
        tail = bytes(view[end - TAIL_BYTES : end]) if end - start > HEAD_BYTES else b""
        origins.append(mark(path, language, head, tail))
    types = {field.name: pa.string() if field.name == "generated_by" else pa.bool_() for field in fields(Origin)}
    return {name: pa.array([getattr(origin, name) for origin in origins], kind) for name, kind in types.items()}


def _is_vendored(path: str, name: str, folders: frozenset[str]) -> bool:
    """Whether a lower-cased path is one of those into which other projects are copied."""
    return (
        not folders.isdisjoint(_VENDORED_FOLDERS)
        or name in _VENDORED_NAMES
        or path.startswith(_VENDORED_AT_ROOT)
        or _VENDORED_PLACES.search(path) is not None
        or (name.endswith(_SCRIPTS) and _VENDORED_SCRIPTS.fullmatch(_MIN.sub("", name)) is not None)
    )


def _is_test_file(name: str, language: str, folders: frozenset[str]) -> bool:
    """Whether a file of code or data belongs to tests, by its folders or by its name as its language writes it."""
    row = BY_NAME.get(language)
    if row is not None and row.kind == "prose":
        return False
    if not folders.isdisjoint(_TEST_FOLDERS) or _TEST_NAME.fullmatch(name):
        return True
    if language in _SPEC_LANGUAGES and not folders.isdisjoint({"spec", "specs"}):
        return True
    if language in _CAMEL_LANGUAGES and _CAMEL_TEST_NAME.fullmatch(name.partition(".")[0]):
        return True
    return language == "Perl" and name.endswith(".t")
