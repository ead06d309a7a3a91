"""Starting points: a new data directory, the settings beside a sample, a model to paste."""

from __future__ import annotations

from warehouse import export, settings
from warehouse.errors import UsageError, nearest
from warehouse.models.library import find, load_all


def shown(name: str, chosen: settings.Settings) -> str:
    """A model's SQL with its parameters filled in; UsageError for an unknown name."""
    known = load_all()
    found = find(name, known)
    if not found:
        near = nearest(name, [*known, *(n.partition(".")[2] for n in known)])
        raise UsageError(
            f'there is no model "{name}"',
            f'did you mean "{near}"?' if near else "python cli.py models list",
        )
    model = known[found]
    sql = model.filled(chosen.parameters())
    if model.schema == "master":
        sql = export.typed(model, sql)
    return f"/* {model.name}, version {model.version}: {model.description} */\n{sql};"
