"""The difference of two builds on one screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.markup import escape

from warehouse.diff.difference import ColumnDiff, Diff, Question, TableDiff, Value
from warehouse.terminal.console import OUT, make_table
from warehouse.terminal.values import describe_settings, format_key, format_number, plain

# Of a text that a summary lists.
WIDTH = 40


def show_diff(found: Diff) -> None:
    """What differs between two states, on one screen; one feature in full."""
    facts = make_table("", "", numbers=())
    facts.show_header = False
    for name, side in (("old", found.old), ("new", found.new)):
        preview = side.label if name == "new" and side.label.startswith("--set") else ""
        text = preview or f"{side.build_id}  {side.started:%Y-%m-%d %H:%M:%S}  {side.label}"
        facts.add_row(name, escape(text))
    if found.old.program != found.new.program:
        facts.add_row("program", f"{found.old.program} → {found.new.program}")
    if found.settings:
        facts.add_row("settings", escape(describe_settings(found.settings)))
    if found.files:
        facts.add_row("files", escape(_files_changed(found.files)))
    if found.versions:
        facts.add_row("models", _versions_changed(found.versions))
    if found.sae_ids[0] != found.sae_ids[1]:
        facts.add_row("sae_id", escape(" → ".join(map(plain, found.sae_ids))))
    OUT.print(facts)
    for table in found.tables:
        if table.differs:
            OUT.print()
            if found.question.feature is None:
                _table_diff(table, found.question)
            else:
                _feature_diff(table)
    unlike = [t.name for t in found.tables if t.differs]
    alike = [t.name for t in found.tables if not t.differs and t.compared]
    if unlike:
        OUT.print()
    what = "" if found.question.feature is None else f" of feature {found.question.feature}"
    if found.identical:
        OUT.print(f"no difference{what}")
    elif alike:
        OUT.print(f"no difference{what} in {', '.join(alike)}", soft_wrap=True)
    for table in found.tables:
        if table.note and (table.differs or not table.compared):
            rest = table.note if table.compared else f"not compared: {table.note}"
            OUT.print(f"[dim]{table.name}: {escape(rest)}[/]", soft_wrap=True)


def _table_diff(table: TableDiff, question: Question) -> None:
    old, new = table.rows
    rows = f"{new:,} rows" if old == new else f"{old:,} → {new:,} rows"
    counts = {"added": table.num_added, "removed": table.num_removed, "changed": table.num_changed}
    told = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    if table.only:
        told = f"only in the {table.only} state"
    OUT.print(f"[bold]{table.name}[/]  {rows}: {told or 'other columns'}", soft_wrap=True)
    for word, found in (("added", table.added), ("removed", table.removed)):
        if found:
            parts = [format_key(list(row.values()), WIDTH) for row in found]
            text = "; ".join([*parts, *_more(counts[word] - len(parts))])
            OUT.print(f"  {word}: {escape(text)}", soft_wrap=True)
    for word, columns in (("new", table.columns_added), ("gone", table.columns_removed)):
        if columns:
            OUT.print(f"  columns that are {word}: {', '.join(columns)}", soft_wrap=True)
    if table.columns:
        shown = make_table("  column", "changed", "largest", "mean", "old → new", numbers=(1, 2, 3))
        for column in sorted(table.columns, key=lambda c: c.nested):
            shown.add_row(
                f"  {column.name}",
                f"{column.changed:,}",
                format_number(column.largest),
                format_number(column.mean),
                escape(_examples(column, question)),
            )
        OUT.print(shown)


def _examples(column: ColumnDiff, question: Question) -> str:
    """The changed values that are listed, by key, and how many more there are."""
    parts = [_change(column, value, format_key(value.key, WIDTH), WIDTH) for value in column.values]
    parts += _more(column.changed - len(parts))
    nulls = f"  ({column.nulls:,} to or from null)" if column.nulls else ""
    return ("\n" if question.table else "; ").join(parts) + nulls


def _change(column: ColumnDiff, value: Value, key: str, width: int | None = None) -> str:
    """One change. Of a nested column the key alone: the flat relations hold its items."""
    change = "" if column.nested else f"{plain(value.old, width)} → {plain(value.new, width)}"
    return ": ".join(filter(None, (key, change)))


def _more(count: int) -> list[str]:
    return [f"{count:,} more"] if count > 0 else []


def _feature_diff(table: TableDiff) -> None:
    """Every changed value of one feature in one relation."""
    OUT.print(f"[bold]{table.name}[/]", soft_wrap=True)
    for sign, rows in (("+", table.added), ("-", table.removed)):
        for row in rows:
            key = format_key([row[k] for k in table.key])
            rest = [f"{name} {plain(row[name])}" for name in row if name not in table.key]
            OUT.print(escape(f"  {sign} {key}  {', '.join(rest)}".rstrip()), soft_wrap=True)
    for column in table.columns:
        for value in column.values:
            key = " · ".join(filter(None, (column.name, format_key(value.key[1:]))))
            OUT.print(escape(f"  {_change(column, value, key)}"), soft_wrap=True)


def _versions_changed(changed: Mapping[str, tuple[int | None, int | None]]) -> str:
    told = [
        f"{name} {'new' if old is None else 'gone' if new is None else f'{old} → {new}'}"
        for name, (old, new) in changed.items()
    ]
    more = f", {len(told) - 5} more" if len(told) > 5 else ""
    return ", ".join(told[:5]) + more


def _files_changed(files: Sequence[tuple[str, str]]) -> str:
    counts = {how: sum(h == how for _, h in files) for _, how in files}
    told = ", ".join(f"{count:,} {how}" for how, count in counts.items())
    names = ", ".join(name for name, _ in files[:3])
    return f"{told}: {names}{' …' if len(files) > 3 else ''}"
