"""SPEC-NEXT.md, sections 2 and 3: activation_display and interfeature_activation_similarity.

`flipped` builds the row as it is when float noise puts a similarity on the other side of its
threshold; it is asked for only where the similarity lies that near.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, combinations
from typing import Any

from tests.independent import backend_inputs as bi
from tests.independent import backend_words as bw
from tests.independent import recompute as rc


def exact(threshold: float) -> Fraction:
    """A threshold as it is written: 0.6 is three fifths."""
    return Fraction(str(threshold))


# ---------------------------------------------------------------------------------------------
# Section 2


@dataclass(frozen=True)
class Top:
    """The top n-gram of a feature, its share, and its places in each sampled example."""

    text: str | None
    share: Fraction
    places: list[list[Any]]


def pair_share(holders: int, examples: int) -> Fraction:
    """NEXT 2 '"Jaccard" is none': the share of unordered pairs of examples in which both hold it."""
    return Fraction(holders * (holders - 1), examples * (examples - 1))


def find_top(found: list[dict[bw.Ngram, list[Any]]], rank_by: str) -> Top:
    """NEXT 2 'Top n-gram' over the windows of all sampled examples."""
    counts: Counter[bw.Ngram] = Counter()
    for ngrams in found:
        for ngram, places in ngrams.items():
            counts[ngram] += len(places) if rank_by == "occurrences" else 1
    best = bw.top_ngram(counts)
    if best is None:
        return Top(None, Fraction(0), [[] for _ in found])
    holders = sum(best in ngrams for ngrams in found)
    return Top(best[1], pair_share(holders, len(found)), [n.get(best, []) for n in found])


def tops_of(feature: int, inputs: bi.Inputs) -> tuple[Top, Top] | None:
    """The top character and word n-gram of a feature; None for fewer than 2 sampled examples."""
    sample = inputs.samples.get(feature, [])
    if len(sample) < inputs.setting("display.min_examples"):
        return None
    rank_by = inputs.setting("display.rank_by")
    chars = [inputs.char_ngrams(drawn.example, bi.CHAR_REACH) for drawn in sample]
    words = [inputs.word_ngrams(drawn.example) for drawn in sample]
    return find_top(chars, rank_by), find_top(words, rank_by)


def pattern_type(semantic: bool, lexical: bool) -> str:
    """NEXT 2 'pattern_type'."""
    return {(True, True): "Both", (True, False): "Semantic", (False, True): "Lexical"}.get(
        (semantic, lexical), "None"
    )


def display_row(feature: int, inputs: bi.Inputs, flipped: bool = False) -> rc.Row | None:
    """One row of activation_display.parquet; None for fewer than 2 sampled examples."""
    tops = tops_of(feature, inputs)
    if tops is None:
        return None
    chars, words = tops
    similarity = inputs.similarity(feature)
    semantic = similarity > inputs.setting("display.semantic_threshold")
    lexical = max(chars.share, words.share) > exact(inputs.setting("display.lexical_threshold"))
    examples = []
    for number, drawn in enumerate(inputs.samples[feature]):
        if drawn.rank > inputs.setting("display.per_quantile"):
            continue
        examples.append(
            {
                "quantile_index": drawn.quantile - 1,
                "prompt_id": drawn.example.prompt,
                "prompt_tokens": [
                    bw.form(token, inputs.marker) for token in inputs.prompts[drawn.example.prompt]
                ],
                "activation_pairs": [
                    {"token_position": position, "activation_value": value}
                    for position, value in drawn.example.pairs
                ],
                "max_activation": drawn.example.max_value,
                "max_activation_position": drawn.example.max_position,
                "char_ngram_positions": [
                    {"token_position": position, "char_offset": offset}
                    for position, offset in chars.places[number]
                ],
                "word_ngram_positions": words.places[number],
            }
        )
    return {
        "feature_id": feature,
        "sae_id": inputs.sae_id,
        "pattern_type": pattern_type(semantic != flipped, lexical),
        "semantic_similarity": rc.f32(similarity),
        "char_ngram_max_jaccard": rc.f32(float(chars.share)),
        "word_ngram_max_jaccard": rc.f32(float(words.share)),
        "top_char_ngram_text": chars.text,
        "top_word_ngram_text": words.text,
        "quantile_examples": examples,
    }


def display_rows(inputs: bi.Inputs) -> Iterator[list[rc.Row]]:
    """Per feature, ascending, its row; after it what it may be by float noise at the threshold."""
    for feature in sorted(f for f in inputs.examples if inputs.is_wanted(f)):
        row = display_row(feature, inputs)
        if row is None:
            continue
        threshold = inputs.setting("display.semantic_threshold")
        noisy = bi.near(inputs.similarity(feature), threshold)
        yield [row, display_row(feature, inputs, flipped=True)] if noisy else [row]


# ---------------------------------------------------------------------------------------------
# Section 3


@dataclass(frozen=True)
class Held:
    """What one example of a side holds."""

    drawn: bi.Drawn
    ngrams: dict[bw.Ngram, list[Any]]


@dataclass(frozen=True)
class Shared:
    """The n-gram of a pair of features, per kind, and its places on either side."""

    ngram: bw.Ngram | None
    ratio: Fraction | None
    main: list[tuple[int, list[Any]]]  # (prompt, places)
    similar: list[tuple[int, list[Any]]]


def find_shared(main: list[Held], similar: list[Held], shown: int) -> Shared:
    """NEXT 3 'The n-gram': held by the most examples of both sides, and the ratio of the holders."""
    counts = Counter(ngram for held in main + similar for ngram in held.ngrams)
    best = bw.top_ngram(counts)
    if best is None:
        return Shared(None, None, [], [])
    holders = [[held for held in side if best in held.ngrams] for side in (main, similar)]
    fewer, more = sorted(len(side) for side in holders)
    places = [
        [(h.drawn.example.prompt, h.ngrams[best]) for h in side if h.drawn.rank <= shown]
        for side in holders
    ]
    return Shared(best, Fraction(fewer, more), *places)


def side_of(feature: int, inputs: bi.Inputs) -> list[bi.Drawn]:
    """NEXT 3 'Examples' of either side, in sample order."""
    most = inputs.setting("pairs.per_quantile")
    return [drawn for drawn in inputs.samples.get(feature, []) if drawn.rank <= most]


def mean_cosine(main: list[bi.Drawn], similar: list[bi.Drawn], vectors: rc.Vectors) -> float | None:
    """NEXT 3 'semantic_similarity' before clamping: the mean over all pairs of windows."""
    if not main or not similar:
        return None
    sides = [[vectors[drawn.text] for drawn in side] for side in (main, similar)]
    return float(rc.cosines(*sides).mean())


def pair_entry(
    feature: int, similar: int, decoder_similarity: float, inputs: bi.Inputs, flipped: bool
) -> tuple[rc.Row, bool, bool]:
    """One pair's entry without its pattern_type, and whether it is semantic and lexical."""
    sides = [side_of(feature, inputs), side_of(similar, inputs)]
    shown = inputs.setting("pairs.positions_per_quantile")
    chars = find_shared(
        *(
            [Held(d, inputs.char_ngrams(d.example, bi.PAIR_CHAR_REACH)) for d in side]
            for side in sides
        ),
        shown,
    )
    words = find_shared(
        *([Held(d, inputs.word_ngrams(d.example)) for d in s] for s in sides), shown
    )
    similarity = mean_cosine(*sides, inputs.vectors)

    def char_lists(side: list[tuple[int, list[Any]]]) -> list[rc.Row]:
        return [
            {
                "prompt_id": prompt,
                "positions": [{"token_position": p, "char_offset": o} for p, o in places],
            }
            for prompt, places in side
        ]

    def word_lists(side: list[tuple[int, list[Any]]]) -> list[rc.Row]:
        return [{"prompt_id": prompt, "positions": places} for prompt, places in side]

    entry = {
        "similar_feature_id": similar,
        "decoder_similarity": decoder_similarity,
        "pattern_type": None,
        "semantic_similarity": None
        if similarity is None
        else rc.f32(min(1.0, max(0.0, similarity))),
        "char_jaccard": None if chars.ratio is None else rc.f32(float(chars.ratio)),
        "word_jaccard": None if words.ratio is None else rc.f32(float(words.ratio)),
        "main_prompt_ids": [drawn.example.prompt for drawn in sides[0]],
        "similar_prompt_ids": [drawn.example.prompt for drawn in sides[1]],
        "num_comparisons": len(sides[0]) * len(sides[1]),
        "max_char_ngram": chars.ngram and chars.ngram[1],
        "max_char_ngram_size": chars.ngram and chars.ngram[0],
        "max_word_ngram": words.ngram and words.ngram[1],
        "max_word_ngram_size": words.ngram and words.ngram[0],
        "main_char_ngram_positions": char_lists(chars.main),
        "similar_char_ngram_positions": char_lists(chars.similar),
        "main_word_ngram_positions": word_lists(words.main),
        "similar_word_ngram_positions": word_lists(words.similar),
    }
    semantic = similarity is not None and similarity > inputs.setting("pairs.semantic_threshold")
    over = [
        found.ratio is not None and found.ratio > exact(inputs.setting(key))
        for found, key in ((chars, "pairs.char_threshold"), (words, "pairs.word_threshold"))
    ]
    return entry, semantic != flipped, any(over)


def pair_row(feature: int, inputs: bi.Inputs, flipped: Collection[int] = ()) -> rc.Row:
    """One row of interfeature_activation_similarity.parquet."""
    lists: dict[str, list[rc.Row]] = {"Semantic": [], "Lexical": []}
    for similar, decoder_similarity in inputs.selected(feature):
        entry, *passes = pair_entry(
            feature, similar, decoder_similarity, inputs, similar in flipped
        )
        for kind, passed in zip(lists, passes, strict=True):
            if passed:
                lists[kind].append(entry | {"pattern_type": kind})
    return {
        "feature_id": feature,
        "sae_id": inputs.sae_id,
        "semantic_pairs": lists["Semantic"],
        "lexical_pairs": lists["Lexical"],
    }


def pair_rows(inputs: bi.Inputs) -> Iterator[list[rc.Row]]:
    """Per explained feature, ascending, its row; after it what it may be by float noise."""
    for feature in sorted(f for f in inputs.explained if inputs.is_wanted(f)):
        noisy = [
            similar
            for similar, _ in inputs.selected(feature)
            if bi.near(
                mean_cosine(side_of(feature, inputs), side_of(similar, inputs), inputs.vectors),
                inputs.setting("pairs.semantic_threshold"),
            )
        ]
        subsets = chain.from_iterable(combinations(noisy, n) for n in range(len(noisy) + 1))
        yield [pair_row(feature, inputs, flipped) for flipped in subsets]
