"""Glossaries: reading, finding, wanting, mending, and what is wrong with them."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from mt.config import Config, DecodingOptions, load_config
from mt.data import Hypothesis, Segment, Translation
from mt.errors import InputError
from mt.glossary import STARTER, Glossary, Term, load, problems, read
from mt.glossary.english_side import pattern
from mt.pipeline import Pipeline
from mt.translation import Aids, translate
from tests.fakes import FakeEngine

CASES = Path(__file__).parent / "cases"
ARABIC = json.loads((CASES / "glossary_arabic.json").read_text(encoding="utf-8"))
ENGLISH = json.loads((CASES / "glossary_english.json").read_text(encoding="utf-8"))
COURT = Term("محكمة", "tribunal", forbidden=("court",))
COUNCIL = Term("مجلس الأمن", "Security Council")
PROMPT = "Terms: {terms}\nArabic: {source}\nEnglish:"


def term(target: str, case: str = "auto", part_of_speech: str = "") -> Term:
    return Term("س", target, case=case, part_of_speech=part_of_speech)  # type: ignore[arg-type]


@pytest.mark.parametrize(("arabic", "text", "expected"), ARABIC["found"])
def test_term_is_found(arabic: str, text: str, expected: str) -> None:
    assert [text[found.start : found.end] for found in Glossary([Term(arabic, "x")]).find(text)] == [expected]


@pytest.mark.parametrize(("arabic", "text"), ARABIC["not_found"])
def test_term_is_not_found(arabic: str, text: str) -> None:
    assert Glossary([Term(arabic, "x")]).find(text) == ()


def test_the_longest_term_wins_even_if_it_starts_later() -> None:
    glossary = Glossary(
        [Term("وزير الدفاع", "defence minister"), Term("الدفاع الجوي الوطني", "National Air Defence"), Term("وزير", "minister")]
    )
    assert [found.term.target for found in glossary.find("قال وزير الدفاع الجوي الوطني")] == ["minister", "National Air Defence"]
    assert [found.term.target for found in glossary.find("قال وزير الدفاع")] == ["defence minister"]


@pytest.mark.parametrize(("given", "text"), ENGLISH["right"])
def test_english_counts_as_the_term(given: list[str], text: str) -> None:
    assert pattern(term(*given)).search(text)


@pytest.mark.parametrize(("given", "text"), ENGLISH["wrong"])
def test_english_does_not_count_as_the_term(given: list[str], text: str) -> None:
    assert not pattern(term(*given)).search(text)


# Files

TERMS = [("محكمة", "tribunal"), ("مجلس الأمن", "Security Council")]
FILES = {
    "a.csv": "source,target,note,case,part of speech,forbidden\n"
    "محكمة,tribunal,law,any,noun,court|law court\nمجلس الأمن,Security Council,,,,\n",
    "b.tsv": "\ufeffArabic\tEnglish\nمحكمة\ttribunal\n# a comment\nمجلس  الأمن\tSecurity Council\n",
    "c.csv": "محكمة;tribunal\nمجلس الأمن;Security Council\n",
    "d.yaml": "محكمة: tribunal\nمجلس الأمن: Security Council\n",
    "e.yml": "- {ar: محكمة, en: tribunal, forbidden: [court, law court], case: any, pos: noun, note: law}\n"
    "- {source: مجلس الأمن, target: Security Council}\n",
    "f.tbx": """<?xml version="1.0"?><martif type="TBX" xml:lang="en"><text><body>
<termEntry id="1"><descrip type="definition">law</descrip>
<langSet xml:lang="ar"><tig><term>محكمة</term></tig></langSet>
<langSet xml:lang="en-GB"><tig><term>tribunal</term><termNote type="partOfSpeech">noun</termNote></tig>
<tig><term>court</term><termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></tig></langSet></termEntry>
<termEntry><langSet xml:lang="ar"><tig><term>مجلس الأمن</term></tig></langSet>
<langSet xml:lang="en"><ntig><termGrp><term>Security Council</term></termGrp></ntig></langSet></termEntry>
</body></text></martif>""",
    "g.tbx": """<tbx xmlns="urn:iso:std:iso:30042:ed-2"><text><body>
<conceptEntry id="1"><langSec xml:lang="ar"><termSec><term>محكمة</term></termSec></langSec>
<langSec xml:lang="en"><termSec><term>tribunal</term></termSec></langSec></conceptEntry>
<conceptEntry id="2"><langSec xml:lang="ar"><termSec><term>مجلس الأمن</term></termSec></langSec>
<langSec xml:lang="en"><termSec><term>Security Council</term></termSec></langSec></conceptEntry></body></text></tbx>""",
}


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FILES)
def test_every_format_is_read(tmp_path: Path, name: str) -> None:
    found = read(written(tmp_path, name, FILES[name]))
    assert [(t.source, t.target) for t in found] == TERMS
    assert all(name in t.place for t in found)


@pytest.mark.parametrize(
    ("name", "forbidden"), [("a.csv", ("court", "law court")), ("e.yml", ("court", "law court")), ("f.tbx", ("court",))]
)
def test_all_fields_are_read(tmp_path: Path, name: str, forbidden: tuple[str, ...]) -> None:
    first = read(written(tmp_path, name, FILES[name]))[0]
    assert (first.note, first.part_of_speech, first.forbidden) == ("law", "noun", forbidden)
    assert first.case == ("auto" if name.endswith("tbx") else "any")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.xlsx", "", "ends in one of"),
        ("a.csv", "name,value\nx,y\n", "header must name"),
        ("a.csv", "source,target,case\nمحكمة,court,maybe\n", "a.csv:2: case"),
        ("a.yaml", "- [1, 2]\n", "expected a list of entries"),
        ("a.yaml", "- {sauce: x}\n", "unknown key 'sauce'"),
        ("a.yaml", "a: [\n", "not valid YAML"),
        ("a.tbx", "<a>", "not valid XML"),
        ("a.tbx", "<a/>", "not a TBX"),
    ],
)
def test_a_bad_file_is_an_error_that_names_it(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(written(tmp_path, name, text))


def test_a_file_that_is_not_there_or_not_utf8_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: cannot be read"):
        read(tmp_path / "none.csv")
    (tmp_path / "old.csv").write_bytes("محكمة,court".encode("cp1256"))
    with pytest.raises(InputError, match="not UTF-8"):
        read(tmp_path / "old.csv")


def test_entities_of_a_tbx_file_are_not_resolved(tmp_path: Path) -> None:
    secret = written(tmp_path, "secret.txt", "secret")
    head = f'<!DOCTYPE martif [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    text = FILES["f.tbx"].replace('<?xml version="1.0"?>', head).replace("<term>tribunal", "<term>tribunal&x;")
    assert "secret" not in read(written(tmp_path, "x.tbx", text))[0].target


def test_an_earlier_file_wins_and_a_changed_file_is_read_again(tmp_path: Path) -> None:
    one, two = written(tmp_path, "1.csv", "محكمة,tribunal\n"), written(tmp_path, "2.csv", "محكمة,court\n")
    assert load([one, two]).find("المحكمة")[0].term.target == "tribunal"
    before = load([one]).signature
    written(tmp_path, "1.csv", "محكمة,law court\n")
    assert load([one]).signature != before


@pytest.mark.parametrize(
    ("terms", "kind", "said"),
    [
        ([Term("", "court")], "error", "Arabic side is empty"),
        ([Term("محكمة", "")], "error", "English side is empty"),
        ([Term("court", "tribunal")], "error", "no Arabic"),
        ([Term("محكمة", "محكمة")], "error", "Arabic in the English"),
        ([COURT, Term("محكمه", "court")], "error", "two translations, tribunal and court"),
        ([COURT, Term("مَحكمة", "the tribunal")], "warning", "twice"),
        ([Term("محكمة", "court", forbidden=("courts",))], "warning", ""),
        ([Term("محكمة", "court", forbidden=("court",))], "error", "forbidden and wanted"),
        ([Term("من", "from")], "warning", "so short"),
        ([Term("كلمة " * 13, "word")], "warning", "translation memory"),
    ],
)
def test_problems_are_found(terms: list[Term], kind: str, said: str) -> None:
    found = problems(terms)
    assert [(p.kind, said in p.message) for p in found] == ([(kind, True)] if said else [])


def test_a_sound_glossary_has_no_problems() -> None:
    assert problems([COURT, COUNCIL]) == ()


# In the English


def test_a_term_that_is_there_is_left_alone() -> None:
    applied = Glossary([COUNCIL]).apply("اجتمع مجلس الأمن", "The Security Council met.")
    assert (applied.text, [t.how for t in applied.terms], applied.flags) == ("The Security Council met.", ["decoded"], frozenset())


@pytest.mark.parametrize(
    ("wanted", "source", "english", "expected"),
    [
        (COURT, "قررت المحكمة تأجيل القضية", "The court decided to postpone the case.", "The tribunal decided to postpone the case."),
        (
            Term("محكمة", "assize"),
            "قررت المحكمة تأجيل القضية",
            "A court decided to postpone the case.",
            "An assize decided to postpone the case.",
        ),
        (
            Term("محكمة", "the Bench"),
            "قررت المحكمة تأجيل القضية",
            "The court decided to postpone the case.",
            "The Bench decided to postpone the case.",
        ),
        (
            Term("السودان", "Sudan Republic"),
            "زار الوزير السودان",
            "The minister visited Egypt and Sudan.",
            "The minister visited Egypt and Sudan Republic.",
        ),
    ],
)
def test_a_term_takes_the_place_of_the_words_that_stand_for_it(wanted: Term, source: str, english: str, expected: str) -> None:
    applied = Glossary([wanted]).apply(source, english)
    assert applied.text == expected


@pytest.mark.parametrize(
    ("target", "article"),
    [
        ("assembly", "an"),
        ("FBI", "an"),
        ("IMF", "an"),
        ("NATO", "a"),
        ("UN", "a"),
        ("university", "a"),
        ("European", "a"),
        ("tribunal", "a"),
    ],
)
def test_the_indefinite_article_fits_the_term(target: str, article: str) -> None:
    applied = Glossary([Term("محكمة", target)]).apply("قررت محكمة تأجيل القضية", "Today a court decided to postpone the case.")
    assert applied.text == f"Today {article} {target} decided to postpone the case."


def test_a_word_linked_to_nothing_between_the_neighbours_stands_for_the_term() -> None:
    source = "طلبت الشرطة من المحتجين العودة إلى الرصيف، وقالت إن عليهم احترام القانون."
    english = "Police asked the protesters to return to the glimmer, saying they must respect the law."
    applied = Glossary([Term("رصيف", "pavement")]).apply(source, english)
    assert applied.text == english.replace("glimmer", "pavement")


def test_what_a_term_does_not_stand_for_is_left_alone() -> None:
    """ "court" here is a tennis court: the glossary does not speak of it."""
    applied = Glossary([COURT]).apply("لعب في ملعب التنس", "He played on the tennis court.")
    assert applied.text == "He played on the tennis court."
    assert applied.terms == ()


def test_a_term_that_nothing_stands_for_is_missing_and_flagged() -> None:
    applied = Glossary([COUNCIL]).apply("اجتمع مجلس الأمن", "Zzz.")
    assert applied.text == "Zzz."
    assert [t.how for t in applied.terms] == ["missing"]
    assert applied.flags == {"glossary"}


def test_a_forbidden_word_beside_the_right_one_is_flagged() -> None:
    applied = Glossary([COURT]).apply("قررت المحكمة والمحكمة العليا", "The tribunal and the high court decided.")
    assert applied.flags == {"glossary"}


# On the way to the model


def run(text: str, engine: FakeEngine, terms: list[Term], config: Config | None = None) -> Translation:
    [(_, translation)] = translate([Segment(text)], engine, config or Config(), Aids(Glossary(terms)))
    return translation


def test_a_model_that_knows_the_prompt_is_told_the_terms() -> None:
    engine = FakeEngine(lambda _: "The tribunal and the Security Council decided this today.")
    config = Config.model_validate({"model": {"terms_prompt": PROMPT}})
    translation = run("قررت المحكمة ومجلس الأمن ذلك اليوم.", engine, [COURT, COUNCIL], config)
    assert engine.named == ["المحكمة = tribunal; مجلس الأمن = Security Council"]
    assert [t.how for t in translation.terms] == ["decoded", "decoded"]
    assert translation.flags == frozenset()


def test_other_models_are_not_told_and_mended() -> None:
    engine = FakeEngine(lambda _: "The court decided to postpone the case.")
    translation = run("قررت المحكمة تأجيل القضية.", engine, [COURT])
    assert engine.named == []
    assert translation.text == "The tribunal decided to postpone the case."
    assert translation.flags == {"term"}
    assert translation.hypothesis is not None
    assert translation.hypothesis.text == "The court decided to postpone the case."
    assert len(engine.generated) == 1


def test_a_term_that_cannot_be_had_is_flagged() -> None:
    translation = run("اجتمع مجلس الأمن.", FakeEngine(lambda _: "Zzz yyy xxx."), [COUNCIL])
    assert "glossary" in translation.flags
    assert translation.terms[0].how == "missing"


class SeveralEngine(FakeEngine):
    """Ends a wide search with other texts too."""

    def several(
        self, sources: Sequence[str], count: int, options: DecodingOptions, /, *, terms: Sequence[str] | None = None
    ) -> list[list[Hypothesis]]:
        assert count > 1
        return [[Hypothesis(text, -1.0, 9) for text in ("Zzz yyy xxx.", "The Security Council has now convened.")] for _ in sources]


def test_a_missing_term_is_looked_for_among_several_hypotheses() -> None:
    translation = run("اجتمع مجلس الأمن الآن.", SeveralEngine(lambda _: "Zzz yyy xxx qqq."), [COUNCIL])
    assert translation.text == "The Security Council has now convened."
    assert (translation.obtained, translation.terms[0].how) == ("decoded_again", "decoded")
    assert "glossary" not in translation.flags


def test_a_source_without_terms_gets_the_usual_prompt() -> None:
    engine = FakeEngine(lambda _: Hypothesis("The delegation arrived.", -0.1, 4))
    run("وصل الوفد.", engine, [COURT], Config.model_validate({"model": {"terms_prompt": PROMPT}}))
    assert engine.named == []


def test_the_glossary_is_in_the_signature(tmp_path: Path) -> None:
    file = written(tmp_path, "g.csv", "محكمة,tribunal\n")
    config = load_config(Config(), glossary=str(file))
    assert f"|terms:{load([file]).signature}|mt:" in Pipeline(config, FakeEngine()).signature
    assert "terms:" not in Pipeline(Config(), FakeEngine()).signature


def test_a_missing_glossary_is_said_when_the_pipeline_is_made() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        Pipeline(load_config(Config(), glossary="/nowhere/g.csv"), FakeEngine())


def test_the_starter_is_sound() -> None:
    terms = read(STARTER)
    assert len(terms) > 1000
    assert problems(terms) == ()


def test_yaml_of_aliases_of_aliases_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    file = tmp_path / "bomb.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match="plain texts"):
        read(file)


def test_an_unlinked_word_at_the_edge_does_not_give_way_to_a_term() -> None:
    glossary = Glossary([Term("حرب", "war")])
    applied = glossary.apply("اندلعت حرب", "A conflict broke out")
    assert applied.text != "A conflict broke war"


def test_a_word_after_an_initial_does_not_begin_a_sentence() -> None:
    applied = Glossary([Term("وزير", "secretary")]).apply("وصل وزير أمريكي", "A U.S. minister arrived")
    assert "U.S. Secretary" not in applied.text
