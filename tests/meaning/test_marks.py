"""Marks of documents: one number of one organ is one mark, however it is typed."""

import pytest

from aggregator.meaning.marks import kind_of
from aggregator.meaning.marks import named_mark
from aggregator.meaning.marks import naming_mark
from aggregator.meaning.marks import naming_marks
from aggregator.meaning.marks import own_mark
from aggregator.model import DocumentFacts
from aggregator.model import Reference

OWN = DocumentFacts(number="8/SGDĐT-VP", issuer="SGDĐT")


def names(number, issuer, kind="refers"):
    return Reference(kind=kind, number=number, issuer=issuer)


@pytest.mark.parametrize(
    ("number", "issuer", "authority", "same"),
    [
        ("8/SGDĐT-VP", "SGDĐT", "quan-1", True),
        ("8/SGD&ĐT-VP", "SGD&ĐT", "quan-1", True),
        ("9/SGDĐT-VP", "SGDĐT", "quan-1", False),
        ("8/BGDĐT-VP", "BGDĐT", "quan-1", False),
    ],
)
def test_a_reference_finds_the_document_it_means(number, issuer, authority, same):
    named = named_mark(names(number, issuer), authority)
    assert (named == own_mark(OWN, "so")) is same
    naming = naming_mark(names(number, issuer), authority, acts=False)
    assert (naming == naming_mark(OWN, "so", acts=False)) is same


def test_of_organs_that_are_many_each_authority_has_its_own():
    plan = DocumentFacts(number="8/KH-UBND", issuer="UBND")
    named = names("8/KH-UBND", "UBND")
    assert named_mark(named, "quan-1") == own_mark(plan, "quan-1")
    assert named_mark(named, "quan-1") != own_mark(plan, "quan-3")


def test_who_names_a_document_is_not_found_as_that_document():
    marks = {naming_mark(OWN, "so", acts=acts) for acts in (True, False)}
    assert len(marks | {own_mark(OWN, "so")}) == 3


@pytest.mark.parametrize(
    "document",
    [None, DocumentFacts(type="công văn"), DocumentFacts(number="8/A-B", own=False)],
    ids=["none", "no number", "reported"],
)
def test_what_has_no_number_of_its_own_has_no_mark(document):
    assert own_mark(document, "so") is None


def test_each_document_that_is_named_gives_one_mark():
    twice = [
        names("8/SGDĐT-VP", "SGDĐT", "amends"),
        names("8/SGD&ĐT-VP", "SGD&ĐT", "replaces"),
    ]
    (mark,) = naming_marks(twice, "quan-1")
    assert kind_of(twice, mark, "quan-1") == "replaces"
    assert kind_of(twice, mark + 1, "quan-1") == ""
    assert naming_marks([], "quan-1") == ()
