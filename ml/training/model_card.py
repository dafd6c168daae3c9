"""The model card: `python -m ml.training.model_card` writes docs/model_card.md.

Made of the default version's manifest, and of those of the networks that it goes back to, so that
no figure stands in two places (Mitchell et al. 2019, arXiv:1810.03993).
"""

from pathlib import Path
from typing import Any, Final

from ml import manifest
from ml.inference import DEFAULT_VERSION
from ml.training import robustness, shift
from ml.training.lineage import lineage

DOCUMENT: Final = Path("docs/model_card.md")

Document = dict[str, Any]
"""A manifest as it stands in its file."""

HEADS: Final = {
    "consensus": "against the majority of ten human taggers (FER+); this is what users see",
    "fer2013": "against FER2013's original labels; for comparison with published figures",
}
USE: Final = """## Use

**Intended:** sorting and looking back at one's own photos by the expressions in them.

**Not for:** decisions about people, as in employment, education, policing, health or insurance;
watching people without their consent; telling what somebody feels. A face shows an expression;
what is felt is known to nobody but its owner.
"""
LIMITS: Final = """## Limits

- Not measured: how accuracy differs by age, sex, skin tone or culture. The data has no such labels,
  and nobody chose its faces to represent anyone.
- Small, blurred and turned faces are read worse and are flagged:
  [what the flags stand for](decisions/0008-quality-flags.md).
- Turned faces are turned upright before they are read. Covered eyes or mouths, faces that the photo
  cuts off and things that may be no face are flagged and never certain; a hand before the mouth, or
  cloth, often passes unseen: [what is found](decisions/0025-wrong-and-unsure.md).
- Trained on posed and staged pictures from web searches: subtle expressions may pass as neutral.
"""


def card(document: Document) -> str:
    """Return the Markdown page of a manifest."""
    tables = [_head(document, head) for head in HEADS]
    parts = [_title(document), USE, _lineage(document), _data(document)]
    parts += [*tables, _certainty(document)]
    if "elsewhere" in document["metrics"]:
        parts.append(_elsewhere(document))
    # Versions before v3 have no such figures.
    if "robustness" in document:
        parts += [_calibration(document), _people(document), _robustness(document)]
    # Versions before v9 have no such table.
    if "shift" in document:
        parts.append(_shift(document))
    return "\n".join([*parts, _weakest(document), LIMITS])


def _title(document: Document) -> str:
    found = lineage(document)
    runs = f"{len(found)} runs that build on one another" if len(found) > 1 else "one run"
    return f"""# Model card: expression network {document["version"]}

Made by `python -m ml.training.model_card` from `ml/weights/{document["version"]}/manifest.json`.

A convolutional network of {document["parameters"]:,} parameters that looks at a face of 48×48 grey
pixels and gives the probabilities of seven expressions: {", ".join(document["labels"])}. Trained
from scratch in {runs}: {sum(each.epochs for each in found)} epochs,
{sum(each.hours for each in found):.1f} hours. The last of them:
`{document["training"]["command"]}`.
"""


def _lineage(document: Document) -> str:
    found = lineage(document)
    rows = "\n".join(
        f"| {each.network} | `{each.run}`{_share(each.share)} | {each.start or 'random weights'} "
        f"| {', '.join(each.teachers) or 'people alone'} | {each.epochs} | {each.hours:.1f} |"
        for each in found
    )
    return f"""## Where it comes from

No weights of others are in it: what began with no network of this table began at random, and
nothing but the data below taught any of them. The hours are those of the epochs.

| network | run | began with | taught by | epochs | hours |
| --- | --- | --- | --- | --- | --- |
{rows}
| together | | | | {sum(each.epochs for each in found)} | {sum(each.hours for each in found):.1f} |
"""


def _share(share: float) -> str:
    return f", {share:.0%} of the way" if share < 1 else ""


def _data(document: Document) -> str:
    source = document["data"]
    splits = ", ".join(f"{name} {count:,}" for name, count in source["splits"].items())
    return f"""## Data

{source["name"]}: {splits} faces. The validation split chose everything, the test split only
judges. {source["licence"]}
"""


def _head(document: Document, head: str) -> str:
    found = document["metrics"]["test"][head]
    rows = [
        f"| {name} | {row['precision']:.2f} | {row['recall']:.2f} | {row['f1']:.2f} "
        f"| {row['support']} |"
        for name, row in found["per_class"].items()
    ]
    table = "\n".join(rows)
    return f"""## Results of the head `{head}`

Test split, {HEADS[head]}; {found["n"]:,} faces, 95 % intervals in brackets.

- accuracy {_with_interval(found, "accuracy")}, macro-F1 {_with_interval(found, "macro_f1")}
- expected calibration error {found["ece"]:.3f}, log loss {found["log_loss"]:.3f}

| expression | precision | recall | F1 | faces |
| --- | --- | --- | --- | --- |
{table}
"""


def _with_interval(found: Document, name: str) -> str:
    low, high = found[f"{name}_ci95"]
    return f"{found[name]:.3f} ({low:.3f} to {high:.3f})"


def _elsewhere(document: Document) -> str:
    found = document["metrics"]["elsewhere"]["consensus"]
    certain = found["certain"]
    recalls = ", ".join(f"{name} {row['recall']:.2f}" for name, row in found["per_class"].items())
    return f"""## Faces from elsewhere

{found["n"]:,} posed faces of other cameras (KDEF, JAFFE), each expression as often as any other,
took part in choosing how this network serves and taught it nothing. So these figures are somewhat
better than those of other faces will be.

- accuracy {_with_interval(found, "accuracy")}, macro-F1 {_with_interval(found, "macro_f1")}
- expected calibration error {found["ece"]:.3f}
- certain are {certain["coverage"]:.1%}, and {certain["accuracy"]:.1%} of those are right
- recall: {recalls}
"""


def _certainty(document: Document) -> str:
    certain = document["metrics"]["test"]["consensus"]["certain"]
    return f"""## When it says that it is uncertain

Below a probability of {document["uncertain"]["threshold"]:.2f} a label is shown as uncertain. Of
the test faces {certain["coverage"]:.1%} are above it, and {certain["accuracy"]:.1%} of those are
labelled as the majority of people would.
"""


def _calibration(document: Document) -> str:
    rows = []
    for head in HEADS:
        after = document["metrics"]["test"][head]
        for name, stage in (("before", after["uncalibrated"]), ("after", after)):
            error, loss = _with_interval(stage, "ece"), _with_interval(stage, "log_loss")
            rows.append(f"| `{head}`, {name} | {error} | {loss} |")
    table = "\n".join(rows)
    constants = document["calibration"]["consensus"]
    bias = ", ".join(f"{name} {value:+.2f}" for name, value in constants["bias"].items())
    return f"""## Calibration

Fitted on {document["calibration"]["fitted_on"]}, figures of the test split. To the logits is added
{bias}; then they are divided by {constants["temperature"]:.2f}. The diagram:
`ml/weights/{document["version"]}/reliability.png`.

| head | calibration error | log loss |
| --- | --- | --- |
{table}
"""


def _people(document: Document) -> str:
    people = document["metrics"]["test"]["consensus"]["people"]
    said = {
        name: f"{found['mean']:.3f} ({found['low']:.3f} to {found['high']:.3f})"
        for name, found in people.items()
    }
    return f"""## Beside people

Ten people tagged each test face. One of them names what most of the others do with probability
{said["human_level"]}. The network's two most likely expressions hold what most of them chose with
probability {said["top_two"]}; its distribution is {said["divergence"]} nats from theirs.
"""


def _robustness(document: Document) -> str:
    found = document["robustness"]
    version = document["version"]
    others = [name for name in found["accuracy"] if name != version]
    against = found["accuracy"][others[0]] if others else None
    beside = f", in brackets the points gained over {others[0]}" if others else ""
    return f"""## Robustness

Accuracy of the head `{found["head"]}` on the {found["split"]} split{beside}; as curves in
`ml/weights/{version}/robustness.png`.

{robustness.table(found["accuracy"][version], against)}
"""


def _shift(document: Document) -> str:
    return f"""## How honest the confidence stays

Under one clear change of each kind. *Test* is FER2013's test split against the FER+ majority,
*elsewhere* the faces of KDEF and JAFFE. Photos add doubts of their own: blurred, noisy, small and
covered faces are flagged.

{shift.table(document["shift"])}
"""


def _weakest(document: Document) -> str:
    classes = document["metrics"]["test"]["consensus"]["per_class"]
    names = sorted(classes, key=lambda name: classes[name]["recall"])[:2]
    said = " and ".join(f"{name} ({classes[name]['recall']:.0%})" for name in names)
    return f"""## Known failures

The expressions found least often are {said}: of the faces that people call so, the network finds
that share.
"""


def main() -> None:
    """Write the card of the default version."""
    DOCUMENT.write_text(card(manifest.read(DEFAULT_VERSION).document))


if __name__ == "__main__":
    main()
