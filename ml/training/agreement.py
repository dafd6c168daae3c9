"""How people agree with each other about a face, and a network with them. NumPy only.

Throughout: votes (N, 7) integers, how many taggers chose each emotion, at least one a row;
probabilities (N, 7) float32 whose rows sum to 1.
"""

import numpy as np
from numpy.typing import NDArray

from ml.training import metrics


def human_level(votes: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return (N,) chances that a face's tagger names what most of the others name.

    Each tagger in turn is judged by the rest; where the rest are tied, a tied answer counts as
    much as one drawn among them. Rows with one vote have nobody to agree with: 0.
    """
    count = votes.astype(np.int64)
    agreement = np.zeros(len(count))
    for emotion in range(count.shape[1]):
        others = count - np.eye(count.shape[1], dtype=np.int64)[emotion]
        top = others == others.max(axis=1, keepdims=True)
        share = top[:, emotion] / top.sum(axis=1)
        agreement += count[:, emotion] * share
    total = count.sum(axis=1)
    return np.asarray(np.where(total > 1, agreement / np.maximum(total, 1), 0.0))


def divergence(
    votes: NDArray[np.integer], probabilities: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return (N,) Kullback-Leibler divergences of the network from the taggers, in nats."""
    people = votes / votes.sum(axis=1, keepdims=True)
    model = np.maximum(probabilities.astype(np.float64), 1e-12)
    terms = people * np.log(np.where(people > 0, people, 1.0) / model)
    return np.asarray(np.where(people > 0, terms, 0.0).sum(axis=1))


def top_two(votes: NDArray[np.integer], probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return (N,) whether the taggers' majority is among the network's two most likely."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    return np.asarray((best == votes.argmax(axis=1)[:, None]).any(axis=1))


def report(
    votes: NDArray[np.integer], probabilities: NDArray[np.float32]
) -> dict[str, dict[str, float]]:
    """Return the three figures of all faces: mean, and both ends of its 95 % interval."""
    measured = {
        "human_level": human_level(votes),
        "divergence": divergence(votes, probabilities),
        "top_two": top_two(votes, probabilities).astype(np.float64),
    }
    found = {}
    for name, values in measured.items():
        mean = float(values.mean())
        reach = metrics.Z95 * float(values.std() / np.sqrt(len(values)))
        found[name] = {"mean": mean, "low": mean - reach, "high": mean + reach}
    return found
