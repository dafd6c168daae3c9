"""Which networks a network goes back to: what each run began with, and who taught it.

Read from the manifests of versions, and for networks that never served from the records of their
runs. Both are kept where the networks are not.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ml import manifest
from ml.training.files import RECORDS

Document = dict[str, Any]
"""A manifest as it stands in its file."""


@dataclass(frozen=True)
class Ancestor:
    """A network and the run that made it; `share` of the way from `start` to the run's end."""

    network: str
    run: str
    start: str | None
    teachers: tuple[str, ...]
    share: float
    epochs: int
    hours: float

    @property
    def parents(self) -> tuple[str, ...]:
        """The networks that this one builds on."""
        return (self.start, *self.teachers) if self.start else self.teachers


def lineage(document: Document) -> list[Ancestor]:
    """Return the ancestors of a manifest's network, the oldest first, itself last.

    Versions that differ only in how one network is served count once. Raises ValueError where
    neither a manifest nor a record tells of a network.
    """
    found: dict[str, Ancestor] = {}
    for key, ancestor in _descent(document["version"], document["training"]):
        found.setdefault(key, ancestor)
    return list(found.values())


def _descent(network: str, training: Document) -> Iterator[tuple[str, Ancestor]]:
    """Yield all ancestors and the network itself; shared ancestors occur more than once."""
    ancestor = _ancestor(network, training)
    for parent in ancestor.parents:
        yield from _descent(parent, _training_of(parent))
    yield _key(training), ancestor


def _ancestor(network: str, training: Document) -> Ancestor:
    config = training["config"]
    return Ancestor(
        network=network,
        run=config["name"],
        # A fine-tune names what it goes on from beside its configuration.
        start=config.get("start") or training.get("base", {}).get("version"),
        teachers=tuple(config.get("teachers") or ()),
        share=config.get("share_of_run", 1.0),
        epochs=training["epochs"],
        hours=training["seconds"] / 3600,
    )


def _key(training: Document) -> str:
    """Return a key that is the same for all networks of one run."""
    config = {name: each for name, each in training["config"].items() if name != "share_of_run"}
    return json.dumps([config, training.get("base"), training.get("reviewed")], sort_keys=True)


def _training_of(network: str) -> Document:
    """Return how a network was trained, from its manifest."""
    if network in manifest.available_versions():
        training: Document = manifest.read(network).document["training"]
        return training
    path = RECORDS / f"{network}.json"
    if not path.is_file():
        raise ValueError(f"neither a manifest nor {path} tells of the network {network!r}")
    record: Document = json.loads(path.read_text(encoding="utf-8"))
    return record | {"seconds": record["hours"] * 3600}
