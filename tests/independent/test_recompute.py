"""Hand-computed checks of the recomputation itself."""

from __future__ import annotations

import gzip
import json
import math
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa

from tests.independent import recompute as rc


def example(feature: int, prompt: int, *pairs: tuple[int, float]) -> rc.Example:
    top = rc.max_pair(list(pairs))
    return rc.Example(feature, prompt, list(pairs), top and top[1], None if not top else top[0])


def test_a_window_of_32_starts_16_before_the_position() -> None:
    assert rc.window_range(50, 127, 32, "shift") == range(34, 66)
    assert rc.window_range(50, 127, 5, "clip") == range(48, 53)


def test_near_an_edge_a_window_is_shifted_or_clipped() -> None:
    assert rc.window_range(1, 10, 5, "shift") == range(5)
    assert rc.window_range(9, 10, 5, "shift") == range(5, 10)
    assert rc.window_range(1, 10, 5, "clip") == range(4)
    assert rc.window_range(9, 10, 5, "clip") == range(7, 10)
    assert rc.window_range(1, 3, 5, "shift") == range(3)
    assert rc.window_range(2, 3, 5, "clip") == range(3)


def test_on_a_tie_the_first_pair_of_the_record_is_the_maximum() -> None:
    assert rc.max_pair([(7, 1.0), (3, 2.0), (1, 2.0)]) == (3, 2.0)
    assert rc.max_pair([]) is None


def test_quantile_sampling_puts_ties_below_the_boundary_and_takes_the_smaller_prompt_first() -> (
    None
):
    values = [1.0, 1.0, 1.0, 2.0, 3.0]  # boundaries at places 1, 2, 3: 1, 1, 2
    examples = [example(0, prompt, (0, value)) for prompt, value in enumerate(values)]
    sample, boundaries = rc.sample_feature(examples, 4, 2)
    assert boundaries == [1.0, 1.0, 2.0]
    assert [(q, e.prompt) for q, e in sample] == [(1, 0), (1, 1), (3, 3), (4, 4)]


def test_quantile_boundaries_are_interpolated_linearly() -> None:
    assert rc.quantile_boundaries([4.0, 1.0, 3.0, 2.0], 4) == [1.75, 2.5, 3.25]


def test_fewer_than_four_examples_are_all_taken_in_ascending_order() -> None:
    examples = [example(0, 5, (0, 2.0)), example(0, 2, (0, 2.0)), example(0, 9, (0, 1.0))]
    examples.append(example(0, 3))  # silent
    sample, boundaries = rc.sample_feature(examples, 4, 5)
    assert boundaries == []
    assert [(q, e.prompt) for q, e in sample] == [(1, 9), (2, 2), (3, 5)]


def test_jaccard_of_two_empty_windows_is_one_and_of_one_empty_window_zero() -> None:
    assert rc.jaccard([], []) == (1, 1)
    assert rc.jaccard(["ab"], []) == (0, 1)
    assert rc.jaccard(["ab", "bc"], ["bc", "cd", "de"]) == (1, 4)


def test_mean_jaccard_is_exact_and_none_without_pairs() -> None:
    windows = [rc.NgramWindow(0, i, {2: {g: [0] for g in s}}) for i, s in enumerate(["ab", "bc"])]
    assert rc.mean_jaccard([(windows[0], windows[1])], 2) == Fraction(1, 3)
    assert rc.mean_jaccard([], 2) is None


def test_ngram_positions_are_those_of_the_tokens_occurrences_begin_in() -> None:
    tokens = ["x", "aba", "", "b", "😀a", "b"]
    found = rc.ngram_positions(tokens, range(1, 6), 2, "characters")  # aba + b + 😀a + b
    assert found == {"ab": [1, 1, 4], "ba": [1], "b😀": [3], "😀a": [4]}
    overlapping = rc.ngram_positions(["aa", "a", "a"], range(3), 2, "characters")
    assert overlapping == {"aa": [0, 0, 1]}
    assert rc.ngram_positions(["a"], range(1), 2, "characters") == {}


def test_token_ngrams_are_told_apart_by_their_tokens() -> None:
    found = rc.ngram_positions(["a", "bc", "ab", "c"], range(4), 2, "tokens")
    assert found == {("a", "bc"): [0], ("bc", "ab"): [1], ("ab", "c"): [2]}


def test_the_top_ngram_prefers_more_windows_then_the_smaller_string() -> None:
    def window(prompt: int, positions: dict) -> rc.NgramWindow:
        return rc.NgramWindow(0, prompt, {2: positions})

    windows = [window(1, {"zz": [0, 1], "bb": [0], "aa": [3]}), window(2, {"bb": [2], "aa": [4]})]
    top = rc.top_ngram(windows, 2, 2)
    assert top == {
        "ngram": "aa",
        "ngram_size": 2,
        "count": 2,
        "occurrences": [{"prompt_id": 1, "positions": [3]}, {"prompt_id": 2, "positions": [4]}],
    }
    assert rc.top_ngram([window(1, {"zz": [0]})], 2, 2) is None


def test_the_selected_ngram_takes_the_smaller_n_on_a_tie_and_is_null_without_a_top() -> None:
    tops = [{"ngram": "ab", "ngram_size": 2, "count": 3, "occurrences": []}]
    half = Fraction(1, 2)
    assert rc.select_ngram([half, half, None], tops, [2, 3, 4])["ngram"] == "ab"
    assert rc.select_ngram([half, Fraction(2, 3), None], tops, [2, 3, 4]) is None
    assert rc.select_ngram([None, None, None], [], [2, 3, 4]) is None


def test_phrases_split_at_commas_and_whole_conjunctions_of_any_case() -> None:
    text = "Words, Or sand AND butter , ,but oregano"
    assert rc.split_phrases(text) == ["Words", "sand", "butter", "oregano"]


def test_alignment_is_greedy_and_skips_the_openers_own_explainer() -> None:
    vectors = {
        "a": np.array([1.0, 0.0], np.float32),
        "b": np.array([0.8, 0.6], np.float32),
        "c": np.array([0.0, 1.0], np.float32),
    }
    chunks = [
        rc.Chunk("X", "a", 0),  # opens, takes Y's a (1.0) and b (0.8)
        rc.Chunk("X", "b", 1),  # not taken by X; opens, nothing is left for it: dropped
        rc.Chunk("Y", "a", 0),
        rc.Chunk("Y", "b", 1),
        rc.Chunk("Y", "c", 2),  # 0.6 to X's b: below 0.7
    ]
    groups = rc.align(chunks, vectors, 0.7)
    assert len(groups) == 1
    assert math.isclose(groups[0][0], 0.9, abs_tol=1e-6)
    assert groups[0][1] == [chunks[0], chunks[2], chunks[3]]


def test_auc_counts_ties_half_and_is_none_for_one_class() -> None:
    assert rc.auc([0.5, 0.9], [0.5, 0.1]) == (1.5 + 2) / 4
    assert rc.auc([0.5], []) is None


def test_an_outcome_has_three_states() -> None:
    assert rc.classifier_outcome({"correct": True, "prediction": 1}).state == "correct"
    assert rc.classifier_outcome({"correct": False, "prediction": -1}).state == "failed"
    assert rc.classifier_outcome({"correct": True, "prediction": None}).state == "failed"
    assert rc.classifier_outcome({"correct": True}).state == "correct"
    assert rc.classifier_outcome({"prediction": True}).state == "failed"
    assert rc.classifier_outcome(["no object"]) is None


def test_negative_zero_is_not_activating_unless_activating_says_so() -> None:
    assert rc.label_of({"distance": -0.0}) is False
    assert rc.label_of({"distance": 0}) is True
    assert rc.label_of({"distance": -0.0, "activating": True}) is True


def test_simulation_takes_the_overall_group_else_the_mean_of_the_finite_ones() -> None:
    def groups(*pairs: tuple) -> list[rc.Outcome]:
        keys = ("distance", "ev_correlation_score")
        return [rc.simulation_outcome(dict(zip(keys, pair, strict=True))) for pair in pairs]

    assert rc.average_score("simulation", groups((1, 0.5), (0, 0.25))) == 0.25
    parts = groups((1, 0.5), (2, "nan"), (3, 0.7))
    assert math.isclose(rc.average_score("simulation", parts), 0.6)
    assert math.isclose(rc.simulation_variance(parts), 0.02)
    assert rc.average_score("simulation", groups((1, None))) is None


def test_classifier_metrics_by_hand() -> None:
    def made(label: bool, predicted: bool, distance: float) -> dict:
        return {
            "activating": label,
            "prediction": predicted,
            "correct": label == predicted,
            "distance": distance,
        }

    items = [made(True, True, 0), made(True, False, 0), made(True, True, 3)]
    items += [made(False, True, -1), made(False, False, -1)]
    items.append({"correct": None, "prediction": None, "activating": True, "distance": 3})
    outcomes = [rc.classifier_outcome(item) for item in items]
    metrics = rc.classifier_metrics(outcomes)
    assert math.isclose(metrics["balanced_accuracy"], (2 / 3 + 1 / 2) / 2)
    assert metrics["precision"] == metrics["recall"] == 2 / 3
    assert math.isclose(metrics["f1"], 2 / 3)
    assert metrics["auc"] is None
    assert [r["recall"] for r in metrics["recall_per_quantile"]] == [0.5, 1.0]
    assert rc.average_score("fuzz", outcomes) == 0.6


def test_the_wilson_interval_of_eight_in_ten() -> None:
    low, high = rc.wilson(8, 10)
    assert math.isclose(low, 0.4901625, abs_tol=1e-6)
    assert math.isclose(high, 0.9433178, abs_tol=1e-6)


def test_the_rv_coefficient_of_a_matrix_with_itself_is_one_and_of_uncorrelated_ones_zero() -> None:
    x = np.array([[1.0, 2.0], [2.0, 1.0], [4.0, 7.0], [0.0, 3.0]])
    assert math.isclose(rc.rv_coefficient(x, x), 1.0)
    assert math.isclose(rc.rv_coefficient(x, 3 * x + 5), 1.0)
    assert rc.rv_coefficient([[1.0], [-1.0], [1.0], [-1.0]], [[1.0], [1.0], [-1.0], [-1.0]]) == 0
    assert rc.rv_coefficient([[1.0], [1.0]], [[1.0], [2.0]]) is None


def test_neighbours_are_sorted_by_similarity_then_id_and_a_zero_row_is_zero_to_all() -> None:
    decoder = np.array([[1, 0], [0, 0], [2, 0], [3, 0], [0, 1]], np.float32)
    found = rc.decoder_neighbours(decoder, [0, 1], 3)
    assert found[0] == [(2, 1.0), (3, 1.0), (1, 0.0)]
    assert found[1] == [(0, 0.0), (2, 0.0), (3, 0.0)]


def test_pairwise_statistics_are_null_for_too_few() -> None:
    x, y = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)
    assert set(rc.pairwise_statistics([x]).values()) == {None}
    assert rc.pairwise_statistics([x, y]) == {"mean": 0.0, "std": None, "min": 0.0, "max": 0.0}
    three = rc.pairwise_statistics([x, x, y])
    assert math.isclose(three["mean"], 1 / 3)
    assert math.isclose(three["std"], math.sqrt(1 / 3))


def test_short_names_get_their_models_from_the_settings_and_the_run_configs() -> None:
    sources = [
        rc.Source("a_e-a_s", "a", "a", {"explainer": "default", "explainer_model": "A"}),
        rc.Source("a_e-b_s", "a", "b", {"explainer": "none", "explainer_model": "B"}),
        rc.Source("c_e-d_s", "c", "d", {}),
    ]
    expected = {"a": "A", "b": "B", "c": "c", "d": "Dee"}
    assert rc.full_names(sources, {"models": {"d": "Dee"}}) == expected


def test_matching_lists_matches_unmatched_phrases_and_methods_that_matched_nothing() -> None:
    vectors = {
        "p": np.array([1.0, 0.0], np.float32),
        "q": np.array([0.0, 1.0], np.float32),
        "lexical": np.array([1.0, 0.0], np.float32),
        "semantic": np.array([-1.0, 0.0], np.float32),
    }
    phrases = [("X", "p", 0), ("Y", "p", 0), ("X", "q", 1), ("X", "p", 0)]
    keys = ("explainer_name", "text", "chunk_index")
    group = {"phrases": [dict(zip(keys, p, strict=True)) for p in phrases]}
    ngram = {"ngram": "zz", "ngram_size": 2}
    pattern = rc.Pattern("both", 0.5, 0.5, ngram, ["lexical"], ["semantic"])
    row = rc.matching_row(1, "s", pattern, {"aligned_groups": [group]}, vectors, {})
    assert [(m["phrase_text"], m["explainer_name"], m["match_type"]) for m in row["matches"]] == [
        ("p", "X", "lexical"),
        ("p", "Y", "lexical"),
    ]
    assert [(m["item_text"], m["item_type"]) for m in row["mismatches"]] == [
        ("q", "phrase"),
        ("semantic", "semantic_context"),
    ]
    assert (row["num_aligned_phrases"], row["num_matches"], row["num_mismatches"]) == (4, 2, 1)
    assert row["match_rate"] == rc.f32(2 / 3)
    nothing = rc.Pattern("none", 0.1, 0.1, None, [], [])
    row = rc.matching_row(1, "s", nothing, {"aligned_groups": [group]}, vectors, {})
    assert (row["matches"], row["mismatches"], row["match_rate"]) == ([], [], 0.0)


def letters(texts: list[str]) -> np.ndarray:
    """A stand-in for the model: letter counts."""
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    return np.array([[t.lower().count(c) for c in alphabet] for t in texts], np.float32)


def small_tree(raw: Path) -> None:
    """A tree of two features, two explainers and one scorer, with some bad records."""
    (raw / "activation_examples").mkdir()
    prompts = [["the", " cat", " sat"], ["a", "b", "c", "d", "e", "f"], []]
    (raw / "activation_examples" / "prompts.json").write_text(json.dumps(prompts))
    lines = [
        '{"index": "0", "dataSetPromptId": 1, "sparseValues": [[2, 1.5], [5, 2.5]]}',
        '{"index": 0, "dataSetPromptId": 0, "sparseValues": [[1, 1.0]]}',
        '{"index": "0", "dataSetPromptId": 0, "sparseValues": [[1, 9.0]]}',  # duplicate
        '{"index": "1", "dataSetPromptId": 0, "sparseValues": []}',
        '{"index": "1", "dataSetPromptId": 2, "sparseValues": [[0, 1.0]]}',  # outside the prompt
        '{"index": "1", "dataSetPromptId": 1, "sparseValues": [[0, NaN]]}',
        '{"index": "1", "dataSetPromptId": 1',
    ]
    path = raw / "activation_examples" / "activations.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    (raw / "sae").mkdir()
    decoder = np.array([[1, 0], [1, 1], [0, 1]], np.float32)
    np.savez(raw / "sae" / "params.npz", W_dec=decoder)
    for name, text in (("x_e-s_s", '"cats, \\"sat\\" and dogs"'), ("y_e-s_s", " cats or mats\n")):
        (raw / name / "explanations").mkdir(parents=True)
        (raw / name / "explanations" / ".l.3_latent0.txt").write_text(text)
        (raw / name / "explanations" / ".l.3_latent1.txt").write_text('"No explanation found"')
        (raw / name / "scores" / "fuzz").mkdir(parents=True)
        scores = [{"correct": True}, {"correct": False}, {"correct": None}, "no object"]
        (raw / name / "scores" / "fuzz" / ".l.3_latent0.txt").write_text(json.dumps(scores))
        config = {"sparse_model": "m/n", "hookpoints": "l/3", "explainer_model": name[0] * 3}
        (raw / name / "run_config.json").write_text(json.dumps(config))


def test_a_small_tree_is_recomputed_whole_and_agrees_with_itself() -> None:
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder)
        small_tree(raw)
        result = rc.recompute(raw, {}, letters)
        (first, second) = result["features"]
        assert first["explanation_text"] == 'cats, "sat" and dogs'
        assert second["explanation_text"] == "cats or mats"
        assert (first["sae_id"], first["llm_explainer"]) == ("m/n/l/3", "xxx")
        assert first["scores"] == [
            {"scorer": "s", "fuzz": 0.5, "simulation": None, "detection": None, "embedding": None}
        ]
        assert [n["feature_id"] for n in first["decoder_similarity"]] == [1, 2]
        kept = [(r["feature_id"], r["prompt_id"]) for r in result["activation_examples"]]
        assert kept == [(0, 0), (0, 1), (1, 0)]
        assert result["activation_examples"][0]["max_activation"] == 1.0
        assert result["activation_embeddings"][1]["embeddings"] == []
        similarity = result["activation_example_similarity"]
        assert similarity[0]["prompt_ids"] == [0, 1]
        assert similarity[1]["ngram_jaccard_similarity"] == [None, None, None]
        groups = result["explanation_alignment"][0]["aligned_groups"]
        assert [p["text"] for p in groups[0]["phrases"]] == ["cats", "cats", "mats"]
        assert result["interfeature_similarity"][0]["selected_features"] == []
        for name, rows in result.items():
            assert list(rows[0]) == list(rc.SCHEMAS[name])
            assert rc.compare(name, rows, rows) == []
        again = rc.recompute(raw, {}, letters, features=[1])
        assert again["features"] == [] and len(again["activation_examples"]) == 1
        figures = rc.scores_side(raw, {})["by_feature"]
        assert [(f["total_examples"], f["failure_count"]) for f in figures] == [(3, 1)] * 2
        both = rc.consistency(raw, {}, letters)["explainer_consistency"]["x_vs_y"]
        assert both["features"] == 1


def test_compare_names_the_path_and_both_values() -> None:
    expected = [{"feature_id": 12, "llm_explainer": "A", "scores": [{"fuzz": 0.5, "n": 1}]}]
    actual = [{"feature_id": 12, "llm_explainer": "A", "scores": [{"fuzz": 0.6, "n": None}]}]
    found = rc.compare("features", expected, actual)
    path = "features[feature_id=12, llm_explainer=A].scores[0]"
    assert sorted(found) == [
        f"{path}.fuzz: expected 0.5 .. got 0.6",
        f"{path}.n: expected 1 .. got None",
    ]
    close = [{"feature_id": 12, "llm_explainer": "A", "scores": [{"fuzz": 0.500001, "n": 1}]}]
    assert rc.compare("features", expected, close) == []


def test_compare_tells_missing_rows_wrong_order_and_wrong_dtypes() -> None:
    rows = [{"feature_id": 1, "sae_id": "s"}, {"feature_id": 2, "sae_id": "s"}]
    assert "rows missing" in rc.compare("other", rows, rows[:1])[0]
    assert "row order" in rc.compare("other", rows, rows[::-1])[0]
    table = pa.table({"feature_id": pa.array([1, 2], pa.int64()), "sae_id": ["s", "s"]})
    found = rc.compare("explanation_alignment", rows, table)
    assert any("feature_id: dtype: expected uint32 .. got int64" in text for text in found)
    assert any("sae_id: dtype: expected cat .. got str" in text for text in found)
