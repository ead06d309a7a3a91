"""The results of comparing the members of a collection."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.database import open_read_only
from warehouse.errors import WarehouseError

Rows = list[dict[str, object]]

# Which latents are the same one is asked of compare.latent_pairs itself: there are thousands.
_PAIRS = """
    SELECT
        p.*,
        (
            SELECT count(*) FROM compare.feature_pairs f
            WHERE f.member = p.member AND f.other_member = p.other_member
        ) AS pairs,
        count(l.feature_id) AS mutual_neighbours,
        median(l.cosine_similarity) AS median_cosine
    FROM compare.member_pairs p
    LEFT JOIN compare.latent_pairs l ON l.member = p.member AND l.other_member = p.other_member
    GROUP BY ALL"""


@dataclass(frozen=True)
class Comparison:
    """Rows of the relations of `compare`, by their columns; members and their pairs in their order."""

    members: Rows
    pairs: Rows
    paired: Rows
    means: Rows
    variance: Rows

    def tables(self) -> dict[str, Rows]:
        """The rows by what they are."""
        return {
            "members": self.members,
            "pairs": self.pairs,
            "paired_differences": self.paired,
            "mean_differences": self.means,
            "variance_shares": self.variance,
        }

    def as_json(self) -> str:
        return json.dumps(self.tables(), indent=2, ensure_ascii=False)


def read_comparison(warehouse: Path) -> Comparison:
    """The comparison in a collection's file. WarehouseError: there is none."""
    with open_read_only(warehouse) as connection:
        try:
            members = _rows(connection, "FROM compare.summary ORDER BY member_order")
            order = {row["member"]: row["member_order"] for row in members}
            pairs, paired, means = (
                sorted(
                    _rows(connection, sql),
                    key=lambda row: (order[row["member"]], order[row["other_member"]]),
                )
                for sql in (
                    _PAIRS,
                    "FROM compare.paired_differences",
                    "FROM compare.mean_differences",
                )
            )
            variance = _rows(connection, "FROM compare.variance_shares")
        except duckdb.CatalogException:
            raise WarehouseError(
                f'"{warehouse}" holds no comparison: no member has all that is compared',
                "build the members whole: python cli.py build",
            ) from None
    return Comparison(members, pairs, paired, means, variance)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> Rows:
    found = connection.execute(sql)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
