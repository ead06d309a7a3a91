"""A feature's card as a notebook shows it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from warehouse.look.card import Card
from warehouse.look.output import assert_free
from warehouse.pages import environment, page, save

_HEIGHT = 720  # pixels of the frame in a notebook; the card scrolls in it


@dataclass(frozen=True)
class FeatureCard:
    """One feature: what explains it, how well, what it fires on, and its neighbours.

    A notebook shows the card. `card` holds the same as data: `card.examples`, `card.explanations`.
    """

    card: Card
    _data: Path

    def html(self) -> str:
        """The card as one HTML page that requests nothing."""
        return page("card.html", card=self.card, link=lambda near: "", around=None)

    def dict(self) -> dict[str, object]:
        """The card as dictionaries, lists, numbers and texts, as `feature ID --json` writes it."""
        return json.loads(self.card.json())

    def save(self, path: str | Path) -> Path:
        """Write the page to a file that ends in .html.

        UsageError when it cannot be written, or would take the place of the warehouse's own files.
        """
        path = Path(path)
        assert_free(self._data, path, (".html",))
        save(self.html(), path)
        return path

    def __repr__(self) -> str:
        texts = "; ".join(one.text for one in self.card.explanations[:1])
        return f"feature {self.card.feature_id}: {texts or 'no explanation'}"

    def _repr_html_(self) -> str:
        title = f"feature {self.card.feature_id}"
        template = environment().get_template("framed.html")
        return template.render(title=title, text=self.html(), height=_HEIGHT)
