"""Every spelling of activation records in the wild is read as the common one is."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.support.raw_tree import ACTIVATIONS, PROMPTS, Rows, files, record, stage, write
from warehouse.errors import WarehouseError
from warehouse.models.library import load_all

SELECT = ("+staging.files", "+staging.activation_examples", "+quarantine.records")
V1, V2 = "raw/activation_examples/batch-0.jsonl.gz", "raw/activation_examples/v2/batch-0.jsonl.gz"
ZIPPED = 'input.activations="raw/activation_examples/v2/*.jsonl.gz"'
DENSE = 'input.activations="raw/activation_examples/*.jsonl.gz"'
ALL = "quarantine.max_share=1"

# (feature, prompt, pairs) of six records: with a tie, with one pair, silent.
RECORDS = [
    (0, 0, [[3, 2.5], [1, 2.5]]), (0, 2, [[9, 0.125]]), (1, 0, []),
    (877, 1, [[0, 105.077], [7, 3.5]]), (877, 0, [[5, 1.0]]), (2, 4, [[2, 1.5]]),
]  # fmt: skip


def read(rows: Rows) -> list[tuple]:
    found = rows(
        "FROM staging.activation_examples SELECT feature_id, prompt_id, positions, activations ORDER BY ALL"
    )
    return [
        (f, p, [list(pair) for pair in zip(at, values, strict=True)]) for f, p, at, values in found
    ]


def rounded(records: list[tuple]) -> list[tuple]:
    """As float32 holds the values."""
    import numpy as np

    return sorted(
        (f, p, [[at, float(np.float32(v))] for at, v in pairs]) for f, p, pairs in records
    )


def refused(rows: Rows) -> list[tuple]:
    return rows("SELECT line, reason FROM quarantine.activations ORDER BY line")


def dialects(rows: Rows) -> dict[str, str]:
    return dict(rows("SELECT file, dialect FROM staging.files WHERE input LIKE 'activation%'"))


def in_house(feature: object, prompt: object, pairs: list) -> dict:
    told = [{"token_position": p, "activation_value": v} for p, v in pairs]
    return {"feature_id": feature, "prompt_id": prompt, "activations": told}


def lines(items: list) -> str:
    return "".join(json.dumps(i) + "\n" for i in items)


def zipped(v1: list, v2: list) -> dict:
    packed = {name: gzip.compress(lines(items).encode()) for name, items in ((V1, v1), (V2, v2))}
    return {ACTIVATIONS: None, **packed}


def v1(feature: object, tokens: list[str], values: list) -> dict:
    """A record of Neuronpedia's v1 batches, with the keys its export writes."""
    return {
        "id": "c1", "modelId": "gemma-2-9b", "layer": "30-gemmascope-res-16k", "index": feature,
        "tokens": tokens, "values": values, "maxValue": 0.0, "maxValueTokenIndex": 0,
        "binMin": -1, "binMax": 105.1, "binContains": -1,
    }  # fmt: skip


def dense(feature: object, prompt: int, pairs: list) -> dict:
    tokens = files()[PROMPTS][prompt]
    values = [0.0] * len(tokens)
    for at, value in pairs:
        values[at] = value
    return v1(feature, tokens, values)


def v2(prompt: int, pairs: list) -> dict:
    return {"dataSetPromptId": prompt, "sparseValues": pairs}


def test_the_in_house_spelling_is_read_as_the_common_one(tmp_path: Path) -> None:
    data = write(tmp_path, {ACTIVATIONS: lines([in_house(*r) for r in RECORDS])})
    rows = stage(data, select=SELECT)
    assert read(rows) == rounded(RECORDS)
    assert dialects(rows) == {ACTIVATIONS: "in-house"}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"prompt_id": 0, "activations": []}, "missing field: feature_id"),
        ({"feature_id": 9, "activations": []}, "missing field: prompt_id"),
        ({"feature_id": 9, "prompt_id": 0}, "missing field: activations"),
        (in_house("x", 0, []), "wrong type: feature_id"),
        (in_house(9, 99, []), "unknown prompt id"),
        (in_house(9, 0, [[1, "2.5"]]), "wrong type: activations"),
        (in_house(9, 0, [[1, None]]), "wrong type: activations"),
        (in_house(9, 0, [[1, float("nan")]]), "value not finite"),
        (in_house(9, 0, [[99, 1.5]]), "token position outside the prompt"),
        (in_house(9, 0, [[1, -1.5]]), "value negative"),
        ({"feature_id": 9, "prompt_id": 0, "activations": {"a": 1}}, "wrong type: activations"),
        ({"feature_id": 9, "prompt_id": 0, "activations": 3}, "wrong type: activations"),
        ({"feature_id": 9, "prompt_id": 0, "activations": [3]}, "wrong type: activations"),
        (
            {"feature_id": 9, "prompt_id": 0, "activations": [{"token_position": 1}]},
            "wrong type: activations",
        ),
    ],
)
def test_a_bad_in_house_record_is_refused_in_its_own_words(
    tmp_path: Path, item: dict, reason: str
) -> None:
    data = write(tmp_path, {ACTIVATIONS: lines([in_house(0, 0, []), item])})
    rows = stage(data, ALL, select=SELECT)
    assert refused(rows) == [(2, reason)]
    assert read(rows) == [(0, 0, [])]


def test_spellings_may_stand_in_one_file(tmp_path: Path) -> None:
    mixed = [
        in_house(*r) if n % 2 else json.loads(record(*r[:1], *r[1:])) for n, r in enumerate(RECORDS)
    ]
    rows = stage(write(tmp_path, {ACTIVATIONS: lines(mixed)}), select=SELECT)
    assert read(rows) == rounded(RECORDS)
    assert dialects(rows) == {ACTIVATIONS: "in-house, sparse"}


def test_a_v2_batch_gets_its_features_from_the_v1_batch_line_by_line(tmp_path: Path) -> None:
    ids = [v1(str(f) if n % 2 else f, ["a"], [0.0]) for n, (f, *_) in enumerate(RECORDS)]
    data = write(tmp_path, zipped(ids, [v2(p, pairs) for _, p, pairs in RECORDS]))
    rows = stage(data, ZIPPED, select=SELECT)
    assert read(rows) == rounded(RECORDS)
    assert dialects(rows) == {V1: None, V2: "Neuronpedia v2 zipped with v1"}
    both = 'input.activations=["raw/activation_examples/*.gz", "raw/activation_examples/v2/*.gz"]'
    assert read(stage(data, both, select=SELECT)) == rounded(RECORDS)


@pytest.mark.parametrize(("cut", "counts"), [((5, 6), (6, 5)), ((6, 4), (4, 6))])
def test_batches_of_unequal_length_are_an_error_that_names_both(
    tmp_path: Path, cut: tuple[int, int], counts: tuple[int, int]
) -> None:
    ids = [v1(f, ["a"], [0.0]) for f, *_ in RECORDS][: cut[0]]
    data = write(tmp_path, zipped(ids, [v2(p, pairs) for _, p, pairs in RECORDS][: cut[1]]))
    with pytest.raises(WarehouseError) as caught:
        stage(data, ZIPPED, ALL, select=SELECT)
    assert caught.value.message == (
        f'"{V2}" has {counts[0]} lines and "{V1}" has {counts[1]}: they are read line by line together'
    )


def test_a_bad_line_of_the_v1_batch_costs_its_record_only(tmp_path: Path) -> None:
    ids = [v1(f, ["a"], [0.0]) for f, *_ in RECORDS]
    ids[2] = "broken"
    data = write(tmp_path, zipped(ids, [v2(p, pairs) for _, p, pairs in RECORDS]))
    rows = stage(data, ZIPPED, ALL, select=SELECT)
    assert refused(rows) == [(3, "missing field: index")]
    assert read(rows) == rounded(RECORDS[:2] + RECORDS[3:])


def test_v1_batches_bring_their_prompts_with_them(tmp_path: Path) -> None:
    changes = zipped([dense(str(f), p, pairs) for f, p, pairs in RECORDS], [])
    del changes[V2]
    data = write(tmp_path, {**changes, PROMPTS: None})
    rows = stage(data, DENSE, 'input.prompts=""', select=SELECT)
    place = {0: 0, 2: 1, 1: 2, 4: 3}  # in the order in which they occur
    expected = [(f, place[p], sorted(pairs)) for f, p, pairs in RECORDS]
    assert read(rows) == rounded(expected)
    prompts = [tuple(files()[PROMPTS][p]) for p in place]
    found = rows("SELECT tokens FROM staging.prompts ORDER BY prompt_id")
    assert [tuple(t) for (t,) in found] == prompts
    assert dialects(rows) == {V1: "Neuronpedia v1"}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (v1("9", ["a", "b"], [1.0]), "lengths that do not fit: a value for each token"),
        (v1("9", ["a", 1], [1.0, 0.0]), "wrong type: tokens"),
        (v1("9", "ab", [1.0, 0.0]), "wrong type: tokens"),
        (v1("9", ["a", "b"], [1.0, "x"]), "wrong type: values"),
        (v1("9", ["a", "b"], [1.0, float("nan")]), "value not finite"),
        (v1("9", ["a", "b"], [1.0, -0.5]), "value negative"),
        ({"index": "9", "values": [1.0]}, "missing field: tokens"),
        ({"tokens": ["a"], "values": [1.0]}, "missing field: index"),
    ],
)
def test_a_bad_v1_record_is_refused_in_its_own_words(
    tmp_path: Path, item: dict, reason: str
) -> None:
    data = write(tmp_path, {**zipped([dense(0, 0, []), item], []), V2: None, PROMPTS: None})
    rows = stage(data, DENSE, 'input.prompts=""', ALL, select=SELECT)
    assert refused(rows) == [(2, reason)]
    assert read(rows) == [(0, 0, [])]


def test_v1_batches_beside_a_prompt_file_say_what_to_set(tmp_path: Path) -> None:
    data = write(tmp_path, {**zipped([dense(0, 0, [])], []), V2: None})
    rows = stage(data, DENSE, ALL, select=SELECT)
    ((_, reason),) = refused(rows)
    assert reason.startswith('missing field: dataSetPromptId (input.prompts = ""')


def test_a_position_that_no_16_bit_number_holds_is_refused(tmp_path: Path) -> None:
    changes = {
        ACTIVATIONS: record(0, 0, [[65536, 1.5]]) + "\n" + record(1, 0, [[65535, 1.5]]),
        PROMPTS: [["a"] * 70_000],
    }
    rows = stage(write(tmp_path, changes), ALL, select=SELECT)
    assert refused(rows) == [(1, "token position past 65535")]
    assert read(rows) == [(1, 0, [[65535, 1.5]])]


def test_a_new_format_is_a_new_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records of a form that no format knows, before and after a file is put beside the others."""
    sql = tmp_path / "sql"
    (sql / "macros/record_format").mkdir(parents=True)
    lines_ = [
        {"latent": 1, "doc": 0, "acts": {"3": 1.5, "0": 2.0}},
        {"latent": 0, "doc": 9, "acts": {}},
    ]
    data = write(
        tmp_path / "data",
        {ACTIVATIONS: "\n".join(map(json.dumps, lines_)) + "\n" + record(0, 0, [])},
    )
    rows = stage(data, ALL, select=SELECT)
    assert {reason for _, reason in refused(rows)} == {"missing field: index"}
    (sql / "macros/record_format/by_position.sql").write_text(
        """-- version: 1
-- description: A record with an object of values by position.
CREATE OR REPLACE MACRO record_format_by_position(line, beside) AS
    CASE WHEN may_hold(line, 'acts') THEN list_transform(
        [from_json(line, '{"latent": "VARCHAR", "doc": "VARCHAR", "acts": "MAP(VARCHAR, DOUBLE)"}')],
        lambda r: {
            'dialect': 'by position', 'feature': r.latent, 'prompt': r.doc, 'tokens': NULL::VARCHAR,
            'numbers': r.acts::VARCHAR, 'num_values': NULL::BIGINT,
            'pairs': list_transform(map_entries(r.acts), lambda e: [e.key::DOUBLE, e.value]),
            'interval': NULL::STRUCT(low DOUBLE, high DOUBLE, share DOUBLE, token BIGINT),
            'names': ['latent', 'doc', 'acts']
        }
    )[1] END
"""
    )
    monkeypatch.setattr("warehouse.plan.project.load_all", lambda *_: load_all(sql))
    rows = stage(data, ALL, select=SELECT)
    assert read(rows) == rounded([(1, 0, [[3, 1.5], [0, 2.0]]), (0, 0, [])])
    assert refused(rows) == [(2, "unknown prompt id")]
    assert dialects(rows) == {ACTIVATIONS: "by position, sparse"}
