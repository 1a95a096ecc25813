"""XLIFF and TMX: what is filled in, inline elements, states, hostile XML."""

from pathlib import Path

import pytest

from mt.errors import InputError
from mt.formats import FORMATS, NO_OPTIONS
from tests.roundtrip import echoed, saved, through

XLIFF = """<?xml version='1.0' encoding="utf-8"?>
<!-- نص -->
<xliff version="1.2"  xmlns="urn:oasis:names:tc:xliff:document:1.2">
 <file original="a.txt" source-language="ar" datatype="plaintext"><body>
  <trans-unit id='1'>
   <source xml:lang="ar">وصل <g id="1">الوفد</g> إلى<x id="2"/> عمان &amp; <ph id="3">{نص}</ph></source>
  </trans-unit>
  <trans-unit id="2"><source>نعم</source><target state="new"/></trans-unit>
  <trans-unit id="3"><source>لا</source><target>No</target></trans-unit>
  <trans-unit id="4" translate="no"><source>لا</source></trans-unit>
  <trans-unit id="5"><source>NATO</source><alt-trans><source>نص</source></alt-trans></trans-unit>
 </body></file>
</xliff>
"""
XLIFF2 = """<xliff version="2.0" srcLang="ar" xmlns="urn:oasis:names:tc:xliff:document:2.0">
<file id="f"><unit id="u"><notes><note>نص</note></notes>
<segment><source>قال <pc id="1">الوزير</pc> نعم<ph id="2"/></source></segment>
<ignorable><source> </source></ignorable>
<segment><source>لا</source><target>لا</target></segment></unit></file></xliff>
"""
TMX = """<?xml version="1.0"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header srclang="ar" datatype="xml"/><body>
  <tu tuid="1">
    <tuv xml:lang="ar-SA">
      <seg>وصل <bpt i="1">&lt;b></bpt>الوفد<ept i="1">&lt;/b></ept> أمس</seg>
    </tuv>
  </tu>
  <tu><tuv xml:lang="ar"><seg>نعم</seg></tuv><tuv xml:lang="en"><seg/></tuv></tu>
  <tu><tuv xml:lang="ar"><seg>لا</seg></tuv><tuv xml:lang="EN-us"><seg>No</seg></tuv></tu>
</body></tmx>
"""


def test_targets_are_filled_and_the_rest_keeps_its_bytes(tmp_path: Path) -> None:
    written = through(saved(tmp_path, "a.xlf", XLIFF), lambda source: "E F").decode()
    start, end = written.index("<target xml:lang"), written.index("</target>")
    target = written[start:end]
    assert target.startswith('<target xml:lang="en" state="')
    assert all(target.count(tag) == 1 for tag in ('<g id="1">', "</g>", '<x id="2"/>', '<ph id="3">{نص}</ph>'))
    rest = written[: written.rindex("\n", 0, start)] + written[end + len("</target>") :]
    second = rest[rest.index("<target state") : rest.index("</target>") + len("</target>")]
    assert second.endswith(' state-qualifier="leveraged-mt">E F</target>')
    assert rest.replace(second, '<target state="new"/>').replace(' target-language="en"', "") == XLIFF


def test_version_two(tmp_path: Path) -> None:
    written = through(saved(tmp_path, "a.xliff", XLIFF2)).decode()
    assert 'trgLang="en"' in written and written.count('<segment state="translated"') == 2
    assert written.count("<target>") == 2 and "<note>نص</note>" in written
    target = written[written.index("<target>") :]
    assert target.index('<pc id="1">') < target.index("</pc>") and '<ph id="2"/>' in target


def test_tmx_gets_english_variants(tmp_path: Path) -> None:
    written = through(saved(tmp_path, "a.tmx", TMX)).decode()
    assert written.count("<tuv ") == 6 and '<tuv xml:lang="en"><seg>Ngm.</seg></tuv>' in written
    made = written[written.index('\n    <tuv xml:lang="en">\n') : written.index("</tu>")]
    assert made.index('<bpt i="1">') < made.index('<ept i="1">') and made.endswith("</seg>\n    </tuv>\n  ")


@pytest.mark.parametrize(("name", "content"), [("a.xlf", XLIFF), ("a.xlf", XLIFF2), ("a.tmx", TMX)])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_bytes_stay_when_the_engine_returns_its_input(tmp_path: Path, name: str, content: str, encoding: str) -> None:
    data = content.replace('encoding="utf-8"', "").encode(encoding)
    assert echoed(saved(tmp_path, name, data)) == data


def test_another_target_language_is_refused(tmp_path: Path) -> None:
    content = XLIFF.replace('source-language="ar"', 'source-language="ar" target-language="fr"')
    with pytest.raises(InputError, match="wants translations into 'fr'"):
        FORMATS[".xlf"].read(saved(tmp_path, "a.xlf", content), NO_OPTIONS)


LAUGHS = '<!DOCTYPE x [<!ENTITY a "نص"><!ENTITY b "&a;&a;&a;">]><xliff><source>&b;</source></xliff>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xliff>&a;</xliff>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (LAUGHS, "declares entities"),
        (OUTSIDE, "declares entities"),
        ("<xliff>" + "<g>" * 5000, "nested deeper"),
        ("<xliff><a></xliff>", "not well-formed XML: mismatched tag: line 1"),
        ("<tmx/>", "its root must be <xliff>"),
        ("", "not well-formed XML"),
        ("<?xml version='1.0' encoding='punycode'?><xliff/>", "not in punycode, as it says"),
    ],
)
def test_hostile_xml_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FORMATS[".xlf"].read(saved(tmp_path, "a.xlf", content), NO_OPTIONS)
