"""The one statement behind each view, with its values bound; `shown` is the same to read and paste."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from warehouse.explore.view import MAP, Catalog, View
from warehouse.look.features import OVERVIEW
from warehouse.sqltext import TOKEN, literal, quoted_column

# Of a relation with every column of the overview: what a condition (`where`) is checked into.
Conditioned = Callable[[str], str]


@dataclass
class Query:
    """A statement and the values of its `$v…` parameters."""

    sql: str = ""
    values: dict[str, object] = field(default_factory=dict)

    def bind(self, value: object) -> str:
        """The name of a new parameter that holds `value`."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"${name}"

    @property
    def shown(self) -> str:
        """The statement with its values filled in."""
        return "".join(
            literal(self.values[m["parameter"]]) if m["parameter"] else m[0]
            for m in TOKEN.finditer(self.sql)
        )


@dataclass(frozen=True)
class Queries:
    """Makes the statements of views. `conditioned`: checks a view's `where`, see look.features."""

    catalog: Catalog
    conditioned: Conditioned
    window: tuple[int, str]  # windows.embedding_tokens and windows.edge

    def features(self, view: View) -> Query:
        """One page of the table: the view's columns, and `features_found`, how many there are."""
        query = Query()
        order = _order(view)
        sort = "" if view.sort == "feature_id" else f", {quoted_column(view.sort)}"
        source = self._source(view, {view.sort})
        where = self._where(query, view)
        columns = ", ".join(quoted_column(name) for name in view.columns)
        query.sql = f"""\
WITH found AS (
    SELECT feature_id{sort}
    FROM {source}{where}
),

page AS (
    SELECT feature_id
    FROM found
    ORDER BY {order}
    LIMIT {query.bind(view.rows)} OFFSET {query.bind(view.rows * (view.page - 1))}
)

SELECT {columns}, (SELECT count(*) FROM found) AS features_found
FROM {OVERVIEW}
WHERE feature_id IN (SELECT feature_id FROM page)
ORDER BY {order}"""
        return query

    def listing(self, view: View, limit: int | None = None) -> Query:
        """Every feature of the view with the view's columns, in its order."""
        query = Query()
        columns = ", ".join(quoted_column(name) for name in view.columns)
        query.sql = f"""\
SELECT {columns}
FROM {self._source(view)}{self._where(query, view)}
ORDER BY {_order(view)}"""
        if limit is not None:
            query.sql += f"\nLIMIT {query.bind(limit)}"
        return query

    def points(self, view: View) -> Query:
        """Feature, x, y and pattern type of what the view holds, its ranges of x and y left aside.

        So a brush, which is a range of both, leaves its surroundings to be seen.
        """
        query = Query()
        x, y = quoted_column(view.x), quoted_column(view.y)
        known = [f"isfinite({name}::DOUBLE)" for name in dict.fromkeys((x, y))]
        where = self._where(query, view, {view.x, view.y}, known)
        query.sql = f"""\
SELECT feature_id, {x}::FLOAT AS x, {y}::FLOAT AS y, coalesce(pattern_type, 'unexplained') AS pattern_type
FROM {self._source(view, {view.x, view.y})}{where}
ORDER BY feature_id"""
        return query

    def types(self, view: View) -> Query:
        """How many explained features have which pattern type now and under the view's thresholds."""
        query = Query()
        semantic, lexical = query.bind(view.semantic), query.bind(view.lexical)
        query.sql = f"""\
WITH typed AS (
    SELECT
        pattern_type AS type_now,
        coalesce(activation_semantic_sim > {semantic}::FLOAT, false) AS is_semantic,
        coalesce(activation_max_jaccard > {lexical}::FLOAT, false) AS is_lexical
    FROM {OVERVIEW}
    WHERE pattern_type IS NOT NULL
)

SELECT
    type_now,
    CASE
        WHEN is_semantic AND is_lexical THEN 'both'
        WHEN is_semantic THEN 'semantic'
        WHEN is_lexical THEN 'lexical'
        ELSE 'none'
    END AS pattern_type,
    count(*) AS features
FROM typed
GROUP BY ALL
ORDER BY type_now, pattern_type"""
        return query

    def around(self, view: View) -> Query:
        """The view's feature with its place in the view's order, and the features beside it."""
        query = Query()
        source, where = self._source(view), self._where(query, view)
        query.sql = f"""\
WITH placed AS (
    SELECT
        feature_id,
        row_number() OVER in_order AS place,
        lag(feature_id) OVER in_order AS previous,
        lead(feature_id) OVER in_order AS next
    FROM {source}{where}
    WINDOW in_order AS (ORDER BY {_order(view)})
)

SELECT feature_id, place, previous, next
FROM placed
WHERE feature_id = {query.bind(view.feature)}"""
        return query

    def extents(self) -> Query:
        """The smallest and the largest value of each figure."""
        ends = ", ".join(
            f"[min({quoted_column(name)})::DOUBLE, max({quoted_column(name)})::DOUBLE] AS {quoted_column(name)}"
            for name in self.catalog.figures
        )
        return Query(f"SELECT {ends}\nFROM {self._source(View(), set(self.catalog.figures))}")

    def _source(self, view: View, used: Collection[str] = ()) -> str:
        source = OVERVIEW
        if view.where:
            source = f"({self.conditioned(view.where)}) AS overview"
        if {*used, *view.ranges} & set(MAP):
            inner = source.removesuffix(" AS overview")
            source = (
                "(SELECT o.*, p.x AS map_x, p.y AS map_y "
                f"FROM {inner} AS o LEFT JOIN analysis.feature_projection AS p ON p.feature_id = o.feature_id) AS overview"
            )
        return source

    def _where(
        self, query: Query, view: View, without: Collection[str] = (), more: Collection[str] = ()
    ) -> str:
        """WHERE and every filter of the view; '' without one."""
        found = list(more)
        if view.text:
            found.append(
                f"feature_id IN (SELECT feature_id FROM analysis.explanations WHERE {_has('text', query.bind(re.escape(view.text)))})"
            )
        if view.tokens:
            found.append(self._fires_on(query, view.tokens))
        if view.patterns:
            found.append(_typed(query, view.patterns))
        for name, wanted in view.contains.items():
            found.append(_has(f"{quoted_column(name)}::VARCHAR", query.bind(re.escape(wanted))))
        for name, range_ in view.ranges.items():
            if name in without:
                continue
            column = quoted_column(name)
            if range_.low is not None:
                found.append(f"{column} >= {query.bind(range_.low)}")
            if range_.high is not None:
                found.append(f"{column} <= {query.bind(range_.high)}")
        return "\nWHERE " + "\n    AND ".join(found) if found else ""

    def _fires_on(self, query: Query, text: str) -> str:
        """A sampled example of the feature has the text in its window. Each window is read once."""
        tokens, edge = self.window
        wanted = query.bind(_pattern(text))
        window = f"token_window(p.tokens, s.max_position, {query.bind(tokens)}, {query.bind(edge)})"
        return f"""feature_id IN (
        WITH windows AS MATERIALIZED (
            SELECT s.prompt_id, s.max_position
            FROM (SELECT DISTINCT prompt_id, max_position FROM analysis.samples) AS s
            JOIN staging.prompts AS p ON p.prompt_id = s.prompt_id
            WHERE {_has("array_to_string(p.tokens, '')", wanted)}
                AND {_has(f"array_to_string({window}, '')", wanted)}
        )

        SELECT a.feature_id
        FROM analysis.samples AS a
        SEMI JOIN windows AS w ON w.prompt_id = a.prompt_id AND w.max_position = a.max_position
    )"""


def _has(column: str, wanted: str) -> str:
    """Whether a text matches, in whichever case; faster than ILIKE and lower()."""
    return f"regexp_matches({column}, {wanted}, 'i')"


def _pattern(text: str) -> str:
    """A text as a regular expression: a space may be the mark of one, or none between tokens.

    >>> _pattern("the  jury.")
    'the[ ▁Ġ]?jury\\\\.'
    """
    return "[ ▁Ġ]?".join(map(re.escape, text.split()))


def _typed(query: Query, patterns: Collection[str]) -> str:
    types = [p for p in patterns if p != "unexplained"]
    ways = [f"list_contains({query.bind(types)}, pattern_type)"] if types else []
    if "unexplained" in patterns:
        ways.append("pattern_type IS NULL")
    return f"({' OR '.join(ways)})"


def _order(view: View) -> str:
    way = " DESC" if view.descending else ""
    if view.sort == "feature_id":
        return f"feature_id{way}"
    return f"{quoted_column(view.sort)}{way} NULLS LAST, feature_id"
