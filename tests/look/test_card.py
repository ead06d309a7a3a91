"""Feature cards: one structure, three forms; hostile text stays text; the list of features."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cli import main
from tests.look.browser import chromium, needs_chromium
from tests.look.test_pages import HOSTILE
from tests.support.builds import open_project
from warehouse import pages
from warehouse.look.card import Card, Explanation, Ngram, Phrase
from warehouse.look.card_reader import _occurrences, read_card
from warehouse.look.evidence import Token, WrongExample
from warehouse.look.judged import read_texts
from warehouse.terminal.card import parts


def invoke(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--data", str(data), *arguments])


def out(data: Path, *arguments: str) -> str:
    result = invoke(data, *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def refusal(data: Path, *arguments: str, code: int = 2) -> str:
    result = invoke(data, *arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    return result.stderr


def terminal(card: Card, colour: bool = False) -> str:
    """The card as a terminal gets it."""
    console = Console(
        width=100,
        record=True,
        file=io.StringIO(),
        force_terminal=colour,
        color_system="truecolor" if colour else None,
    )
    for part in parts(card, colour):
        console.print(part)
    return console.export_text(styles=colour)


def card_page(card: Card, *linked: int) -> str:
    """The card's page, with a link to each feature of `linked`."""
    link = {near: f"#{near}" for near in linked}
    return pages.page("card.html", card=card, link=lambda near: link.get(near, ""), around=None)


@pytest.fixture(scope="module")
def cards(sample: Path) -> list[Card]:
    """The card of every feature of the sample."""
    return [read_card(open_project(sample), feature) for feature in range(40)]


@pytest.fixture
def changed(sample: Path, tmp_path: Path):
    """A copy of the warehouse file after some SQL, as a data directory of its own."""

    def change(*statements: str) -> Path:
        shutil.copy(sample / "warehouse.duckdb", tmp_path)
        with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
            for statement in statements:
                connection.execute(statement)
        return tmp_path

    return change


@pytest.fixture(scope="module")
def hostile(cards: list[Card]) -> Card:
    """A card with every hostile text in every place that holds text from outside."""
    card, every = cards[8], " ".join(HOSTILE)
    ngram = Ngram(2, 0.5, every, 3)
    phrases = [Phrase(text, place, 0) for place, text in enumerate(HOSTILE)]
    explanations = [
        dataclasses.replace(e, explainer=every, text=", ".join(HOSTILE), phrases=phrases)
        for e in card.explanations
    ]
    tokens = [Token(text, 3.0, [(1, 3)]) for text in HOSTILE]
    wrong = WrongExample(every, 1, False, -1.0, 0.9, tokens)
    judgements = [
        dataclasses.replace(j, explainer=every, scorer=every, wrong=[wrong])
        for j in card.judgements
    ]
    return dataclasses.replace(
        card,
        sae_id=every,
        judgements=judgements,
        short_names={every: every},
        pattern=dataclasses.replace(card.pattern, ngrams=[ngram], selected=ngram),
        explanations=explanations,
        examples=[dataclasses.replace(e, tokens=tokens) for e in card.examples],
        neighbours=[dataclasses.replace(n, explanation=every) for n in card.neighbours],
        matches=[dataclasses.replace(m, text=every, explainer=every) for m in card.matches],
    )


# --- the structure -------------------------------------------------------------------------------


def test_a_card_says_what_the_masters_say(sample: Path, cards: list[Card]) -> None:
    matching = pl.read_parquet(sample / "master/ex_act_pattern_matching.parquet")
    alike = pl.read_parquet(sample / "master/activation_example_similarity.parquet")
    features = pl.read_parquet(sample / "master/features.parquet")
    for row in matching.iter_rows(named=True):
        card = cards[row["feature_id"]]
        assert card.pattern.pattern_type == row["pattern_type"]
        assert card.pattern.mean_similarity == row["activation_semantic_sim"]
        assert card.pattern.max_jaccard == row["activation_max_jaccard"]
        selected = row["selected_ngram"]
        assert (card.pattern.selected and card.pattern.selected.ngram) == (
            selected and selected["ngram"]
        )
        assert card.match_rate == row["match_rate"]
        matched = [m for m in card.matches if m.outcome == "match"]
        assert len(matched) == card.num_matches == row["num_matches"]
        assert len(card.matches) == len(row["matches"]) + len(row["mismatches"])
        mine = features.filter(pl.col("feature_id") == card.feature_id)
        assert [e.text for e in card.explanations] == mine["explanation_text"].to_list()
        assert [dataclasses.asdict(s) for s in card.explanations[0].scores] == mine["scores"][
            0
        ].to_list()
        assert [n.feature_id for n in card.neighbours] == [
            n["feature_id"] for n in mine["decoder_similarity"][0]
        ]
    for row in alike.iter_rows(named=True):
        card = cards[row["feature_id"]]
        assert sorted(e.prompt_id for e in card.examples) == sorted(row["prompt_ids"])
        assert card.quantile_boundaries == pytest.approx(row["quantile_boundaries"])


def test_an_examples_window_holds_its_largest_activation(cards: list[Card]) -> None:
    for example in (e for card in cards for e in card.examples):
        peak = example.tokens[example.max_position - example.first_position]
        assert peak.activation == example.max_activation
        assert len(example.tokens) == 32
        assert max(t.activation or 0 for t in example.tokens) == example.max_activation


def test_what_the_judges_got_wrong_is_what_their_files_say(sample: Path, cards) -> None:
    card = cards[8]
    assert len(card.judgements) == 18
    for judged in card.judgements:
        file = next(w.file for w in judged.wrong) if judged.wrong else ""
        if not file:
            continue
        items = json.loads((sample / file).read_text())
        known = [i for i in items if i["correct"] is not None]
        wrong = [i for i in known if not i["correct"]]
        assert judged.right == len(known) - len(wrong)
        assert judged.failed == len(items) - len(known)
        assert judged.missed == sum(i["activating"] for i in wrong)
        assert judged.false_alarms == len(wrong) - judged.missed
        for example in judged.wrong:
            item = items[example.line - 1]
            assert not item["correct"]
            assert (example.activating, example.probability) == (
                item["activating"],
                item["probability"],
            )
            assert [t.text for t in example.tokens] == item["str_tokens"]
        sure = [abs((w.probability or 0.5) - 0.5) for w in judged.wrong]
        assert sure == sorted(sure, reverse=True)


def test_a_judged_example_is_named_by_its_file_where_the_file_is_gone_or_another(
    copy: Path,
) -> None:
    first, second, *_ = (j for j in read_card(open_project(copy), 8).judgements if j.wrong)
    (copy / first.wrong[0].file).unlink()
    with (copy / second.wrong[0].file).open("a") as file:
        file.write(" ")
    again = {
        (j.explainer, j.scorer, j.method): j for j in read_card(open_project(copy), 8).judgements
    }
    for gone in (first, second):
        now = again[gone.explainer, gone.scorer, gone.method]
        assert now.missed == gone.missed
        assert not now.wrong[0].tokens
    assert f"{first.wrong[0].file}, example {first.wrong[0].line}" in card_page(
        read_card(open_project(copy), 8)
    )


def test_no_text_is_read_outside_the_raw_tree(changed) -> None:
    data = changed(
        "UPDATE staging.score_records SET file = '../secret.txt' WHERE feature_id = 8",
        "UPDATE staging.score_files SET file = '../secret.txt' WHERE feature_id = 8",
    )
    secret = data.parent / "secret.txt"
    secret.write_text('[{"str_tokens": ["secret"]}]')
    status = secret.stat()
    with duckdb.connect(str(data / "warehouse.duckdb")) as connection:
        connection.execute(
            "UPDATE _warehouse.files SET name = '../secret.txt', bytes = ?, mtime_ns = ? WHERE name = (SELECT min(name) FROM _warehouse.files WHERE name LIKE '%latent8.txt')",
            [status.st_size, status.st_mtime_ns],
        )
        assert not read_texts(connection, data, ["../secret.txt"])


def test_a_neighbour_is_a_link_where_it_has_a_page(cards: list[Card]) -> None:
    near = cards[8].neighbours[0].feature_id
    assert f'<a href="#{near}" data-feature="{near}">{near}</a>' in card_page(cards[8], near)
    assert "<a href" not in card_page(cards[8])


def test_the_ngram_is_marked_where_the_warehouse_found_it(sample: Path, cards: list[Card]) -> None:
    matching = pl.read_parquet(sample / "master/ex_act_pattern_matching.parquet")
    for row in matching.filter(pl.col("selected_ngram").is_not_null()).iter_rows(named=True):
        found = {
            o["prompt_id"]: set(o["positions"])
            for o in row["selected_ngram"]["activation_positions"]
        }
        for example in cards[row["feature_id"]].examples:
            marked = {example.first_position + i for i, t in enumerate(example.tokens) if t.ngram}
            assert found.get(example.prompt_id, set()) <= marked
            assert bool(marked) == (example.prompt_id in found)


@given(st.lists(st.text("ab", max_size=3)), st.text("ab", min_size=1, max_size=3))
def test_marks_cover_exactly_the_occurrences(tokens: list[str], ngram: str) -> None:
    joined = "".join(tokens)
    inside = {
        i + k for i in range(len(joined)) if joined.startswith(ngram, i) for k in range(len(ngram))
    }
    marks = _occurrences(tokens, ngram, 0)
    covered, start = set(), 0
    for place, text in enumerate(tokens):
        token = Token(text, None, marks.get(place, []))
        assert "".join(piece for piece, _ in token.pieces) == text
        covered |= {start + i for a, b in token.ngram for i in range(a, b)}
        start += len(text)
    assert covered == inside


def test_ngrams_of_whole_tokens_are_marked_whole() -> None:
    assert _occurrences(["a", "b", "ab"], "ab", 2) == {0: [(0, 1)], 1: [(0, 1)]}


def test_an_explanation_is_cut_at_its_phrases_and_nothing_is_lost(cards: list[Card]) -> None:
    for explanation in (e for card in cards for e in card.explanations):
        segments = explanation.segments
        assert "".join(s.text for s in segments) == explanation.text
        taken = [(p.text, p.group_id) for p in explanation.phrases if p.group_id is not None]
        assert [(s.text, s.group_id) for s in segments if s.group_id is not None] == taken


def test_a_phrase_is_not_found_inside_the_word_that_splits() -> None:
    phrases = [Phrase("x", 0, None), Phrase("a", 1, 3), Phrase("n d", 2, None)]
    explanation = Explanation("e", "x and a, n d", phrases, [], [], None)
    assert [(s.text, s.group_id) for s in explanation.segments] == [
        ("x", None), (" and ", None), ("a", 3), (", ", None), ("n d", None),
    ]  # fmt: skip


def test_json_is_the_structure(sample: Path, cards: list[Card]) -> None:
    told = json.loads(out(sample, "feature", "8", "--json"))
    assert set(told) == {f.name for f in dataclasses.fields(Card)}
    assert told["pattern"]["reasons"] == cards[8].pattern.reasons
    assert told["examples"][0]["tokens"][0]["text"] == cards[8].examples[0].tokens[0].text


# --- the settings, and features that lack something -----------------------------------------------


def test_the_thresholds_shown_are_those_of_the_published_build(changed) -> None:
    data = changed()
    (data / "warehouse.toml").write_text("[patterns]\nsemantic_threshold = 0.9\n")
    card = read_card(open_project(data), 25)
    assert card.pattern.semantic_threshold == 0.36
    assert card.pattern.reasons == [
        f"its examples' mean similarity {card.pattern.mean_similarity:.4g} is above 0.36: semantic",
        f"its largest mean Jaccard {card.pattern.max_jaccard:.4g} (n = 2) is not above 0.3: not lexical",
    ]


def test_every_feature_has_a_card_in_every_form(cards: list[Card]) -> None:
    kinds = {(bool(c.explanations), bool(c.examples)) for c in cards[::4]}
    assert kinds >= {(True, True), (False, True)}
    for card in cards[::4]:
        assert f"Feature {card.feature_id}" in terminal(card)
        assert f"<h1>Feature {card.feature_id}</h1>" in card_page(card)
        assert json.loads(card.json())["feature_id"] == card.feature_id


def test_a_feature_without_activations_still_has_its_explanations(changed) -> None:
    data = changed(
        "DELETE FROM staging.activation_records WHERE feature_id = 8",
        "DELETE FROM analysis.samples WHERE feature_id = 8",
        "DELETE FROM master.activation_example_similarity WHERE feature_id = 8",
        "DELETE FROM analysis.ngram_jaccard WHERE feature_id = 8",
        """UPDATE analysis.feature_overview SET num_active = 0, num_examples = 0, pattern_type = 'none',
        activation_semantic_sim = NULL, activation_max_jaccard = NULL WHERE feature_id = 8""",
    )
    card = read_card(open_project(data), 8)
    assert (len(card.explanations), card.examples, card.pattern.ngrams) == (3, [], [])
    assert card.pattern.reasons == ["fewer than 2 sampled examples: nothing to compare, so none"]
    assert "silent in all examples" in terminal(card)
    assert "No activation examples" in card_page(card)


def test_an_unknown_feature_is_named_with_the_nearest_that_exist(sample: Path) -> None:
    told = refusal(sample, "feature", "4711")
    assert 'there is no feature "4711"' in told
    assert "the nearest: 37, 38, 39" in told
    assert "Invalid value" in refusal(sample, "feature", "nonsense")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("DROP TABLE analysis.feature_overview", "feature_overview"),
        ("ALTER TABLE analysis.feature_overview RENAME COLUMN mean_score TO mean", "mean_score"),
    ],
)
def test_a_warehouse_of_before_says_to_build(changed, change: str, named: str) -> None:
    data = changed(change)
    for arguments in (("feature", "8"), ("features",)):
        told = refusal(data, *arguments, code=1)
        assert named in told
        assert "build" in told


# --- hostile text --------------------------------------------------------------------------------


def test_the_terminal_shows_how_each_judge_did_and_what_it_was_surest_and_wrong_about(
    cards,
) -> None:
    card = cards[8]
    told = terminal(card)
    judged = next(j for j in card.judgements if j.wrong)
    names = [card.short(judged.explainer), card.short(judged.scorer), judged.method]
    figures = map(str, (judged.right, judged.missed, judged.false_alarms, judged.failed))
    assert re.search(r"\s+".join([*names, *figures]), told)
    assert f"{names[1]} on {names[0]}, {names[2]}: {judged.wrong[0].told}" in told


@pytest.mark.parametrize("colour", [False, True])
def test_hostile_text_drives_no_terminal(hostile: Card, colour: bool) -> None:
    shown = terminal(hostile, colour)
    without_colours = re.sub(r"\x1b\[[0-9;]*m", "", shown) if colour else shown
    assert "\x1b" not in without_colours
    for act in ("\x1b]0", "\x07", "\x9b", "\u202e", "\u2066", "\u200b"):
        assert act not in shown
    assert "␛[31mred" in terminal(hostile)


def test_hostile_text_is_text_in_a_page(hostile: Card) -> None:
    page = card_page(hostile)
    for tag in ("<script", "<img", "<svg", "<link rel=stylesheet"):
        assert tag not in page
    for act in ("\x1b", "\x07", "\x9b", "\u202e", "\u2066"):
        assert act not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


@needs_chromium
def test_pages_stand_in_chromium_without_a_complaint_or_a_request(
    hostile: Card, cards: list[Card], tmp_path: Path
) -> None:
    unexplained = next(c for c in cards if not c.explanations and not c.examples)
    with chromium() as browser:
        for name, card, sections in (("hostile", hostile, 10), ("good", cards[8], 10), ("bare", unexplained, 2)):  # fmt: skip
            path = tmp_path / f"{name}.html"
            pages.save(card_page(card), path)
            for width, dark in ((1280, False), (420, True)):
                page = browser.open(path, width, 900, dark)
                assert page.complaints == []
                assert page.requests == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert page.evaluate("document.scripts.length") == 0
                assert page.evaluate("document.querySelectorAll('section').length") == sections
                assert page.screenshot(tmp_path / "shot.png").stat().st_size > 10_000


# --- the command line ----------------------------------------------------------------------------


def test_a_card_is_shown_and_a_page_is_written(sample: Path, tmp_path: Path, monkeypatch) -> None:
    shown = out(sample, "feature", "8")
    for part in ("Explanations", "Scores", "lexical", "Matching", "quantile 4", "neighbours", "«"):
        assert part in shown
    monkeypatch.chdir(tmp_path)
    assert out(sample, "feature", "8", "--html") == "feature-8.html\n"
    assert out(sample, "feature", "8", "--html", "other.html") == "other.html\n"
    assert Path("feature-8.html").read_text() == Path("other.html").read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["feature-8.html", "other.html"]
    assert "no/where" in refusal(sample, "feature", "8", "--html", "no/where/x.html")


def test_the_best_and_the_worst_explained_feature_are_the_first(sample: Path, cards) -> None:
    scored = sorted((c for c in cards if c.mean_score is not None), key=lambda c: c.mean_score)
    best = json.loads(out(sample, "features", "--limit", "1", "--format", "json"))
    worst = json.loads(
        out(sample, "features", "--sort", "mean_score", "--limit", "1", "--format", "json")
    )
    assert best[0]["feature_id"] == scored[-1].feature_id
    assert worst[0]["feature_id"] == scored[0].feature_id
    means = [best[0][f"mean_{m}"] for m in ("fuzz", "detection", "embedding")]
    means = [m for m in means if m is not None]
    assert best[0]["mean_score"] == pytest.approx(sum(means) / len(means))


def test_features_are_filtered_sorted_and_limited(sample: Path, tmp_path: Path) -> None:
    chosen = ("features", "--where", "match_rate > 0.5 and pattern_type = 'both' -- a comment")
    found = json.loads(out(sample, *chosen, "--sort", "match_rate desc", "--format", "json"))
    matching = pl.read_parquet(sample / "master/ex_act_pattern_matching.parquet")
    expected = matching.filter((pl.col("match_rate") > 0.5) & (pl.col("pattern_type") == "both"))
    assert {row["feature_id"] for row in found} == set(expected["feature_id"])
    assert [r["match_rate"] for r in found] == sorted(
        (r["match_rate"] for r in found), reverse=True
    )
    limited = invoke(sample, "features", "--limit", "2")
    assert limited.stdout.count("\n") == 4
    assert "2 of 40 features" in limited.stderr
    out(sample, "features", "-o", str(tmp_path / "all.parquet"))
    whole = pl.read_parquet(tmp_path / "all.parquet")
    assert whole.height == 40
    assert whole.filter(pl.col("num_explanations") == 0)["pattern_type"].null_count() == 16
    within = (
        "feature_id in (select feature_id from master.features where llm_explainer ilike '%gpt%')"
    )
    assert json.loads(out(sample, "features", "--where", within, "--format", "json"))


@pytest.mark.parametrize(
    "where",
    [
        "true; drop table analysis.feature_overview",
        "true) union select * from staging.features --",
        "true limit 3",
        "true, false",
        "true group by all",
        "true /*",
        "feature_id in (select 1 from read_csv('/etc/hostname'))",
        "exists (with x as (copy (select 1) to 'x.csv') select 1)",
        "getenv('HOME') is not null",
        "mean_score > 'high'",
        "count(*) > 1",
    ],
)
def test_a_condition_is_one_expression_that_reads_the_warehouse(
    sample: Path, where: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = refusal(sample, "features", "--where", where)
    assert told.startswith(f'error: --where "{where}": ')
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_column_is_named_with_near_ones(sample: Path) -> None:
    told = refusal(sample, "features", "--where", "match_rat > 0.5")
    assert 'there is no column "match_rat"' in told
    assert "did you mean match_rate" in told
    assert "mean_score" in refusal(sample, "features", "--sort", "men_score desc")
    told = refusal(sample, "features", "--where", 'pattern_type = "qqq"')
    assert "put text in single quotes" in told
    assert "--sort" in refusal(sample, "features", "--sort", "feature_id; select 1")
