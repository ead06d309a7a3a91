"""A feature's card, read from the published warehouse: each section is one query under `sql/cards/`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import duckdb

from warehouse.database import lacking, open_read_only, run
from warehouse.errors import UsageError
from warehouse.look.card import (
    Build,
    Card,
    Cause,
    Explanation,
    Group,
    Match,
    Neighbour,
    Ngram,
    Pattern,
    Phrase,
    Score,
    Shared,
    Similarity,
)
from warehouse.look.evidence import Example, Judgement, Token, WrongExample
from warehouse.look.firing import Own, Statistics
from warehouse.look.judged import read_texts
from warehouse.look.published import rows_of
from warehouse.models.model import Model
from warehouse.plan.project import Project
from warehouse.plan.state import published
from warehouse.settings import Settings

# The settings that decide what a card shows.
SHOWN = (
    "embedding.model", "sampling.quantiles", "sampling.per_quantile", "windows.embedding_tokens",
    "windows.ngram_tokens", "ngrams.unit", "alignment.threshold", "patterns.semantic_threshold",
    "patterns.lexical_threshold", "matching.threshold",
)  # fmt: skip

_NEAR = 3


def read_card(project: Project, feature_id: int) -> Card:
    """The card of a feature of the published warehouse.

    UsageError for an unknown id, with the nearest that exist; WarehouseError without a warehouse
    or when it was built by a version before cards.
    """
    with open_read_only(project.layout.warehouse) as connection:
        return find_card(connection, project, feature_id)


def find_card(connection: duckdb.DuckDBPyConnection, project: Project, feature_id: int) -> Card:
    """As `read_card`, on an open warehouse."""
    with lacking("a card needs", project.data):
        return _read(connection, project, feature_id)


def _read(connection: duckdb.DuckDBPyConnection, project: Project, feature_id: int) -> Card:
    build = published(connection)
    settings = build.settings(project.data)
    section = _Sections(connection, project.models, settings, feature_id)
    facts = next(iter(section("feature")), None)
    if facts is None:
        raise _unknown(connection, feature_id)
    pattern = _pattern(facts, settings)
    phrases = section("phrases")
    causes = {row.pop("explainer"): Cause(**row) for row in section("causes")}
    taken = [f.name for f in dataclasses.fields(Card) if f.name in facts]
    return Card(
        **{name: facts[name] for name in taken},
        build=Build(build.build_id, build.finished, {n: settings[n] for n in SHOWN}),
        pattern=pattern,
        explanations=[_explanation(row, phrases, causes) for row in section("explanations")],
        groups=_groups(phrases),
        examples=[_example(row, pattern.selected, settings) for row in section("examples")],
        neighbours=[Neighbour(**row) for row in section("neighbours")],
        matches=[Match(**row) for row in section("matches")],
        statistics=[Statistics(**row) for row in section("statistics")],
        own=[Own(**row) for row in section("own")],
        judgements=_judgements(connection, project.data, section("judgements")),
        short_names=dict(run(connection, "SELECT full_name, short FROM staging.model_names")),
    )


@dataclass(frozen=True)
class _Sections:
    """Runs the queries under `sql/cards/` for one feature, with the published build's settings."""

    connection: duckdb.DuckDBPyConnection
    models: Mapping[str, Model]
    settings: Settings
    feature_id: int

    def __call__(self, name: str) -> list[dict[str, object]]:
        model = self.models[f"cards.{name}"]
        values = self.settings.parameters() | {"feature": self.feature_id}
        return rows_of(self.connection, model, values, "feature")


def _unknown(connection: duckdb.DuckDBPyConnection, feature_id: int) -> UsageError:
    near = run(
        connection,
        """SELECT feature_id FROM staging.features
        ORDER BY abs(feature_id - ?::HUGEINT), feature_id LIMIT ?""",
        [feature_id, _NEAR],
    )
    nearest = ", ".join(str(row[0]) for row in sorted(near))
    return UsageError(
        f'there is no feature "{feature_id}" with a record or an explanation',
        f"the nearest: {nearest}; all: python cli.py features" if near else "it has none",
    )


def _pattern(facts: Mapping[str, object], settings: Settings) -> Pattern:
    ngrams = [Ngram(**one) for one in facts["ngrams"] or []]
    largest = next((g for g in ngrams if g.is_selected), None)
    semantic = float(settings["patterns.semantic_threshold"])
    lexical = float(settings["patterns.lexical_threshold"])
    similarity, kind = facts["activation_semantic_sim"], facts["pattern_type"]
    return Pattern(
        pattern_type=kind,
        mean_similarity=similarity,
        std_similarity=facts["std_similarity"],
        min_similarity=facts["min_similarity"],
        max_similarity=facts["max_similarity"],
        semantic_threshold=semantic,
        max_jaccard=facts["activation_max_jaccard"],
        lexical_threshold=lexical,
        ngrams=ngrams,
        selected=largest if largest and largest.ngram is not None else None,
        shared=[Shared(**one) for one in facts["shared"] or []],
        reasons=_reasons(kind, similarity, semantic, largest, lexical),
    )


def _reasons(
    kind: str | None,
    similarity: float | None,
    semantic: float,
    largest: Ngram | None,
    lexical: float,
) -> list[str]:
    """Why the pattern type is what it is. It is read off the type, not compared anew."""
    if kind is None:
        return ["no pattern type: only features with explanations get one"]
    if similarity is None or largest is None:
        return ["fewer than 2 sampled examples: nothing to compare, so none"]
    by = {True: ("above", ""), False: ("not above", "not ")}
    above, no = by[kind in ("semantic", "both")]
    first = f"its examples' mean similarity {similarity:.4g} is {above} {semantic:g}: {no}semantic"
    above, no = by[kind in ("lexical", "both")]
    second = f"its largest mean Jaccard {largest.mean_jaccard:.4g} (n = {largest.n}) is {above} {lexical:g}: {no}lexical"
    return [first, second]


def _explanation(
    row: Mapping[str, object],
    phrases: Sequence[Mapping[str, object]],
    causes: Mapping[str, Cause],
) -> Explanation:
    return Explanation(
        explainer=row["explainer"],
        text=row["text"],
        phrases=[
            Phrase(p["text"], p["chunk_index"], p["group_id"])
            for p in phrases
            if p["explainer"] == row["explainer"]
        ],
        similarities=[Similarity(**s) for s in row["similarities"]],
        scores=[Score(**s) for s in row["scores"]],
        cause=causes.get(row["explainer"]),
    )


def _groups(phrases: Sequence[Mapping[str, object]]) -> list[Group]:
    members: dict[tuple[int, float], dict[str, None]] = {}
    for phrase in phrases:
        if phrase["group_id"] is not None:
            key = (phrase["group_id"], phrase["group_similarity"])
            members.setdefault(key, {})[phrase["explainer"]] = None
    return [Group(*key, list(explainers)) for key, explainers in sorted(members.items())]


def _example(row: dict[str, object], selected: Ngram | None, settings: Settings) -> Example:
    texts, first = row.pop("tokens"), row["first_position"]
    activations = row.pop("activations")
    start, length = row.pop("ngram_position") - first, row.pop("ngram_tokens")
    marks: dict[int, list[tuple[int, int]]] = {}
    if selected:
        whole = settings["ngrams.unit"] == "tokens"
        window = texts[max(start, 0) : start + length]
        marks = _occurrences(window, selected.ngram, selected.n if whole else 0)
    return Example(
        **row,
        tokens=[
            Token(text, activation, marks.get(place - max(start, 0), []))
            for place, (text, activation) in enumerate(zip(texts, activations, strict=True))
        ],
    )


def _judgements(
    connection: duckdb.DuckDBPyConnection, data: Path, rows: list[dict[str, object]]
) -> list[Judgement]:
    """The judgements, with the texts of their wrong examples as far as the raw files are there."""
    texts = read_texts(connection, data, [w["file"] for row in rows for w in row["wrong"]])
    made = []
    for row in rows:
        wrong = []
        for example in row.pop("wrong"):
            items, place = texts.get(example["file"], []), example["line"] - 1
            tokens, values = items[place] if place < len(items) else ((), ())
            pairs = zip(tokens, values, strict=True)
            wrong.append(WrongExample(**example, tokens=[Token(t, v, ()) for t, v in pairs]))
        made.append(Judgement(**row, wrong=wrong))
    return made


def _occurrences(tokens: Sequence[str], ngram: str, whole: int) -> dict[int, list[tuple[int, int]]]:
    """Where an n-gram occurs in tokens joined by nothing: token → [start, end) of its characters.

    `whole`: 0 for n-grams of characters, else how many whole tokens make one.

    >>> _occurrences(["the", "re"], "er", 0)
    {0: [(2, 3)], 1: [(0, 1)]}
    """
    ends = [0]
    for token in tokens:
        ends.append(ends[-1] + len(token))
    joined = "".join(tokens)
    if whole:
        begins = [
            ends[i]
            for i in range(len(tokens) - whole + 1)
            if "".join(tokens[i : i + whole]) == ngram
        ]
    else:
        begins = [i for i in range(len(joined)) if joined.startswith(ngram, i)]
    marks: dict[int, list[tuple[int, int]]] = {}
    for place, (low, high) in enumerate(pairwise(ends)):
        for begin in begins:
            start, end = max(begin, low), min(begin + len(ngram), high)
            if start < end:
                marks.setdefault(place, []).append((start - low, end - low))
    return marks
