"""Markers, forms, words and n-grams of SPEC-NEXT.md, section 1: pure rules over token strings.

"NEXT 1 'Marker'" means: SPEC-NEXT.md, section 1, the paragraph that begins with that word. Where
it leaves room, NOTES.md beside this file says what was decided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

PREFIXES = {"▁": "▁", "Ġ": "Ġ", "space": " ", "##": "##"}  # marker -> how its tokens begin
SPECIAL = (
    *("<bos>", "<eos>", "<pad>", "<unk>", "<mask>", "<s>", "</s>"),
    *("<|endoftext|>", "<|begin_of_text|>", "[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"),
)
PUNCTUATION = frozenset(".,!?;:\"'()[]{}“”‘’`")
CHAR_SIZES = (2, 3, 4, 5)
WORD_SIZES = (1, 2, 3)
MOST_TOKENS = 65_536  # of a prompt; positions are UInt16
MOST_OFFSET = 255  # offsets are UInt8

Ngram = tuple[int, str]  # (n, text)
Word = tuple[int, str]  # (position of its first token, text)


def find_marker(prompts: Iterable[Sequence[str] | None], wanted: str = "auto") -> str:
    """NEXT 1 'Marker': the one asked for, or the one that most tokens of all prompts begin with."""
    if wanted != "auto":
        return wanted
    counts = dict.fromkeys(PREFIXES, 0)
    for tokens in prompts:
        for token in tokens or ():
            for marker, prefix in PREFIXES.items():
                counts[marker] += token.startswith(prefix)
    best = max(counts, key=counts.__getitem__)  # of equal counts the first
    return best if counts[best] else "none"


def form(token: str, marker: str) -> str:
    """NEXT 1 'Form' of a token: without its marker, trimmed."""
    text = token.removeprefix("##") if marker == "##" else token.lstrip("▁Ġ ")
    if marker == "Ġ":
        text = text.replace("Ċ", "\n").replace("ĉ", "\t")
    return text.strip()


def begins_word(token: str, marker: str) -> bool:
    """NEXT 1: whether a token begins a word under this marker."""
    if marker == "none":
        return True
    return token.startswith(PREFIXES[marker]) != (marker == "##")


def lower(text: str) -> str:
    """NEXT 1 'Lower case': one code point for each, as Unicode's simple mapping has it.

    Python's own `lower` gives two for İ (its only such letter) and looks around a Σ.
    """
    return "".join("i" if character == "İ" else character.lower() for character in text)


def words_of(tokens: Sequence[str], marker: str, special: Collection[str] = SPECIAL) -> list[Word]:
    """NEXT 1 'Words of a prompt', in order, each at the position of its first token."""
    words: list[tuple[int, list[str]]] = []
    current = False  # whether the last word may still grow
    for position, token in enumerate(tokens[:MOST_TOKENS]):
        text = lower(form(token, marker))
        if token in special or PUNCTUATION.issuperset(text):  # the empty form too
            current = False
        elif begins_word(token, marker) or not current:
            words.append((position, [text.lstrip("".join(PUNCTUATION))]))
            current = True
        else:
            words[-1][1].append(text)
    return [(position, "".join(parts)) for position, parts in words]


def window(position: int, reach: int, length: int) -> range:
    """NEXT 1 'Windows': the positions around p, always cut at the prompt's edges."""
    return range(max(0, position - reach), min(length, MOST_TOKENS, position + reach + 1))


def char_ngrams(
    tokens: Sequence[str], places: range, marker: str, special: Collection[str] = SPECIAL
) -> dict[Ngram, list[tuple[int, int]]]:
    """NEXT 1 'Character n-grams' of the tokens at `places`: n-gram -> (position, offset), ascending."""
    found: dict[Ngram, list[tuple[int, int]]] = {}
    for position in places:
        if tokens[position] in special:
            continue
        text = lower(form(tokens[position], marker))
        for size in CHAR_SIZES:
            for offset in range(min(len(text) - size, MOST_OFFSET) + 1):
                ngram = (size, text[offset : offset + size])
                found.setdefault(ngram, []).append((position, offset))
    return found


def word_ngrams(words: Sequence[Word], places: range) -> dict[Ngram, list[int]]:
    """NEXT 1 'Word n-grams' whose words all begin at `places`: n-gram -> positions, ascending."""
    inside = [word for word in words if word[0] in places]  # consecutive, as words are in order
    found: dict[Ngram, list[int]] = {}
    for size in WORD_SIZES:
        for first in range(len(inside) - size + 1):
            text = " ".join(word for _, word in inside[first : first + size])
            found.setdefault((size, text), []).append(inside[first][0])
    return found


def natural_text(tokens: Iterable[str], marker: str) -> str:
    """NEXT 6 'Window text' natural: forms appended to the word they go on, words joined by a space."""
    words: list[str] = []
    for token in tokens:
        if begins_word(token, marker) or not words:
            words.append(form(token, marker))
        else:
            words[-1] += form(token, marker)
    return " ".join(word for word in words if word)


def top_ngram(counts: dict[Ngram, int], least: int = 2) -> Ngram | None:
    """NEXT 2, 3: the largest count; ties: larger n, then the smaller string; None below `least`."""
    best = min(counts, key=lambda ngram: (-counts[ngram], -ngram[0], ngram[1]), default=None)
    return best if best is not None and counts[best] >= least else None
