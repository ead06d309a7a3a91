"""What a run or an export became in the warehouse, table by table, against its recomputation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb

from tests.independent import field
from tests.independent import field_delphi as fd
from tests.independent import field_export as fe
from tests.independent import field_statistics as fs
from tests.independent import recompute as rc
from tests.independent.backend_compare import Checked, count_values

DOUBLE = 1e-12  # figures of doubles
Rows = list[dict[str, Any]]
Keyed = dict[Any, dict[str, Any]]


class Tables:
    """The published warehouse, read-only: rows as they stand there."""

    def __init__(self, data: Path) -> None:
        self.connection = duckdb.connect(str(data / "warehouse.duckdb"), read_only=True)

    def rows(self, table: str, where: str = "true") -> Rows:
        cursor = self.connection.execute(f"SELECT * FROM {table} WHERE {where}")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def of(self, table: str, features: Iterable[int], where: str = "true") -> Rows:
        """The rows of some features."""
        ids = ", ".join(map(str, features))
        return self.rows(table, f"feature_id IN ({ids}) AND {where}")


def compare_rows(
    checked: Checked, key: Callable[[dict], Any], expected: Rows, actual: Rows
) -> None:
    """Rows by their key: none missing, none too many; of each the columns that are expected."""
    wanted, got = {key(row): row for row in expected}, {key(row): row for row in actual}
    if len(got) != len(actual):
        checked.differences.append("rows are repeated")
    for what, keys in (("missing", wanted.keys() - got), ("too many", got.keys() - wanted)):
        if keys:
            checked.differences.append(f"{len(keys)} rows {what}: {sorted(keys, key=str)[:5]}")
    for k in wanted.keys() & got.keys():
        checked.rows += 1
        row = {name: got[k].get(name, "no such column") for name in wanted[k]}
        if row == wanted[k]:
            checked.values += count_values(row)
        else:
            checked.compare(str(k), wanted[k], row, DOUBLE)


def check_examples(
    tables: Tables, kept: dict[int, list[rc.Example]], prompts: list[list[str]]
) -> list[Checked]:
    """The kept records pair by pair, and all prompts token by token."""
    records, texts = Checked("activation examples"), Checked("prompts")
    expected = [
        {
            "feature_id": feature,
            "prompt_id": e.prompt,
            "num_activations": len(e.pairs),
            "max_activation": e.max_value,
            "max_position": e.max_position,
            "positions": [position for position, _ in e.pairs],
            "activations": [value for _, value in e.pairs],
        }
        for feature, examples in kept.items()
        for e in examples
    ]
    actual = tables.of("staging.activation_examples", kept)
    compare_rows(records, lambda r: (r["feature_id"], r["prompt_id"]), expected, actual)
    expected = [{"prompt_id": i, "tokens": tokens} for i, tokens in enumerate(prompts)]
    compare_rows(texts, lambda r: r["prompt_id"], expected, tables.rows("staging.prompts"))
    return [records, texts]


def check_samples(tables: Tables, examples: dict[int, list[rc.Example]]) -> list[Checked]:
    """The samples and the boundaries of the quantiles, over all records."""
    drawn, edges = Checked("samples"), Checked("quantile boundaries")
    samples, boundaries = [], []
    for feature, records in examples.items():
        sample, cuts = rc.sample_feature(records, 4, 5)
        ranks: Counter[int] = Counter()
        for order, (quantile, e) in enumerate(sample, start=1):
            ranks[quantile] += 1
            samples.append(
                {
                    "feature_id": feature,
                    "prompt_id": e.prompt,
                    "quantile": quantile,
                    "rank": ranks[quantile],
                    "sample_order": order,
                    "max_activation": e.max_value,
                    "max_position": e.max_position,
                }
            )
        active = sum(bool(e.pairs) for e in records)
        if active:
            boundaries.append({"feature_id": feature, "num_active": active, "boundaries": cuts})
    actual = tables.of("analysis.samples", examples)
    compare_rows(drawn, lambda r: (r["feature_id"], r["prompt_id"]), samples, actual)
    actual = tables.of("analysis.activation_quantiles", examples)
    compare_rows(edges, lambda r: r["feature_id"], boundaries, actual)
    return [drawn, edges]


def check_statistics(tables: Tables, expected: Rows, printed: float = 0.0) -> Checked:
    """`analysis.feature_statistics`, the columns that are expected.

    `printed`: how exactly an export prints its bars' centres; their edges are no more exact.
    """
    checked = Checked("analysis.feature_statistics")
    actual = tables.of("analysis.feature_statistics", {row["feature_id"] for row in expected})
    told = {(row["feature_id"], row["basis"]): row["histogram"] for row in actual}
    for row in expected if printed else ():
        bars = told.get((row["feature_id"], row["basis"]), [])
        for bar, other in zip(row["histogram"], bars, strict=False):
            for side in ("low", "high"):
                if abs(bar[side] - other[side]) <= printed:
                    bar[side] = other[side]
    compare_rows(checked, lambda r: (r["feature_id"], r["basis"]), expected, actual)
    return checked


# ---------------------------------------------------------------------------------------------
# A Delphi run


def check_run(
    tables: Tables, run: fd.Run, latents: list[int], most: int = field.MAX_RECORDS
) -> list[Checked]:
    """One hookpoint: the chosen latents' records and statistics, every score, every file."""
    examples = {f: run.entries.get(f, fd.NOTHING).examples(f) for f in latents}
    kept = {f: fd.kept_examples(records, {}, most) for f, records in examples.items()}
    statistics = []
    for feature in latents:
        entries = run.entries.get(feature, fd.NOTHING)
        fired = [
            (run.prompts[prompt][position], value)
            for prompt, position, value in zip(
                *(
                    values.tolist()
                    for values in (entries.prompts, entries.positions, entries.values)
                ),
                strict=True,
            )
        ]
        firing = run.counted.get(feature, len(fired))
        corpus = fs.of_corpus(firing, run.tokens.size, fired)
        sample = fs.of_sample(kept[feature], run.prompts)
        statistics += [
            {"feature_id": feature, "basis": "corpus"} | corpus,
            {"feature_id": feature, "basis": "sample"} | sample,
        ]
    return [
        *check_examples(tables, kept, run.prompts),
        *check_samples(tables, examples),
        check_statistics(tables, statistics),
        check_cache(tables, run),
        *check_scores(tables, run),
        check_run_files(tables, run),
    ]


def check_cache(tables: Tables, run: fd.Run) -> Checked:
    """Every latent of the cache: entries and records, and that none is counted twice."""
    checked = Checked("the latents cache, whole")
    expected = []
    for first, last, _ in run.splits.values():
        for latent in range(first, last + 1):
            entries = run.entries.get(latent)
            if entries is None:
                continue
            expected.append(
                {
                    "feature_id": latent,
                    "num_tokens": run.tokens.size,
                    "num_entries": len(entries.values),
                    "num_records": len(set(entries.prompts.tolist())),
                }
            )
    actual = tables.rows("staging.latents", "status = 'kept'")
    silent = [r for r in actual if not r["num_entries"]]
    checked.notes += [f"{len(silent)} latents without an entry have a row"] if silent else []
    actual = [r for r in actual if r["num_entries"]]
    compare_rows(checked, lambda r: r["feature_id"], expected, actual)
    return checked


def check_scores(tables: Tables, run: fd.Run) -> list[Checked]:
    """Every method of every latent, each metric, and what is laid out by explainer and scorer.

    A score of an explanation that is none (a sentinel) is laid out under no explainer.
    """
    explained = run.explanations(lambda feature: True)
    scored = field.read_scores(run)
    scores, metrics, long = map(Checked, ("analysis.scores", "score_metrics", "scores_long"))
    actual = tables.rows("analysis.scores")
    for row in actual:
        row["details"] = row["details"] and rc.json.loads(row["details"])
    source = {"source": run.home.name}
    expected = [row | source for row in scored.scores()]
    compare_rows(scores, lambda r: (r["method"], r["feature_id"]), expected, actual)
    width = range(max(run.splits.values())[1] + 1)
    firing = {f: run.counted.get(f, len(run.entries.get(f, fd.NOTHING).values)) for f in width}
    expected = [row | source for row in scored.metrics(firing)]
    for row in expected:
        row["recall_by_quantile"] = row["recall_by_quantile"] or None
    actual = tables.rows("analysis.score_metrics")
    for row in actual:
        row["recall_by_quantile"] = row["recall_by_quantile"] or None
    compare_rows(metrics, lambda r: (r["level"], r["method"], r["feature_id"]), expected, actual)
    expected = [
        {
            "feature_id": row["feature_id"],
            "method": row["method"],
            "llm_explainer": run.llm if row["of_explanation"] else None,
            "scorer": run.llm,
            "score": row["score"],
        }
        for row in scored.scores()
        if row["score"] is not None
        and (row["feature_id"] in explained or not row["of_explanation"])
    ]
    actual = tables.rows("analysis.scores_long")
    compare_rows(long, lambda r: (r["method"], r["feature_id"]), expected, actual)
    return [scores, metrics, long]


def check_run_files(tables: Tables, run: fd.Run) -> Checked:
    """The ledger: every entry, explanation and scored row of the hookpoint, and no other's."""
    checked = Checked("the ledger")
    raw = next(p for p in run.home.parents if p.name == "raw").parent
    expected: Rows = []

    def add(path: Path, records: int, quarantined: int = 0) -> None:
        name = path.relative_to(raw).as_posix()
        expected.append({"file": name, "records": records, "quarantined": quarantined})

    for name, (_, _, entries) in run.splits.items():
        add(run.home / "latents" / run.hookpoint / name, entries)
    for path in run.files("explanations").values():
        add(path, 1, int(rc.read_explanation(path) is None))
    for folder in (run.home / "scores").iterdir():
        for path in run.files("scores", folder.name).values():
            add(path, len(rc.json.loads(path.read_text("utf-8"))))
    inputs = "input IN ('latents', 'explanations', 'scores')"
    compare_rows(checked, lambda r: r["file"], expected, tables.rows("staging.files", inputs))
    refused = sum(row["quarantined"] for row in expected)
    checked.compare("quarantine", refused, len(tables.rows("quarantine.records")))
    return checked


# ---------------------------------------------------------------------------------------------
# An export


def check_export(tables: Tables, export: fe.Export, features: list[int]) -> list[Checked]:
    """The chosen features' records and statistics, every group, every explanation, every file."""
    examples = {f: export.examples.get(f, []) for f in features}
    groups: dict[int, list[fe.Group]] = defaultdict(list)
    for group in export.groups:
        groups[group.feature].append(group)
    statistics = []
    for feature in features:
        corpus = fe.statistics(export.features[feature], groups[feature])
        sample = fs.of_sample(examples[feature], export.prompts)
        statistics.append({"feature_id": feature, "basis": "corpus"} | corpus)
        if examples[feature]:
            statistics.append({"feature_id": feature, "basis": "sample"} | sample)
    return [
        *check_examples(tables, examples, export.prompts),
        *check_samples(tables, examples),
        check_statistics(tables, statistics, printed=1e-5),
        check_groups(tables, export),
        check_texts(tables, export),
        check_export_files(tables, export),
    ]


def check_groups(tables: Tables, export: fe.Export) -> Checked:
    """`staging.example_groups`: one row per record that was read."""
    checked = Checked("staging.example_groups")
    expected = [
        {
            "batch": group.batch,
            "line": group.line,
            "feature_id": group.feature,
            "prompt_id": group.prompt,
            "group_kind": group.kind,
            "bin_min": group.low,
            "bin_max": group.high,
            "bin_share": group.contains,
            "qualifying_token": group.token,
        }
        for group in export.groups
    ]
    actual = [
        row | {"batch": Path(row["file"]).name} for row in tables.rows("staging.example_groups")
    ]
    compare_rows(checked, lambda r: (r["batch"], r["line"]), expected, actual)
    return checked


def check_texts(tables: Tables, export: fe.Export) -> Checked:
    """The explanations by explainer, in order."""
    checked = Checked("analysis.explanations")
    raw = next(p for p in export.home.parents if p.name == "raw")
    source = export.home.relative_to(raw).as_posix()
    explained, _ = export.explanations(source, lambda feature: True)
    order = sorted({e.explainer for group in explained.values() for e in group})
    expected = [
        {
            "feature_id": e.feature,
            "explainer": e.explainer,
            "explainer_order": order.index(e.explainer),
            "text": e.text,
        }
        for group in explained.values()
        for e in group
    ]
    actual = tables.rows("analysis.explanations")
    compare_rows(checked, lambda r: (r["feature_id"], r["explainer"]), expected, actual)
    return checked


def check_export_files(tables: Tables, export: fe.Export) -> Checked:
    """The ledger: records, merged and quarantined ones of every batch."""
    checked = Checked("the ledger")
    raw = next(p for p in export.home.parents if p.name == "raw").parent
    expected: Rows = []
    for folder in ("features", "activations", "explanations"):
        found = Counter(batch for batch, _, _ in fe.lines(export.home / folder))
        for batch, records in found.items():
            name = (export.home / folder / batch).relative_to(raw).as_posix()
            expected.append({"file": name, "records": records})
    names = "file LIKE '%/batch-%.jsonl.gz' AND status <> 'not an input'"
    actual = tables.rows("staging.files", names)
    compare_rows(checked, lambda r: r["file"], expected, actual)
    _, duplicates = export.explanations("", lambda feature: True)
    refused = duplicates + export.status.get("quarantined", 0)
    refused += sum(text.strip() in rc.SENTINELS for *_, text in export.texts)
    told = [sum(row[name] for row in actual) for name in ("merged", "quarantined")]
    checked.compare("merged and quarantined", [export.status.get("merged", 0), refused], told)
    checked.compare("quarantine", refused, len(tables.rows("quarantine.records")))
    return checked


def check_all(
    data: Path, settings: dict[str, Any], model: rc.Embed, count: int, seed: int
) -> list[Checked]:
    """A whole data directory of a run or an export; with `count` some of its features."""
    raw = data / "raw"
    if next(raw.rglob("source.jsonl"), None):
        export = fe.read_export(raw)
        firing = field.firing_of_export(export)
        read = field.read_export(export, raw, settings)
    else:
        run = fd.read_run(raw, settings["input.hookpoint"] or None)
        firing = field.firing_of_run(run)
        read = field.read_delphi(run, settings)
    features = field.chosen(firing, count, seed)
    found: list[Checked] = []
    if not settings["scope.features"]:
        tables = Tables(data)
        if read.kept is None:
            found += check_export(tables, export, features)
        else:
            found += check_run(tables, run, features, settings["latents.max_records"])
    return found + field.check_masters(data, read, settings, model, features if count else None)
