"""Compare the files of SPEC-NEXT.md with their recomputation from the raw tree.

    python -m tests.independent.backend DATA [--features 200] [--seed 0] [--set KEY=VALUE]

Reads DATA's settings file and raw tree, embeds with sentence-transformers itself, prints each
difference and how many values were compared per file; exit code 1 when anything differs. With
--features the tree is still compared whole, and the statistics of explanation_barycentric are
taken over its own columns of raw metrics, which are recomputed for the chosen features only.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from tests.independent import backend_activation as ba
from tests.independent import backend_barycentric as bb
from tests.independent import backend_compare as bc
from tests.independent import backend_inputs as bi
from tests.independent import backend_side as bs
from tests.independent import backend_tree as bt
from tests.independent import recompute as rc

RAW_COLUMNS = bb.METRICS


def check_described(checked: bc.Checked, path: Path, rows: int, sae_id: str) -> None:
    """The .metadata.json beside a file, as the masters have one."""
    beside = path.with_name(f"{path.name}.metadata.json")
    document = bc.read_json(checked, beside)
    if document is not None:
        wanted = {"total_rows": rows, "sae_id": sae_id}
        checked.compare(beside.name, wanted, {key: document.get(key) for key in wanted})


def check_activation(data: Path, inputs: bi.Inputs) -> list[bc.Checked]:
    """Sections 2 and 3."""
    found = []
    for name, rows in (
        ("activation_display", ba.display_rows),
        ("interfeature_activation_similarity", ba.pair_rows),
    ):
        checked = bc.Checked(name)
        path = data / "master" / f"{name}.parquet"
        table = bc.open_file(checked, path, bc.SCHEMAS[name])
        if table is not None:
            check_described(checked, path, table.num_rows, inputs.sae_id)
            bc.compare_rows(checked, rows(inputs), bc.only(table, inputs.wanted))
        found.append(checked)
    return found


# ---------------------------------------------------------------------------------------------
# Section 4


def check_tree(data: Path, inputs: bi.Inputs) -> list[bc.Checked]:
    """Section 4: the linkage, the first merges, and the last column of features."""
    checked, merges, column = (
        bc.Checked(name)
        for name in ("clustering_linkage", "first_merge_clustering", "features, last column")
    )
    folder = data / "feature_similarity" / inputs.sae_id.replace("/", "--")
    linkage_file = folder / "clustering_linkage.npy"
    merges_file = folder / "first_merge_clustering.parquet"
    features = sorted(inputs.explained)
    table = bc.open_file(
        column,
        data / "master" / "features.parquet",
        rc.SCHEMAS["features"] | bc.FEATURES,
    )
    rows = [] if table is None else table.to_pylist()

    small = len(features) <= inputs.setting("clustering.max_features")
    tree = bt.linkage_of(features, inputs.neighbours) if small else None
    if tree is None:
        if linkage_file.exists():
            checked.differences.append(f"{linkage_file.name} is there, although there is no tree")
    elif not linkage_file.is_file():
        checked.differences.append("the file is not there")
    else:
        checked.differences += bt.file_differences(linkage_file)
        written = np.load(linkage_file, allow_pickle=False)
        again = bt.linkage_of(features, bt.written_neighbours(rows)) if rows else None
        differences, notes = bt.tree_differences(tree, written, again)
        checked.differences += differences
        checked.notes += notes
        checked.rows, checked.values = len(tree), tree.size

    distances = bt.first_merges(tree, len(features))
    if small and features:
        got = bc.open_file(merges, merges_file, bc.SCHEMAS["first_merge_clustering"])
        if got is not None:
            merges.rows = got.num_rows
            expected = {"feature_id": features, "first_merge_distance": distances}
            for name, values in expected.items():
                if name in got.column_names:
                    merges.compare(name, values, got[name].to_pylist())
    elif not small and merges_file.exists():
        merges.differences.append(f"{merges_file.name} is there, although there is no tree")

    by_feature = dict(zip(features, distances, strict=True))
    for row in rows:
        if "decoder_similarity_merge_threshold" in row:
            feature = row["feature_id"]
            column.compare(
                f"feature_id={feature}, llm_explainer={row['llm_explainer']}",
                bt.similarity_threshold(by_feature.get(feature)),
                row["decoder_similarity_merge_threshold"],
            )
            column.rows += 1
    keys = [(f, inputs.names[e.explainer]) for f, group in inputs.explained.items() for e in group]
    if [(row["feature_id"], row["llm_explainer"]) for row in rows] != keys:
        column.differences.append("the rows are not those of the explanations, in order")
    return [checked, merges, column]


# ---------------------------------------------------------------------------------------------
# Section 5


def every_metric(inputs: bi.Inputs, rows: list[rc.Row]) -> dict[bb.Key, bb.Metrics]:
    """The raw metrics of all rows: recomputed for the wanted features, else as written."""
    own = bb.raw_metrics(inputs)
    written = {(row["feature_id"], row["llm_explainer"]): row for row in rows}
    metrics = {}
    for feature, group in inputs.explained.items():
        for explanation in group:
            key = (feature, inputs.names[explanation.explainer])
            if key in own:
                metrics[key] = own[key]
            elif key in written:
                metrics[key] = {metric: written[key].get(metric) for metric in bb.METRICS}
    return metrics


def check_barycentric(data: Path, inputs: bi.Inputs) -> list[bc.Checked]:
    """Section 5: the rows and their metadata."""
    checked = bc.Checked("explanation_barycentric")
    facts = bc.Checked("explanation_barycentric_metadata")
    path = data / "master" / "explanation_barycentric.parquet"
    table = bc.open_file(checked, path, bc.SCHEMAS["explanation_barycentric"])
    rows = [] if table is None else table.to_pylist()
    metrics = every_metric(inputs, rows)
    numbers = {key: inputs.setting(key) for key in bi.DEFAULTS if key.startswith("clustering.")}
    tolerance = 1e-5 if inputs.wanted is None else 1e-4
    if inputs.wanted is not None:
        checked.notes.append(f"statistics over the written raw metrics, tolerance {tolerance}")

    if rows:
        expected = bb.barycentric_rows(metrics, numbers)
        keys = [(row["feature_id"], row["llm_explainer"]) for row in rows]
        if keys != list(metrics):
            checked.differences.append("rows: not those of features, in its order")
        clusters = clusters_to_expect(checked, expected, rows, numbers)
        by_key = dict(zip(keys, rows, strict=True))
        for row in expected:
            key = (row["feature_id"], row["llm_explainer"])
            if key in by_key:
                compare_barycentric(checked, row, by_key[key], inputs, clusters, tolerance)
    document = bc.read_json(facts, path.with_name("explanation_barycentric_metadata.json"))
    if document is not None:
        check_metadata(facts, document, metrics, inputs.sae_id, tolerance)
    return [checked, facts]


def clusters_to_expect(
    checked: bc.Checked, expected: list[rc.Row], rows: list[rc.Row], numbers: dict[str, Any]
) -> dict[int, int]:
    """Feature -> cluster id; where float noise moves one, the written z columns decide, noted."""
    own = {row["feature_id"]: row["cluster_id"] for row in expected}
    written = {row["feature_id"]: row.get("cluster_id") for row in rows}
    if own == written or any(f"{metric}_std" not in rows[0] for metric in bb.METRICS):
        return own
    again = bb.clusters_of(bb.mean_points(rows), numbers)
    moved = sum(own[feature] != written.get(feature) for feature in own)
    if again == written:
        checked.notes.append(
            f"cluster_id: {moved} features lie otherwise; by the written z they agree"
        )
        return again
    checked.differences.append(
        f"cluster_id: {moved} of {len(own)} features lie otherwise, by the written z too"
    )
    return own


def compare_barycentric(
    checked: bc.Checked,
    row: rc.Row,
    actual: rc.Row,
    inputs: bi.Inputs,
    clusters: dict[int, int],
    tolerance: float,
) -> None:
    """One row; the raw metrics of a feature that is not wanted are not compared with themselves."""
    where = f"feature_id={row['feature_id']}, llm_explainer={row['llm_explainer']}"
    anchors = bb.nearest_anchors(row)
    row = row | {"cluster_id": clusters[row["feature_id"]]}
    if len(anchors) > 1:
        checked.notes.append(f"{where}: {' and '.join(anchors)} are equally near")
        if actual.get("nearest_anchor") in anchors:
            row["nearest_anchor"] = actual["nearest_anchor"]
    wanted = inputs.is_wanted(row["feature_id"])
    columns = [c for c in row if wanted or c not in RAW_COLUMNS]
    raw = [c for c in columns if c in RAW_COLUMNS]
    rest = [c for c in columns if c not in RAW_COLUMNS]
    checked.rows += 1
    for names, reach in ((raw, 1e-5), (rest, tolerance)):
        checked.compare(where, {c: row[c] for c in names}, {c: actual.get(c) for c in names}, reach)


def check_metadata(
    facts: bc.Checked,
    document: dict[str, Any],
    metrics: dict[bb.Key, bb.Metrics],
    sae_id: str,
    tolerance: float,
) -> None:
    """The JSON beside the rows; its percentiles are those from p5 to p90, whichever lie between."""
    expected = bb.metadata_of(metrics, sae_id)
    statistics = bb.all_statistics(list(metrics.values()))
    given = document.get("normalization_stats") or {}
    for metric, of in statistics.items():
        known = expected["normalization_stats"][metric]
        names = [name for name in given.get(metric, {}) if re.fullmatch(r"p\d+", name)]
        required = ("mean", "std", "min", "max", "p5", "p90")
        known = {name: known[name] for name in required}
        known |= {name: of.percentile(int(name[1:])) for name in names}
        got = {name: given.get(metric, {}).get(name) for name in known}
        facts.compare(f"normalization_stats.{metric}", as_floats(known), as_floats(got), tolerance)
    if list(given) and set(given) != set(bb.METRICS):
        facts.differences.append(f"normalization_stats: metrics {sorted(given)}")
    for key in ("metrics_order", "anchor_coordinates", "total_rows", "sae_id"):
        value, got = expected[key], document.get(key)
        if key == "anchor_coordinates" and isinstance(got, dict):
            value, got = as_floats(value), as_floats({name: got.get(name) for name in value})
        facts.compare(key, value, got, tolerance)
    if not isinstance(document.get("processing_stats"), dict):
        facts.differences.append("processing_stats is not there")
    try:
        datetime.fromisoformat(document["created_at"])
    except (KeyError, TypeError, ValueError):
        facts.differences.append(f"created_at: {document.get('created_at')!r}")


def as_floats(tree: Any) -> Any:
    """JSON writes 1.0 as 1 here and there: all numbers as floats."""
    if isinstance(tree, dict):
        return {key: as_floats(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [as_floats(value) for value in tree]
    return float(tree) if rc.is_number(tree) else tree


def check(
    data: Path,
    settings: dict[str, Any],
    embed: rc.Embed,
    features: list[int] | None = None,
) -> list[bc.Checked]:
    """Every file of SPEC-NEXT.md against its recomputation; see the module's docstring."""
    inputs = bi.gather(data / "raw", settings, embed, features)
    found = check_activation(data, inputs)
    found += check_tree(data, inputs)
    found += check_barycentric(data, inputs)
    found += [bs.check_texts(data, inputs), bs.check_windows(data, inputs)]
    quick = bs.written_vectors(data) if features is not None else None
    found.append(bs.check_consistency(data, inputs, quick or embed))
    return found


def main() -> int:
    from tests.independent.check import chosen_features, embedder

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--features", type=int, default=0, help="a random number of them; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    chosen = parser.parse_args()
    settings = bi.read_settings(chosen.data, chosen.overrides)
    features = chosen_features(chosen.data, chosen.features, chosen.seed)
    embed = embedder(str(settings.get("embedding.model", "google/embeddinggemma-300m")))
    found = check(chosen.data, settings, embed, features)
    for checked in found:
        for line in checked.lines():
            print(line)
    return 1 if any(checked.differences for checked in found) else 0


if __name__ == "__main__":
    sys.exit(main())
