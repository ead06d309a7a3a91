"""The list of features: analysis.feature_overview, filtered and sorted by a user's SQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

import duckdb

from warehouse.database import lacking, open_read_only
from warehouse.errors import UsageError
from warehouse.look.readable import readable
from warehouse.plan.project import Project

OVERVIEW = "analysis.feature_overview"

# What a table shows; the other formats hold every column.
_SHOWN = (
    "feature_id", "pattern_type", "mean_score", "match_rate", "explanation_text", "top_word_ngram", "top_char_ngram",
    "activation_semantic_sim", "activation_max_jaccard",
)  # fmt: skip

_MEMBER = ("member",)  # in front, of a collection

_EXAMPLES = {
    "--where": "--where \"match_rate > 0.5 and pattern_type = 'both'\"",
    "--sort": '--sort "match_rate desc, num_active"',
}


def select_features(
    project: Project, where: str, sort: str, limit: int | None, as_table: bool
) -> tuple[str, int, int]:
    """SQL of the features for which `where` holds, in the order of `sort`, then by id.

    `where` is one SQL expression, `sort` what may follow ORDER BY; DuckDB's own parser takes them
    as that and as nothing else. With the SQL: how many it gives, and how many there are. Of the
    columns a table holds a few. UsageError when an expression is wrong, with near names for a
    column that does not exist.
    """
    layout = project.layout
    with open_read_only(layout.warehouse, readable(layout)) as connection:
        found = filter_overview(connection, project.data, where)
        known = connection.table(OVERVIEW).columns
        count = len(found)
        rows = min(count, limit or count)
        # A line end, so that a comment in `sort` does not swallow what follows.
        found = _checked("--sort", sort, known, lambda: found.order(f"{sort}\n, feature_id")).limit(
            rows
        )
        shown = [*(name for name in _MEMBER if name in known), *_SHOWN]
        with lacking("a list of features needs", project.data):
            sql = found.select(*shown).sql_query() if as_table else found.sql_query()
    return sql, rows, count


def filter_overview(
    connection: duckdb.DuckDBPyConnection, data: Path, where: str
) -> duckdb.DuckDBPyRelation:
    """The features for which `where` holds, all where it is empty. Errors as of `select_features`."""
    with lacking("a list of features needs", data):
        overview = connection.table(OVERVIEW)
    if not where.strip():
        return overview
    return _checked("--where", where, overview.columns, lambda: overview.filter(where))


def _checked(
    option: str, text: str, known: list[str], make: Callable[[], duckdb.DuckDBPyRelation]
) -> duckdb.DuckDBPyRelation:
    """What `make` makes, once it was run to its end: values are cast only then."""
    try:
        relation = make()
        len(relation)
    except duckdb.Error as error:
        message = str(error).strip()
        unknown = re.search(r'Referenced column "(.+?)" not found', message)
        if not unknown:
            raise UsageError(
                f'{option} "{text}": {message.splitlines()[0]}', _EXAMPLES[option]
            ) from None
        near = get_close_matches(unknown[1], known, n=3, cutoff=0.5)
        raise UsageError(
            f'{option} "{text}": there is no column "{unknown[1]}"',
            f"did you mean {' or '.join(near)}?"
            if near
            else f"put text in single quotes; columns: {', '.join(known)}",
        ) from None
    return relation
