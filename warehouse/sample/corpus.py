"""The prompts of a sample: segments, each about one topic with one stock phrase."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from warehouse.sample.words import (
    MANNERS,
    PEOPLE,
    SENTENCES,
    SLOTS,
    STOCK_PHRASES,
    TOPIC_SLOTS,
    Topic,
    split_entries,
    split_pieces,
)

PROMPT_TOKENS = 127
SEGMENT_LENGTHS = (41, 42, 42)  # with [CLS] and [SEP]: 127
SEGMENTS_PER_CONCEPT = 36  # a topic or a phrase occurs in so many segments at the least
FEWEST_CONCEPTS = 6


@dataclass(frozen=True)
class Corpus:
    """The prompts and where their concepts are; the arrays are (prompt, segment[, choice])."""

    tokens: list[list[str]]
    topics: np.ndarray
    phrases: np.ndarray
    topic_phrase_at: np.ndarray  # position of the middle token of the topic's phrase
    stock_phrase_at: np.ndarray
    words_at: np.ndarray  # positions of two topic words

    @property
    def topic_count(self) -> int:
        """Topics in use: fewer for few prompts, so that each occurs in enough segments."""
        return int(self.topics.max()) + 1

    @property
    def phrase_count(self) -> int:
        """Stock phrases in use."""
        return int(self.phrases.max()) + 1


def build_corpus(count: int, topics: list[Topic], seed: int) -> Corpus:
    """Write the prompts: `[CLS]`, three segments, `[SEP]`."""
    rng = random.Random(f"{seed}/prompts")
    stock = [split_pieces(phrase) for phrase in split_entries(STOCK_PHRASES)]
    concepts = max(FEWEST_CONCEPTS, count * len(SEGMENT_LENGTHS) // SEGMENTS_PER_CONCEPT)
    topic_deck = _deal(rng, count, min(concepts, len(topics)))
    phrase_deck = _deal(rng, count, min(concepts, len(stock)))
    writer = SentenceWriter(rng)
    tokens, places = [], []
    for topic_hand, phrase_hand in zip(topic_deck, phrase_deck, strict=True):
        prompt = ["[CLS]"]
        for length, topic, phrase in zip(SEGMENT_LENGTHS, topic_hand, phrase_hand, strict=True):
            start = len(prompt)
            words, found = writer.segment(topics[topic], stock[phrase], length)
            prompt += words
            places.append([start + place for place in found])
        tokens.append([*prompt, "[SEP]"])
    at = np.array(places).reshape(count, len(SEGMENT_LENGTHS), 4)
    return Corpus(
        tokens, np.array(topic_deck), np.array(phrase_deck), at[..., 0], at[..., 1], at[..., 2:]
    )


def _deal(rng: random.Random, count: int, concepts: int) -> list[list[int]]:
    """Three different concepts for each prompt, all equally often."""
    hands: list[list[int]] = []
    while len(hands) < count:
        deck = rng.sample(range(concepts), concepts)
        first, second = rng.sample(range(1, concepts), 2)
        hands += [
            [deck[i], deck[(i + first) % concepts], deck[(i + second) % concepts]]
            for i in range(concepts)
        ]
    return hands[:count]


class SentenceWriter:
    """Fills sentence patterns with a topic's words and with people, manners and numbers."""

    def __init__(self, rng: random.Random) -> None:
        """Take the generator that makes all choices."""
        self.rng = rng
        self.patterns = [
            [slot if slot in SLOTS else split_pieces(slot) for slot in pattern.split()]
            for pattern in split_entries(SENTENCES)
        ]
        self.people = [split_pieces(person) for person in split_entries(PEOPLE)]
        self.manners = [split_pieces(manner) for manner in split_entries(MANNERS)]
        self.digits = [(str(number),) for number in range(2, 96)]

    def segment(
        self, topic: Topic, stock: tuple[str, ...], length: int
    ) -> tuple[list[str], list[int]]:
        """Tokens of one segment; positions of both phrases' middles and of two topic words."""
        words, _ = self.sentence(topic)
        topic_phrase_at = len(words) + 2
        words += [*topic.phrase, ","]
        start = len(words)
        middle, content = self.sentence(topic)
        content = [i for i in content if 2 <= i < len(middle) - 2] or [len(middle) // 2]
        words_at = [start + self.rng.choice(content) for _ in range(2)]
        words += middle
        stock_phrase_at = len(words) + 2
        words += [*stock, ","]
        while len(words) < length:
            words += self.sentence(topic)[0]
        return words[:length], [topic_phrase_at, stock_phrase_at, *words_at]

    def sentence(self, topic: Topic) -> tuple[list[str], list[int]]:
        """Tokens of one sentence and the positions at which its topic words begin."""
        choices = {
            "N": topic.nouns,
            "V": topic.verbs,
            "A": topic.adjectives,
            "P": self.people,
            "M": self.manners,
            "D": self.digits,
        }
        words: list[str] = []
        content: list[int] = []
        for slot in self.rng.choice(self.patterns):
            if slot in TOPIC_SLOTS:
                content.append(len(words))
            words += self.rng.choice(choices[slot]) if slot in SLOTS else slot
        return words, content


def write_prompts(path: Path, corpus: Corpus) -> None:
    """Write prompts.json, one prompt after the other."""
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for number, tokens in enumerate(corpus.tokens):
            file.write((", " if number else "") + json.dumps(tokens, ensure_ascii=False))
        file.write("]")


def make_rng(seed: int, part: str, number: int = 0) -> np.random.Generator:
    """A generator of its own for each part and number, so that parts do not move each other."""
    return np.random.Generator(np.random.PCG64([seed, *part.encode(), number]))
