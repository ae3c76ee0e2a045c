"""Package manifests: what each format declares, and that no bytes make one raise or read further."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.licences.manifests import declared, is_manifest

POM = '<project xmlns="http://maven.apache.org/POM/4.0.0"><licenses>{}</licenses></project>'
DEP5 = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
CASES = [
    ("package.json", '{"license": "MIT"}', "MIT"),
    ("package.json", '{"license": "(MIT OR GPL-2.0)"}', "GPL-2.0-only OR MIT"),
    ("package.json", '{"license": {"type": "BSD"}}', "BSD-3-Clause"),
    ("package.json", '{"licenses": [{"type": "MIT"}, {"type": "Apache-2.0"}]}', "Apache-2.0 OR MIT"),
    ("package.json", '{"license": "UNLICENSED"}', "LicenseRef-proprietary"),
    ("package.json", '{"license": "SEE LICENSE IN terms.txt"}', None),
    ("package.json", '\ufeff{"license": "ISC"}', "ISC"),
    ("composer.json", '{"license": ["LGPL-2.1-only", "GPL-3.0-or-later"]}', "GPL-3.0-or-later OR LGPL-2.1-only"),
    ("Cargo.toml", '[package]\nlicense = "MIT/Apache-2.0"\n', "Apache-2.0 OR MIT"),
    ("Cargo.toml", '[workspace]\nmembers = ["a"]\n', None),
    ("pyproject.toml", '[project]\nlicense = "MIT"\n', "MIT"),
    ("pyproject.toml", '[project]\nlicense = {text = "BSD"}\n', "BSD-3-Clause"),
    ("pyproject.toml", '[project]\nclassifiers = ["License :: OSI Approved :: MIT License"]\n', "MIT"),
    ("pyproject.toml", '[tool.poetry]\nlicense = "LGPL-3.0+"\n', "LGPL-3.0-or-later"),
    ("setup.cfg", "[metadata]\nlicense = Apache 2.0\n", "Apache-2.0"),
    ("setup.cfg", "[metadata]\nclassifiers =\n  License :: OSI Approved\n  License :: OSI Approved :: MIT License\n",
     "MIT"),
    ("setup.py", "from setuptools import setup\nsetup(name='x', license='GPLv3')", "GPL-3.0-only"),
    ("setup.py", "import setuptools\nsetuptools.setup(license=open('LICENSE').read())", None),
    ("setup.py", "setup(license='MIT', regex='\\d')", "MIT"),  # Python warns of the escape
    ("METADATA", "Name: x\nLicense-Expression: MIT AND Zlib\n", "MIT AND Zlib"),
    ("METADATA", "Name: x\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: Apache Software License\n",
     "Apache-2.0"),
    ("pom.xml", POM.format("<license><name>The Apache Software License, Version 2.0</name></license>"), "Apache-2.0"),
    ("pom.xml", POM.format("<license><name>CDDL 1.1</name></license><license><name>GPL-2.0</name></license>"),
     "CDDL-1.1 OR GPL-2.0-only"),
    ("x.nuspec", '<package><metadata><license type="expression">MIT</license></metadata></package>', "MIT"),
    ("x.nuspec", '<package><metadata><license type="file">LICENSE.txt</license></metadata></package>', None),
    ("x.csproj", "<Project><A><PackageLicenseExpression>Zlib</PackageLicenseExpression></A></Project>", "Zlib"),
    ("x.gemspec", "Gem::Specification.new do |s|\n  s.license = 'MIT'\nend", "MIT"),
    ("x.gemspec", "  s.licenses = ['MIT', \"GPL-2.0\"]\n", "GPL-2.0-only OR MIT"),
    ("x.gemspec", "  s.license = File.read('LICENSE')\n", None),
    ("DESCRIPTION", "Package: x\nLicense: GPL (>= 2)\n", "GPL-2.0-or-later"),
    ("DESCRIPTION", "Package: x\nLicense: MIT + file LICENSE\n", "MIT"),
    ("DESCRIPTION", "Package: x\nLicense: GPL-2 | GPL-3\n", "GPL-2.0-only OR GPL-3.0-only"),
    ("DESCRIPTION", "License: MIT\n", None),
    ("x.cabal", "name: x\nlicense:             BSD3\n", "BSD-3-Clause"),
    ("copyright", DEP5 + "Files: *\nLicense: GPL-2+\n\nFiles: debian/*\nLicense: Expat\n", "GPL-2.0-or-later"),
    ("copyright", DEP5 + "Files: a\nLicense: GPL-3\n\nFiles: b\nLicense: Expat\n", "GPL-3.0-only AND MIT"),
    ("copyright", "it was downloaded from somewhere\n", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "expected"), CASES)
def test_declared(name: str, text: str, expected: str | None) -> None:
    assert is_manifest(name)
    assert declared(name, text) == expected


LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>' + POM.format("<license><name>&b;</name></license>")
NAMES = ["package.json", "composer.json", "Cargo.toml", "pyproject.toml", "setup.cfg", "setup.py", "METADATA",
         "pom.xml", "x.nuspec", "x.gemspec", "DESCRIPTION", "x.cabal", "copyright"]  # fmt: skip
HOSTILE = {
    "empty": "",
    "nul": "\0" * 50,
    "list": "[1]",
    "null": "null",
    "deep lists": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "deep brackets": "license = " + "(" * 100_000,
    "deep elements": "<a>" * 100_000,
    "closed elements": "<a>" * 50_000 + "</a>" * 50_000,
    "entities": LAUGHS,
    "outside entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><project><licenses>&a;</licenses></project>',
    "infinite": '{"license": 1e999}',
    "number": '{"license": 5, "licenses": [1, null, {"type": []}]}',
    "long": '{"license": "' + "MIT AND " * 50_000 + 'MIT"}',
    "huge": "x" * 2_000_000,
    "minus": "setup(license=" + "-" * 50_000 + "1)",
    "sections": "[[[\n=\n[a]\n",
    "toml": "a = {b = {c = [1, {d = 2}]}}\n[package\n",
    "headers": "License: MIT\n" * 5_000,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_bytes_cost_nothing_but_the_answer(name: str, what: str) -> None:
    assert declared(name, HOSTILE[what]) in (None, "MIT", "LicenseRef-unknown")


@pytest.mark.parametrize("what", ["entities", "outside entity"])
def test_no_entity_is_expanded(what: str) -> None:
    plain = POM.format("<license><name>MIT</name></license>")
    assert declared("pom.xml", plain) == "MIT"
    assert declared("pom.xml", HOSTILE[what].replace('"ha"', '"MIT"').replace("&a;&a;&a;&a;", "&a;")) is None
    assert declared("pom.xml", "<!DOCTYPE project>" + plain) is None


@given(st.sampled_from(NAMES), st.text(max_size=200) | st.text('{}[]":,=<>/\nlicense MIT', max_size=200))
def test_no_text_raises(name: str, text: str) -> None:
    found = declared(name, text)
    assert found is None or isinstance(found, str)
