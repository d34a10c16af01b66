"""JSON Patch by RFC 6902: its operations, its refusals, and FHIR's own rules on top."""

import copy

import pytest

from tyokyky_bridge.fhir.wire.issues import Invalid
from tyokyky_bridge.fhir.wire.text import Lexeme, parse, render
from tyokyky_bridge.services.fhir.patching import patched, read_patch, same
from tyokyky_bridge.services.fhir.refusals import BadRequest

DOCUMENT = {
    "resourceType": "Patient",
    "id": "p",
    "meta": {"versionId": "1", "tag": [{"code": "t"}]},
    "name": [{"family": "A", "given": ["B", "C"]}],
    "a/b": {"m~n": 1},
}


def apply(*operations, document=None):
    return patched(DOCUMENT if document is None else document, read_patch(list(operations)))


def op(name, path, value=None, **more):
    return {"op": name, "path": path, **({} if value is None else {"value": value}), **more}


@pytest.mark.parametrize(
    ("operation", "changed"),
    [
        (op("add", "/gender", "male"), {"gender": "male"}),
        (op("add", "/name/0/given/1", "X"), {"name": [{"family": "A", "given": ["B", "X", "C"]}]}),
        (op("add", "/name/0/given/-", "X"), {"name": [{"family": "A", "given": ["B", "C", "X"]}]}),
        (op("add", "/name/0/given/2", "X"), {"name": [{"family": "A", "given": ["B", "C", "X"]}]}),
        (op("add", "/name/0/family", "Z"), {"name": [{"family": "Z", "given": ["B", "C"]}]}),
        (op("replace", "/name/0/given/0", "X"), {"name": [{"family": "A", "given": ["X", "C"]}]}),
        (op("replace", "/a~1b/m~0n", 2), {"a/b": {"m~n": 2}}),
        (op("remove", "/name/0/given/0"), {"name": [{"family": "A", "given": ["C"]}]}),
        (op("copy", "/x", **{"from": "/name/0/family"}), {"x": "A"}),
        (op("move", "/name/0/text", **{"from": "/name/0/family"}), {"name": [{"text": "A", "given": ["B", "C"]}]}),
        (op("move", "/name/0/given/0", **{"from": "/name/0/given/1"}),
         {"name": [{"family": "A", "given": ["C", "B"]}]}),
        (op("add", "/meta/tag/0", {"code": "u"}), {"meta": {"versionId": "1", "tag": [{"code": "u"}, {"code": "t"}]}}),
        (op("test", "/name/0", {"given": ["B", "C"], "family": "A"}), {}),
        (op("test", "/id", "p"), {}),
    ],
)  # fmt: skip
def test_operations(operation, changed):
    before = copy.deepcopy(DOCUMENT)
    assert apply(operation) == {**DOCUMENT, **changed}
    assert before == DOCUMENT


def test_operations_follow_each_other():
    assert apply(op("remove", "/name/0"), op("add", "/name/-", {"family": "Z"}))["name"] == [{"family": "Z"}]


def test_what_a_removal_empties_goes_too():
    assert "name" not in apply(op("remove", "/name/0"))
    emptied = apply(op("remove", "/name/0/given/0"), op("remove", "/name/0/given/0"))
    assert emptied["name"] == [{"family": "A"}]


@pytest.mark.parametrize(
    "operation",
    [
        op("remove", "/gender"),
        op("remove", "/name/1"),
        op("replace", "/gender", "male"),
        op("replace", "/name/-", {}),
        op("add", "/name/2", {}),
        op("add", "/name/00", {}),
        op("add", "/name/x", {}),
        op("add", "/contact/0/name", {}),
        op("add", "/name/0/family/x", 1),
        op("copy", "/x", **{"from": "/y"}),
        op("test", "/name/0/family", "B"),
        op("test", "/gender", "male"),
        op("test", "/a~1b/m~0n", True),
    ],
)
def test_an_operation_that_does_not_fit_refuses_the_patch(operation):
    with pytest.raises(Invalid) as refused:
        apply(op("add", "/gender2", "x"), operation)
    (issue,) = refused.value.issues
    assert (issue.code, issue.expression) == ("processing", "Patient")
    assert "operation 1" in issue.text


@pytest.mark.parametrize(
    "patch",
    [
        {},
        "x",
        [],
        [None],
        [{"op": "add"}],
        [{"op": "add", "path": "/x"}],
        [{"op": "copy", "path": "/x"}],
        [{"op": "frobnicate", "path": "/x"}],
        [{"op": ["add"], "path": "/x", "value": 1}],
        [op("add", "x", 1)],
        [op("add", "/x~2", 1)],
        [op("remove", 7)],
        [op("move", "/name/0/x", **{"from": "/name"})],
        [op("test", "/x", 1)] * 501,
    ],
)
def test_what_is_no_patch_is_refused(patch):
    with pytest.raises(BadRequest):
        read_patch(patch)


@pytest.mark.parametrize(
    "path", ["", "/id", "/resourceType", "/meta", "/meta/versionId", "/meta/lastUpdated"]
)
@pytest.mark.parametrize("name", ["add", "replace", "remove", "move", "copy"])
def test_what_the_server_sets_is_not_patched(name, path):
    with pytest.raises(BadRequest):
        read_patch([op(name, path, "x", **{"from": "/name"})])
    with pytest.raises(BadRequest):
        read_patch([op("move", "/x", **{"from": path or "/id"})])


def test_numbers_keep_their_digits():
    document = parse(b'{"resourceType":"Observation","valueQuantity":{"value":2.50}}')
    made = apply(
        op("test", "/valueQuantity/value", Lexeme("2.5")), op("add", "/x", Lexeme("1.0e2")), document=document
    )
    assert b'"value":2.50' in render(made)
    assert b'"x":1.0e2' in render(made)


def test_equality_is_that_of_json():
    assert same(1, Lexeme("1.0"))
    assert not same(1, True)
    assert not same(0, False)
    assert not same("1", 1)
    assert not same(None, 0)
    assert same({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]})
    assert not same([1, 2], [2, 1])


def nested(levels):
    found = {}
    for _ in range(levels):
        found = {"a": found}
    return found


@pytest.mark.parametrize(
    "bomb",
    [
        [op("copy", "/name/-", **{"from": "/name"})] * 500,
        [op("copy", f"/name/0/x{n}", **{"from": "/name/0"}) for n in range(500)],
    ],
)
def test_copies_that_double_the_document_are_refused_before_they_fill_the_memory(bomb):
    with pytest.raises(Invalid, match="copies of one patch"):
        apply(*bomb)


def test_copies_of_long_texts_count_by_their_characters():
    long = {**DOCUMENT, "text": "x" * 40_000}
    assert apply(op("copy", "/again", **{"from": "/text"}), document=long)["again"] == long["text"]
    with pytest.raises(Invalid, match="copies of one patch"):
        apply(*[op("copy", f"/again{n}", **{"from": "/text"}) for n in range(2)], document=long)


@pytest.mark.parametrize("last", ["add", "copy", "move", "replace"])
def test_a_patch_cannot_nest_deeper_than_a_body(last):
    down = [op("add", "/x", nested(40)), op("add", "/y", nested(40))]
    deepest = "/x" + "/a" * 39
    with pytest.raises(Invalid, match="inside each other"):
        apply(*down, op(last, deepest + "/a" * (last == "replace"), nested(40), **{"from": "/y"}))
