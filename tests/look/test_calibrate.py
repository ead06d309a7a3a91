"""Calibration: nulls that match what a threshold cuts, planted types found again, settings written."""

from __future__ import annotations

import itertools
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import binomtest

import embed.encoder
from cli import main
from tests.bench import calibration as calibration_bench
from tests.run.safety.made_up import replaced, word_vector
from tests.support.builds import open_project
from warehouse import settings_file
from warehouse.database import run, tell_data
from warehouse.look.calibration import RATES, THRESHOLDS, calibrate, make_tables
from warehouse.models.library import load_all
from warehouse.run.build import build
from warehouse.sample.words import read_topics
from warehouse.settings_file import FILE_NAME, load

FEW = ("calibration.samples=200",)


@pytest.fixture(scope="module")
def opened(sample: Path, tmp_path_factory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published sample with the calibration's tables; another file than `calibrate` opens."""
    file = shutil.copy(sample / "warehouse.duckdb", tmp_path_factory.mktemp("calibration"))
    with duckdb.connect(str(file), read_only=True) as connection:
        tell_data(connection, sample)
        make_tables(connection, load_all(), load(sample, FEW))
        yield connection


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def planted(truth: dict) -> dict[int, str]:
    return {f["feature_id"]: f["pattern_type"] for f in truth["features"] if f["clear"]}


def test_a_made_up_feature_has_a_real_ones_number_of_examples_each_of_another_feature(opened):
    rows = run(
        opened,
        "SELECT made_up_id, list(feature_id), list((feature_id, prompt_id)) FROM calibration.made_up_features GROUP BY ALL",
    )
    real = {
        row[0] for row in run(opened, "SELECT count(*) FROM analysis.samples GROUP BY feature_id")
    }
    assert len(rows) == 200
    assert min(len(features) for _, features, _ in rows) >= 4  # sampling.quantiles
    for _, features, _ in rows:
        assert len(set(features)) == len(features)
        assert len(features) in real
    sampled = set(run(opened, "SELECT feature_id, prompt_id FROM analysis.samples"))
    assert {tuple(w) for *_, windows in rows for w in windows} <= sampled


def jaccard(a: set, b: set) -> float:
    return len(a & b) / len(a | b) if a | b else 1


def mean_jaccard(sets: list[set]) -> float:
    return float(np.mean([jaccard(a, b) for a, b in itertools.combinations(sets, 2)]))


def largest_jaccard(texts: list[str]) -> float:
    """The largest mean Jaccard of the texts' character n-grams, n = 2, 3, 4."""
    return max(
        mean_jaccard([{t[i : i + n] for i in range(len(t) - n + 1)} for t in texts])
        for n in (2, 3, 4)
    )


def test_surroundings_are_the_embedding_window_without_the_ngram_window(opened):
    rows = run(
        opened,
        """SELECT s.positions, s.tokens, w.first_position, w.tokens, t.text, p.tokens
        FROM calibration.surroundings s
        JOIN analysis.ngram_windows w USING (feature_id, prompt_id)
        JOIN texts.windows t USING (feature_id, prompt_id)
        JOIN staging.prompts p USING (prompt_id)""",
    )
    assert len(rows) == run(opened, "SELECT count(*) FROM analysis.samples")[0][0]
    for positions, tokens, first, ngram, window, prompt in rows:
        ngram_positions = range(first, first + len(ngram))
        together = sorted({*positions, *ngram_positions})
        assert tokens == [prompt[i] for i in positions]
        assert not set(positions) & set(ngram_positions)
        assert " ".join(prompt[i] for i in together) == window


def test_a_feature_has_a_topic_if_its_surroundings_share_more_words_than_by_chance(opened, truth):
    rows = run(
        opened,
        """SELECT s.feature_id, any_value(h.mean_jaccard), any_value(t.has_topic), list(s.tokens)
        FROM calibration.surroundings s
        JOIN calibration.shared_surroundings h ON h.feature_id = s.feature_id AND NOT h.is_made_up
        JOIN calibration.topics t ON t.feature_id = s.feature_id GROUP BY s.feature_id""",
    )
    by_chance = [v for (v,) in run(opened, "SELECT mean_jaccard FROM calibration.shared_surroundings WHERE is_made_up")]  # fmt: skip
    assert len(by_chance) == 200
    largest = np.quantile(by_chance, 0.99, method="inverted_cdf")
    for _, shared, has_topic, tokens in rows:
        assert shared == pytest.approx(mean_jaccard([set(t) for t in tokens]), abs=1e-5)
        assert has_topic == (shared > largest)
    topical = {feature: has_topic for feature, _, has_topic, _ in rows}
    for feature, kind in planted(truth).items():
        assert topical[feature] or kind not in ("semantic", "both")


def test_the_semantic_null_is_of_features_without_a_topic_whatever_words_they_share(opened, truth):
    null = run(
        opened,
        "SELECT feature_id, value FROM calibration.statistics WHERE is_null AND threshold = 'patterns.semantic_threshold'",
    )
    similarity = dict(
        run(opened, "SELECT feature_id, mean_similarity FROM analysis.activation_similarity")
    )
    without = {
        f for (f,) in run(opened, "SELECT feature_id FROM calibration.topics WHERE NOT has_topic")
    }
    assert dict(null) == {f: similarity[f] for f in without}
    kinds = {planted(truth).get(feature) for feature in without}
    assert {"lexical", "none"} <= kinds
    assert not kinds & {"semantic", "both"}


def test_a_moved_window_lies_in_the_same_embedding_window_away_from_the_ngram(opened):
    rows = run(
        opened,
        """SELECT m.position, m.tokens, s.positions, s.ngram_start, s.ngram_end, p.tokens, t.has_topic
        FROM calibration.moved_windows m
        JOIN calibration.surroundings s USING (feature_id, prompt_id)
        JOIN calibration.topics t USING (feature_id)
        JOIN staging.prompts p USING (prompt_id)""",
    )
    assert rows
    for position, tokens, positions, start, end, prompt, has_topic in rows:
        assert has_topic
        assert position in positions
        first = max(min(position - 2, len(prompt) - 5), 0)
        assert tokens == prompt[first : first + 5]
        assert first + 5 <= start or first >= end


def test_a_window_moves_to_a_word_of_the_topic_where_its_example_has_one(opened):
    drawn = {f for (f,) in run(opened, "SELECT feature_id FROM calibration.drawn_features")}
    places: dict[int, dict[int, list]] = {}
    for feature, prompt, positions, tokens, start, end, count in run(opened, "SELECT s.*, p.num_tokens FROM calibration.surroundings s JOIN staging.prompts p USING (prompt_id)".replace("s.*", "s.feature_id, s.prompt_id, s.positions, s.tokens, s.ngram_start, s.ngram_end")):  # fmt: skip
        if feature in drawn:
            places.setdefault(feature, {})[prompt] = list(zip(positions, tokens, strict=True)), start, end, count  # fmt: skip
    holding = {
        f: Counter(w for found, *_ in own.values() for w in {t for _, t in found})
        for f, own in places.items()
    }
    everywhere = sum(holding.values(), Counter())
    examples = sum(map(len, places.values()))
    moved = run(opened, "SELECT feature_id, prompt_id, position FROM calibration.moved_windows")
    chosen_words = 0
    for feature, prompt, position in moved:
        found, start, end, count = places[feature][prompt]
        held, own = holding[feature], len(places[feature])
        favourites = {
            w for w in held if held[w] > 1 and held[w] / own > 2 * everywhere[w] / examples
        }
        first = {q: max(min(q - 2, count - 5), 0) for q, _ in found}
        possible = {
            q for q, w in found if w in favourites and (first[q] + 5 <= start or first[q] >= end)
        }
        assert position in possible or not possible
        chosen_words += position in possible
    assert chosen_words > 0.9 * len(moved)


def test_the_lexical_null_is_the_largest_mean_jaccard_of_moved_windows(opened):
    rows = run(
        opened,
        """SELECT made_up_id, any_value(j.max_jaccard), any_value(j.feature_id), list(array_to_string(w.tokens, ''))
        FROM calibration.moved_windows w JOIN calibration.moved_jaccard j USING (made_up_id)
        GROUP BY made_up_id""",
    )
    examples = dict(run(opened, "SELECT feature_id, examples FROM calibration.drawn_features"))
    assert len(rows) == 200
    for _, value, feature, texts in rows:
        assert len(texts) == examples[feature]
        assert value == pytest.approx(largest_jaccard(texts), abs=1e-5)


def test_shuffled_phrases_are_of_different_features_and_compared_as_alignment_does(opened):
    assert run(
        opened, "SELECT count(*) FROM calibration.shuffled_phrases WHERE feature_id = other_id"
    ) == [(0,)]
    # The similarity of each pair is that of two phrases of different explainers of the two features.
    rows = run(opened, """SELECT s.similarity, list(list_cosine_similarity(a.vector, b.vector))
        FROM (FROM calibration.shuffled_phrases LIMIT 30) s
        JOIN (SELECT p.*, v.vector FROM analysis.phrases p JOIN vectors.phrases v USING (text_key)) a ON a.feature_id = s.feature_id
        JOIN (SELECT p.*, v.vector FROM analysis.phrases p JOIN vectors.phrases v USING (text_key)) b
            ON b.feature_id = s.other_id AND b.explainer_order > a.explainer_order
        GROUP BY s.rowid, s.similarity""".replace("(FROM calibration", "(SELECT rowid, * FROM calibration"))  # fmt: skip
    assert len(rows) == 30
    for similarity, possible in rows:
        assert min(abs(similarity - p) for p in possible) < 1e-5


def test_the_matching_null_compares_a_phrase_with_another_features_mean_context(opened):
    rows = run(
        opened,
        "SELECT method, feature_id, other_id, similarity FROM calibration.shuffled_contexts ORDER BY ALL LIMIT 60",
    )
    assert {"lexical", "semantic"} >= {row[0] for row in rows}
    for method, feature, other, similarity in rows:
        assert feature != other
        texts = "ngram_contexts" if method == "lexical" else "semantic_contexts"
        contexts = run(
            opened,
            f"SELECT v.vector FROM texts.{texts} t JOIN vectors.{texts} v USING (model, text_key) WHERE t.feature_id = {feature}",
        )
        mean = np.mean([c for (c,) in contexts], axis=0)
        phrases = run(
            opened,
            f"SELECT v.vector FROM analysis.candidate_phrases c JOIN vectors.phrases v USING (model, text_key) WHERE c.feature_id = {other}",
        )
        assert min(abs(similarity - cosine(mean, np.asarray(p))) for (p,) in phrases) < 1e-5


def test_a_calibrated_threshold_is_the_smallest_that_keeps_its_rate(opened):
    for name, choice, value, share in run(
        opened,
        "SELECT threshold, choice, value, null_share FROM calibration.thresholds WHERE choice <> 'now'",
    ):
        null = np.array(run(opened, "SELECT value FROM calibration.statistics WHERE is_null AND threshold = ?", [name]))  # fmt: skip
        passing = np.greater if name.startswith("patterns") else np.greater_equal
        rate = {told: float(rate) for rate, told in RATES.items()}[choice]
        assert share == pytest.approx(passing(null, np.float32(value)).mean())
        assert share <= rate < np.greater_equal(null, np.float32(value - 0.001)).mean()


def test_an_interval_is_what_resampling_the_nulls_features_gives(opened):
    rows = run(
        opened,
        "SELECT threshold, value, null_features, null_mean, null_mean_low, null_mean_high, null_share, null_share_low, null_share_high FROM calibration.thresholds WHERE choice = 'now'",
    )
    rng = np.random.default_rng(0)
    seen = set()
    for name, threshold, features, mean, low, high, share, share_low, share_high in rows:
        null = run(opened, "SELECT feature_id, value FROM calibration.statistics WHERE is_null AND threshold = ?", [name])  # fmt: skip
        by_feature: dict[int, list[float]] = {}
        for feature, value in null:
            by_feature.setdefault(feature, []).append(value)
        assert features == len(by_feature)
        passing = np.greater if name.startswith("patterns") else np.greater_equal
        parts = np.array([(len(v), np.sum(v), passing(v, np.float32(threshold)).sum()) for v in by_feature.values()])  # fmt: skip
        drawn = parts[rng.integers(0, features, (4000, features))].sum(axis=1)
        means, shares = drawn[:, 1] / drawn[:, 0], drawn[:, 2] / drawn[:, 0]
        assert low < mean < high
        assert [low, high] == pytest.approx(
            np.quantile(means, (0.025, 0.975)), abs=0.6 * means.std()
        )
        if 0 < share < 1:
            seen.add("resampled")
            assert share_low <= share <= share_high
            assert [share_low, share_high] == pytest.approx(
                np.quantile(shares, (0.025, 0.975)), abs=0.6 * shares.std() + 1e-9
            )
        elif share == 0:
            seen.add("none passes")
            assert share_low == 0
            assert share_high == pytest.approx(
                binomtest(0, features).proportion_ci(method="wilson").high
            )
    assert seen == {"resampled", "none passes"}


def test_the_same_seed_gives_the_same_figures_and_another_seed_others(sample: Path):
    first = calibrate(open_project(sample, FEW))
    assert calibrate(open_project(sample, FEW)) == first
    assert calibrate(open_project(sample, (*FEW, "calibration.seed=1"))).nulls != first.nulls


def test_calibrated_thresholds_are_written_and_find_the_planted_types_again(
    copy: Path, truth: dict
) -> None:
    before = (copy / FILE_NAME).read_text()
    result = CliRunner().invoke(main, ["--data", str(copy), "calibrate", "--json", "--write"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    settings = load(copy)
    for name in THRESHOLDS:
        assert settings[name] == told["thresholds"][name]["choices"]["1 %"]["value"]
    after = (copy / FILE_NAME).read_text()
    changed = [
        (a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b
    ]
    assert len(changed) == len(THRESHOLDS)
    assert all(a.partition("#")[2] == b.partition("#")[2] for a, b in changed)

    build(open_project(copy))
    with duckdb.connect(str(copy / "warehouse.duckdb"), read_only=True) as connection:
        types = dict(
            run(connection, "SELECT feature_id, pattern_type FROM master.ex_act_pattern_matching")
        )
    from sklearn.metrics import f1_score

    clear = {feature: kind for feature, kind in planted(truth).items() if feature in types}
    kinds = sorted(set(clear.values()))
    assert kinds == ["both", "lexical", "none", "semantic"]
    scores = f1_score(list(clear.values()), [types[f] for f in clear], labels=kinds, average=None)
    assert min(scores) >= 0.95
    changed_types = {f"{r['type_now']} {r['pattern_type']}": r["features"] for r in told["pattern_types"] if r["choice"] == "1 %"}  # fmt: skip
    assert sum(changed_types.values()) == len(types)
    assert sum(n for pair, n in changed_types.items() if pair.endswith(" both")) == sum(
        t == "both" for t in types.values()
    )


class TopicModel:
    """A made-up embedding model: a text is about its words, and twice as much about their topics."""

    dimension = 64

    def __init__(self) -> None:
        self.topics: dict[str, list[str]] = {}
        for topic in read_topics():
            for words in (*topic.nouns, *topic.verbs, *topic.adjectives):
                for word in words:
                    self.topics.setdefault(word, []).append(topic.name)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [0] * len(texts)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([sum(map(self._vector, t.split()), word_vector("", "", 64)) for t in texts])

    @cache  # noqa: B019 - one model a test
    def _vector(self, word: str) -> np.ndarray:
        return word_vector("word", word, 64) + sum(
            (2 * word_vector("topic", t, 64) for t in self.topics.get(word, ())),
            np.zeros(64, np.float32),
        )


def test_of_two_hundred_features_each_planted_type_is_found_again(tmp_path: Path):
    case = calibration_bench.Case(200, 1000, 1)
    with replaced([(embed.encoder, "load_encoder", lambda *_: TopicModel())]):
        found = calibration_bench.recovered(str(tmp_path), vars(case), 0)
    assert min(found["f1"]) >= 0.95, found


def test_the_table_names_every_threshold_and_what_would_move(sample: Path):
    arguments = ["--data", str(sample), "--set", "calibration.samples=200", "calibrate"]
    out = CliRunner().invoke(main, arguments).stdout
    for name in THRESHOLDS:
        assert name in out
    assert "at 1 %: " in out


def test_only_writes_the_named_threshold_and_refuses_another_name(copy: Path):
    arguments = ["--data", str(copy), "--set", "calibration.samples=200", "calibrate", "--write"]
    CliRunner().invoke(main, [*arguments, "--rate", "0.05", "--only", "matching.threshold"])
    settings = load(copy)
    assert settings["matching.threshold"] != 0.45
    assert settings["alignment.threshold"] == 0.7
    refused = CliRunner().invoke(main, [*arguments, "--only", "matching.treshold"])
    assert refused.exit_code == 2
    assert 'did you mean "matching.threshold"?' in refused.stderr


def test_a_threshold_without_anything_to_shuffle_is_told_and_never_written(copy: Path):
    with duckdb.connect(str(copy / "warehouse.duckdb")) as connection:
        run(connection, "DELETE FROM analysis.phrase_matching")
    arguments = ["--data", str(copy), "--set", "calibration.samples=200", "calibrate", "--write"]
    result = CliRunner().invoke(main, arguments)
    assert "nothing to shuffle for matching.threshold" in result.stdout
    assert load(copy)["matching.threshold"] == 0.45
    assert load(copy)["alignment.threshold"] != 0.7
    refused = CliRunner().invoke(main, [*arguments, "--only", "matching.threshold"])
    assert refused.exit_code == 2
    assert 'error: --only "matching.threshold": there is nothing to shuffle' in refused.stderr


def test_without_a_warehouse_it_says_what_to_run(tmp_path: Path):
    result = CliRunner().invoke(main, ["--data", str(tmp_path), "calibrate"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == f"hint: python cli.py build --data {tmp_path}"


# -------------------------------------------------------------------------------- settings file

NEW = {"matching.threshold": 0.5}
EDITS = [
    ("below its commented default", "[matching]\n# threshold = 0.6  # smallest\n", "[matching]\n# threshold = 0.6  # smallest\nthreshold = 0.5\n"),
    ("where it stands", "[alignment]\nthreshold = 0.7\n\n[matching]\nthreshold=0.6 # mine\n", "[alignment]\nthreshold = 0.7\n\n[matching]\nthreshold=0.5 # mine\n"),
    ("where it stands, not in a comment", "[matching]\n# threshold = 0.6\nthreshold = 0.4\n", "[matching]\n# threshold = 0.6\nthreshold = 0.5\n"),
    ("a dotted key", "matching.threshold = 0.6\n", "matching.threshold = 0.5\n"),
    ("an escaped key", '"match\\u0069ng".threshold = 0.6\n', '"match\\u0069ng".threshold = 0.5\n'),
    ("an inline table", "matching = { contexts = 3, threshold = 0.6 }\n", "matching = { contexts = 3, threshold = 0.5 }\n"),
    ("a quoted key", "[matching]\n'threshold' = 0.6\n", "[matching]\n'threshold' = 0.5\n"),
    ("a section without it", "[matching]\ncontexts = 3\n", "[matching]\ncontexts = 3\nthreshold = 0.5\n"),
    ("no section", "threads = 2\n", "threads = 2\n\n[matching]\nthreshold = 0.5\n"),
    ("other line ends", "[matching]\r\nthreshold = 0.6\r\n", "[matching]\r\nthreshold = 0.5\r\n"),
    ("a byte order mark", "\ufeff[matching]\nthreshold = 0.6\n", "\ufeff[matching]\nthreshold = 0.5\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), [e[1:] for e in EDITS], ids=[e[0] for e in EDITS])
def test_a_number_is_written_where_it_belongs_and_nothing_else_moves(before: str, after: str):
    assert settings_file.edited(before, NEW) == after


def test_every_threshold_goes_into_the_commented_file(tmp_path: Path):
    chosen = dict.fromkeys(THRESHOLDS, 0.123)
    for _ in range(2):  # a new file, then its own
        assert settings_file.write_settings(tmp_path, chosen) == (tmp_path / FILE_NAME).resolve()
    assert {name: load(tmp_path)[name] for name in THRESHOLDS} == chosen
    assert [p.name for p in tmp_path.iterdir()] == [FILE_NAME]
