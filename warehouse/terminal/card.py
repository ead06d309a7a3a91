"""A feature's card in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from warehouse.look.card import Card, Example, Explanation
from warehouse.pages import DASH, count, number
from warehouse.terminal.console import OUT
from warehouse.text import visible

_GROUPS = ("cyan", "yellow", "green", "magenta", "blue", "red")
# From weak to strong on a dark and on a light ground alike: the letters first, then what is behind.
_HEAT = (
    "dark_orange",
    "bold dark_orange",
    "black on #c98a3c",
    "black on #ec8f1e",
    "bold black on #ff9a1f",
)
_BAR = 12
_WRONG = 5  # of the judges, with the example that each is surest and wrong about
_CARD_WIDTH = 120


def show_card(shown: Card) -> None:
    """A feature's card: made for reading, so it folds where it is piped too."""
    for part in parts(shown, colour=OUT.color_system is not None):
        OUT.print(part, width=None if OUT.is_terminal else _CARD_WIDTH)


def parts(card: Card, colour: bool) -> Iterator[RenderableType]:
    """The sections of a card. Without `colour` the strongest token is put between «»."""
    yield _title(card)
    yield from _section("Explanations", _explanations(card))
    yield from _section("Scores", _scores(card))
    if card.judgements:
        yield from _section("What the judges got wrong", _judgements(card))
    yield from _section("If it fails", _causes(card))
    yield from _section("What it fires on", _pattern(card))
    yield from _section("How often it fires", _statistics(card))
    yield from _section("Matching", _matching(card))
    yield from _section("Activation examples", _examples(card, colour))
    yield from _section("Decoder neighbours", _neighbours(card))


def _title(card: Card) -> RenderableType:
    kind = card.pattern.pattern_type or "no pattern type"
    head = Text.assemble((f"Feature {card.feature_id}", "bold"), "  ", (kind, "bold cyan"))
    head.append(f"  {visible(card.sae_id or '')}", "dim")
    facts = [
        f"{count(card.num_examples)} examples, {count(card.num_active)} active, "
        f"{count(card.num_sampled)} sampled"
    ]
    if card.score_rank is not None:
        facts.append(
            f"mean score {number(card.mean_score)}, place {count(card.score_rank)} "
            f"of {count(card.num_scored)}"
        )
    if card.match_rate is not None:
        facts.append(f"match rate {number(card.match_rate)}")
    settings = card.build.settings
    build = f"build {card.build.build_id}, {visible(str(settings['embedding.model']))}"
    return Group(head, Text(" · ".join(facts)), Text(build, "dim"))


def _statistics(card: Card) -> list[RenderableType]:
    """A line for the corpus and one for the records, the tokens it fires on, a user's own figures."""
    lines: list[RenderableType] = []
    for told in card.statistics:
        facts = []
        if told.firing_count is not None:
            facts.append(f"{count(told.firing_count)} firings")
        if told.density is not None:
            word = ", dead" if told.is_dead else ", dense" if told.is_dense else ""
            facts.append(f"on {told.density:.4%} of the tokens{word}")
        if told.max_activation is not None:
            facts.append(f"at most {number(told.max_activation)}")
        if told.mean_activation is not None:
            facts.append(f"on average {number(told.mean_activation)}")
        if told.token_entropy is not None:
            facts.append(f"token entropy {number(told.token_entropy)} bits")
        lines.append(Text.assemble((f"{told.basis}: ", "bold"), " · ".join(facts)))
        if told.top_tokens:
            tokens = (
                f"{visible(str(t['token']))} {count(t['count'])}" for t in told.top_tokens[:5]
            )
            lines.append(Text("  tokens: " + ", ".join(tokens), "dim"))
        if told.top_logits:
            tokens = (visible(str(t["token"])) for t in told.top_logits[:10])
            lines.append(Text("  promotes: " + ", ".join(tokens), "dim"))
    for own in card.own:
        of = " · ".join(filter(None, (own.explainer, own.scorer)))
        lines.append(Text(visible(f"{own.name}: {own.value}" + (f" ({of})" if of else ""))))
    return lines or [Text("nothing is known of it", "dim")]


def _section(title: str, body: Sequence[RenderableType]) -> Iterator[RenderableType]:
    yield Text(f"\n{title}", "bold")
    for part in body:
        yield Padding(part, (0, 0, 0, 2), expand=False)


def _explanations(card: Card) -> list[RenderableType]:
    if not card.explanations:
        return [Text("none", "dim")]
    table = _grid()
    for explanation in card.explanations:
        table.add_row(Text(_name(card, explanation.explainer), "bold"), _marked(explanation))
    body: list[RenderableType] = [table]
    for group in card.groups:
        told = f"{len(group.explainers)} explainers agree, similarity {number(group.similarity)}"
        body.append(
            Text.assemble((f"[{group.group_id}]", _group_style(group.group_id)), f" {told}")
        )
    if not card.groups:
        threshold = card.build.settings["alignment.threshold"]
        body.append(Text(f"no phrases agree (similarity of at least {threshold:g})", "dim"))
    if card.pairs:
        alike = (
            f"{_name(card, a)} – {_name(card, b)} {number(value)}" for a, b, value in card.pairs
        )
        body.append(Text("as a whole: " + ", ".join(alike)))
    return body


def _marked(explanation: Explanation) -> Text:
    """An explanation with its aligned phrases in their groups' colours and with their numbers."""
    text = Text()
    for segment in explanation.segments:
        if segment.group_id is None:
            text.append(visible(segment.text))
        else:
            style = _group_style(segment.group_id)
            text.append(visible(segment.text), style)
            text.append(f"[{segment.group_id}]", f"dim {style}")
    return text


def _scores(card: Card) -> list[RenderableType]:
    table = _grid("explainer", "scorer", "fuzz", "detection", "embedding", "simulation", numbers=2)
    for explanation in card.explanations:
        for place, score in enumerate(explanation.scores):
            figures = (score.fuzz, score.detection, score.embedding, score.simulation)
            table.add_row(
                "" if place else Text(_name(card, explanation.explainer)),
                Text(_name(card, score.scorer)),
                *map(number, figures),
            )
    if not table.row_count:
        return [Text("not scored", "dim")]
    return [table, Text("chance is 0.5, of simulation 0", "dim")]


def _judgements(card: Card) -> list[RenderableType]:
    """How each scorer judged each explanation, and the examples that it was surest and wrong about."""
    table = _grid(
        "explainer", "scorer", "method", "right", "missed", "false alarms", "failed", numbers=3
    )
    for judged in card.judgements:
        figures = (judged.right, judged.missed, judged.false_alarms, judged.failed)
        names = (_name(card, judged.explainer), _name(card, judged.scorer))
        table.add_row(*map(Text, names), judged.method, *map(count, figures))
    wrong = _grid()
    for judged in [j for j in card.judgements if j.wrong][:_WRONG]:
        surest = judged.wrong[0]
        text = ("" if card.spaced else " ").join(token.text for token in surest.tokens)
        told = f"{_name(card, judged.scorer)} on {_name(card, judged.explainer)}, {judged.method}: {surest.told}"
        wrong.add_row(Text(told, "dim"), Text(_cut(text, 60)))
    return [table, *([Text("surest and wrong", "dim"), wrong] if wrong.row_count else [])]


def _pattern(card: Card) -> list[RenderableType]:
    pattern = card.pattern
    table = _grid()
    table.add_row(
        "semantic",
        _bar(pattern.mean_similarity, pattern.semantic_threshold),
        f"mean similarity {number(pattern.mean_similarity, 3)}, threshold "
        f"{pattern.semantic_threshold:g} (from {number(pattern.min_similarity)} to "
        f"{number(pattern.max_similarity)}, sd {number(pattern.std_similarity)})",
    )
    table.add_row(
        "lexical",
        _bar(pattern.max_jaccard, pattern.lexical_threshold),
        f"largest mean Jaccard {number(pattern.max_jaccard, 3)}, threshold "
        f"{pattern.lexical_threshold:g}",
    )
    grams = _grid("n", "mean Jaccard", "top n-gram", "times")
    for gram in pattern.ngrams:
        chosen = gram == pattern.selected
        name = DASH if gram.ngram is None else f'"{visible(gram.ngram)}"'
        grams.add_row(
            str(gram.n),
            number(gram.mean_jaccard, 3),
            Text.assemble((name, "underline" if chosen else "")),
            count(gram.count),
            Text("chosen" if chosen else "", "dim"),
        )
    return [table, *(Text(reason) for reason in pattern.reasons), *_shared(card), grams]


def _shared(card: Card) -> list[RenderableType]:
    """What the sampled examples share most: words, then characters."""
    return [
        Text(
            f'their top {"word" if one.kind == "words" else "character"} n-gram "{visible(one.ngram)}" '
            f"is in {count(one.examples)} of {count(card.num_sampled)} examples"
        )
        for one in card.pattern.shared
    ] or [Text("they share no n-gram", "dim")]


def _causes(card: Card) -> list[RenderableType]:
    """Which cause of failure each explanation's metrics are nearest to."""
    table = _grid()
    for explanation in card.explanations:
        if explanation.cause:
            table.add_row(
                Text(_name(card, explanation.explainer), "bold"), explanation.cause.sentence
            )
    return [table] if table.row_count else [Text("nothing to say without explanations", "dim")]


def _bar(value: float | None, threshold: float) -> Text:
    """A bar of a figure between 0 and 1 with a stroke where the threshold is."""
    filled = round(max(0.0, min(1.0, value or 0.0)) * _BAR)
    text = Text("█" * filled + "░" * (_BAR - filled), "bright_blue")
    place = min(_BAR, max(0, round(threshold * _BAR)))
    return Text.assemble(text[:place], ("│", "bold"), text[place:])


def _matching(card: Card) -> list[RenderableType]:
    if not card.matches:
        return [Text(f"nothing was tried: {card.untried}", "dim")]
    threshold = card.build.settings["matching.threshold"]
    tried = f"{count(card.num_matches)} of {count((card.num_matches or 0) + (card.num_mismatches or 0))}"
    table = _grid("", "similarity", "", "")
    for match in card.matches:
        sign, style = {
            "match": ("✓", "green"),
            "explanation_only": ("✗", "red"),
            "activation_only": ("?", "yellow"),
        }[match.outcome]
        table.add_row(
            Text(sign, style),
            number(match.similarity),
            match.told,
            Text(visible(match.text)[:200]),
            Text(_name(card, match.explainer or ""), "dim"),
        )
    return [Text(f"{tried} phrases match (similarity of at least {threshold:g})"), table]


def _examples(card: Card, colour: bool) -> list[RenderableType]:
    if not card.examples:
        return [Text("it is silent in all examples", "dim")]
    body: list[RenderableType] = []
    for quantile, examples in groupby(card.examples, key=lambda e: e.quantile):
        body.append(Text(card.quantile_range(quantile), "dim"))
        table = Table.grid(padding=(0, 2))
        for place in range(3):
            table.add_column(justify="left" if place == 2 else "right", no_wrap=place != 2)
        for example in examples:
            where = f"prompt {example.prompt_id} @ {example.max_position}"
            table.add_row(
                number(example.max_activation, 1),
                Text(where, "dim"),
                _tokens(card, example, colour),
            )
        body.append(table)
    return body


def _tokens(card: Card, example: Example, colour: bool) -> Text:
    text = Text("…" if example.first_position else "")
    for place, token in enumerate(example.tokens):
        if place and not card.spaced:
            text.append(" ")
        shade = card.shade(token)
        heat = _HEAT[min(len(_HEAT) - 1, int(shade * len(_HEAT)))] if shade else ""
        marked = not colour and example.first_position + place == example.max_position
        text.append("«" if marked else "")
        for piece, inside in token.pieces:
            text.append(visible(piece), f"{heat} underline" if inside else heat)
        text.append("»" if marked else "")
    if example.first_position + len(example.tokens) < example.num_tokens:
        text.append("…")
    return text


def _neighbours(card: Card) -> list[RenderableType]:
    if not card.neighbours:
        return [Text("none", "dim")]
    table = _grid("feature", "similarity", "examples alike", "pattern", "explanation", numbers=0)
    for near in card.neighbours:
        silent = "" if near.num_active else "no activations"
        table.add_row(
            str(near.feature_id),
            number(near.similarity, 3),
            number(near.example_similarity),
            near.pattern_type or "",
            Text(_cut(near.explanation) or silent, "" if near.explanation else "dim"),
        )
    return [table]


def _cut(text: str | None, width: int = 120) -> str:
    shown = visible(text or "")
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def _grid(*names: str, numbers: int | None = None) -> Table:
    """A table without lines; columns from `numbers` on to the right (text columns stay left)."""
    table = Table(box=None, pad_edge=False, show_header=bool(names), header_style="dim")
    for place, name in enumerate(names):
        right = numbers is not None and place >= numbers and name not in ("pattern", "explanation")
        table.add_column(name, justify="right" if right else "left")
    return table


def _group_style(group_id: int) -> str:
    return _GROUPS[group_id % len(_GROUPS)]


def _name(card: Card, model: str) -> str:
    return visible(card.short(model))
