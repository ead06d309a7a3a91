"""How members differ."""

from __future__ import annotations

from collections.abc import Mapping

from rich.markup import escape

from warehouse.collection.compared import Comparison, Rows
from warehouse.terminal.console import OUT, make_table
from warehouse.text import visible

Row = Mapping[str, object]

_PAIRINGS = {"feature_id": "by feature id", "decoder": "by decoder", None: "not paired"}


def show_comparison(found: Comparison, each: bool) -> None:
    """Members, how they pair, their differences with intervals, and shares of variance.

    With `each`, those of each explainer and scorer beside the means of features.
    """
    _members(found.members)
    _pairs(found.pairs)
    levels = ("feature", "explanation") if each else ("feature",)
    _differences(
        "difference of features that pair",
        [row for row in found.paired if row["level"] in levels],
        ("pairs", "matched_pairs"),
    )
    _differences(
        "difference of means",
        [row for row in found.means if row["level"] in levels],
        ("features", "matched_features"),
    )
    _variance(found.variance)


def _members(rows: Rows) -> None:
    table = make_table(
        "member", "SAE", "features", "explained", "score", "fuzz", "detection", "embedding",
        "similarity", "match rate", numbers=range(2, 10),
    )  # fmt: skip
    for row in rows:
        table.add_row(
            _text(row["member"]), _text(row["sae_id"]), f"{row['features']:,}", f"{row['explained']:,}",
            *(_figure(row[n]) for n in ("mean_score", "mean_fuzz", "mean_detection", "mean_embedding", "semantic_similarity", "match_rate")),
        )  # fmt: skip
    OUT.print(table)


def _pairs(rows: Rows) -> None:
    table = make_table(
        "members", "SAE", "features pair", "pairs", "mutual neighbours", "median cosine",
        numbers=(3, 4, 5),
    )  # fmt: skip
    for row in rows:
        table.add_row(
            _both(row),
            "the same" if row["same_sae"] else "two",
            _PAIRINGS[row["pairing"]],
            f"{row['pairs']:,}",
            f"{row['mutual_neighbours']:,}",
            _figure(row["median_cosine"]),
        )
    OUT.print(table)


def _differences(title: str, rows: Rows, counts: tuple[str, str]) -> None:
    if not rows:
        OUT.print(f"{title}: none")
        return
    OUT.print(f"[bold]{title}[/], second minus first, with 95 % intervals")
    matched = any(row[counts[1]] for row in rows)
    beside = ("matched", "at matched frequency", "95 %") if matched else ()
    named = any(row["level"] == "explanation" for row in rows)
    names = ("explainer", "scorer") if named else ()
    table = make_table(
        "members", "figure", *names, counts[0], "first", "second", "difference", "95 %", *beside,
        numbers=range(2 + len(names), 10 + len(names)),
    )  # fmt: skip
    for row in rows:
        cells = [_both(row), _text(row["figure"])]
        if named:
            cells += [_text(row["llm_explainer"]), _text(row["scorer"])]
        cells += [_count(row, counts[0]), _figure(row["mean"]), _figure(row["other_mean"])]
        cells += [_signed(row["difference"]), _interval(row, "difference")]
        if matched:
            cells += [
                _count(row, counts[1]),
                _signed(row["matched_difference"]),
                _interval(row, "matched"),
            ]
        table.add_row(*cells)
    OUT.print(table)


def _variance(rows: Rows) -> None:
    OUT.print("[bold]share of the variance of scores[/] by each factor alone (eta², omega²)")
    table = make_table(
        "method", "factor", "levels", "scores", "eta²", "omega²", numbers=range(2, 6)
    )
    for row in rows:
        table.add_row(
            _text(row["method"]) or "fuzz, detection, embedding",
            str(row["factor"]),
            f"{row['levels']:,}",
            f"{row['num_values']:,}",
            _figure(row["eta_squared"]),
            _figure(row["omega_squared"]),
        )
    OUT.print(table)


def _both(row: Row) -> str:
    return f"{_text(row['member'])}, {_text(row['other_member'])}"


def _count(row: Row, name: str) -> str:
    count = "" if row[name] is None else f"{row[name]:,}"
    other = row.get(f"other_{name}")
    return count if other is None else f"{count}, {other:,}"


def _text(value: object) -> str:
    return "" if value is None else escape(visible(str(value)))


def _figure(value: object) -> str:
    return "" if value is None else f"{value:.3f}"


def _signed(value: object) -> str:
    return "" if value is None else f"{value:+.3f}"


def _interval(row: Row, name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return "" if low is None else f"{low:+.3f} to {high:+.3f}"
