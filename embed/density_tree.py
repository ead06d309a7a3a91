"""From a single-linkage tree of mutual reachability to flat clusters: the second half of HDBSCAN.

Campello, Moulavi & Sander 2013 (excess of mass), Malzer & Baum 2020 (the threshold epsilon), step by
step as the package hdbscan does it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass
class CondensedTree:
    """Clusters of at least so many points. Cluster 0 holds all points and is never selected.

    `birth`: 1 ÷ the distance at which a cluster parted from its parent; `stability`: its excess of
    mass; `points`: those that left it as none of its children's.
    """

    parent: dict[int, int] = field(default_factory=dict)
    birth: dict[int, float] = field(default_factory=lambda: {0: 0.0})
    stability: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    points: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def children(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for child, parent in self.parent.items():
            found[parent].append(child)
        return found


def selected_labels(tree: np.ndarray, min_cluster_size: int, epsilon: float) -> np.ndarray:
    """Labels int64 (n,), -1 for none, of a tree of n - 1 merges by ascending distance.

    `tree`: a structured array with left_node, right_node, value (the distance) and cluster_size;
    nodes below n are points, node n + i is the result of merge i.
    """
    import numpy as np

    condensed = _condense(tree, min_cluster_size)
    chosen = _excess_of_mass(condensed)
    if epsilon > 0:
        chosen = _above(condensed, chosen, epsilon)
    labels = np.full(len(tree) + 1, -1)
    for cluster, points in condensed.points.items():
        owner: int | None = cluster
        while owner is not None and owner not in chosen:
            owner = condensed.parent.get(owner)
        if owner is not None:
            labels[points] = owner
    return labels


def _condense(tree: np.ndarray, min_cluster_size: int) -> CondensedTree:
    leaves = len(tree) + 1
    sides = list(zip(tree["left_node"].tolist(), tree["right_node"].tolist(), strict=True))
    distances, sizes = tree["value"].tolist(), tree["cluster_size"].tolist()

    def points_below(node: int) -> Iterator[int]:
        queue = [node]
        while queue:
            at = queue.pop()
            if at < leaves:
                yield at
            else:
                queue += sides[at - leaves]

    condensed = CondensedTree()
    queue = [(2 * leaves - 2, 0)]
    while queue:
        node, cluster = queue.pop()
        pair = sides[node - leaves]
        distance = distances[node - leaves]
        nearness = 1 / distance if distance > 0 else float("inf")
        size_of = [1 if side < leaves else sizes[side - leaves] for side in pair]
        large = [size >= min_cluster_size for size in size_of]
        for side, size, is_large in zip(pair, size_of, large, strict=True):
            if is_large and not all(large):  # the cluster goes on in it
                queue.append((side, cluster))
                continue
            condensed.stability[cluster] += (nearness - condensed.birth[cluster]) * size
            if is_large:
                child = len(condensed.birth)
                condensed.parent[child], condensed.birth[child] = cluster, nearness
                queue.append((side, child))
            else:
                condensed.points[cluster] += points_below(side)
    return condensed


def _excess_of_mass(condensed: CondensedTree) -> set[int]:
    """Clusters that are more stable than those inside of them together."""
    children, stability = condensed.children(), dict(condensed.stability)
    chosen: set[int] = set()
    for cluster in sorted(condensed.parent, reverse=True):  # children have larger numbers
        inside = sum(stability.get(child, 0.0) for child in children[cluster])
        if inside > stability.get(cluster, 0.0):
            stability[cluster] = inside
        else:
            chosen -= set(_descendants(children, cluster))
            chosen.add(cluster)
    return chosen


def _above(condensed: CondensedTree, chosen: set[int], epsilon: float) -> set[int]:
    """The chosen clusters; instead of one that parted below epsilon, the one above that did not."""
    children = condensed.children()
    found: set[int] = set()
    for cluster in sorted(chosen):
        at = cluster
        if 1 / condensed.birth[at] < epsilon:
            while condensed.parent[at] != 0:
                at = condensed.parent[at]
                if 1 / condensed.birth[at] > epsilon:
                    break
        found.add(at)
    return found - {d for cluster in found for d in _descendants(children, cluster)}


def _descendants(children: dict[int, list[int]], cluster: int) -> Iterator[int]:
    queue = list(children[cluster])
    while queue:
        at = queue.pop()
        yield at
        queue += children[at]
