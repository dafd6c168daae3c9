"""The comparison counts predictions; the packages themselves are not installed here."""

import numpy as np
import pytest

from ml.benchmarks import peers
from ml.benchmarks.peers import __main__ as bench
from ml.labels import EMOTIONS
from ml.training import data


@pytest.fixture
def faces() -> data.FaceDataset:
    """Return four faces: taggers agree with the label on three and did not see the last."""
    votes = np.zeros((4, 7), np.uint8)
    votes[[0, 1, 2], [3, 4, 6]] = 10
    return data.FaceDataset(
        np.zeros((4, 48, 48), np.uint8), np.array([3, 4, 5, 0], np.uint8), votes
    )


def said(*emotions: str) -> list[str]:
    return list(emotions)


def test_each_label_is_answered_by_its_head(faces: data.FaceDataset) -> None:
    result = {
        "answers": {
            "consensus": said("happy", "sad", "neutral", "fear"),
            "fer2013": said("happy", "happy", "surprise", "angry"),
        },
        "milliseconds": {"consensus": [1.234, 2.0], "fer2013": [9.0, 9.0]},
        "megabytes": 100.4,
    }
    (row,) = bench.variants(bench.OURS, result)
    text = bench.table([row], faces).splitlines()[-1]
    assert text.startswith("| emotionsite | 0.750 (")
    assert "| 1.000 (0.439 to 1.000) | 1.000 | 1.23 | 2.00 | 100 |" in text


def test_every_variant_of_a_package_is_a_row(faces: data.FaceDataset) -> None:
    result = {
        "answers": {"a": said(*EMOTIONS[:4]), "b": said("happy", "sad", "surprise", "angry")},
        "milliseconds": {"a": [1.0, 1.0], "b": [2.0, 2.0]},
        "megabytes": 1.0,
    }
    lines = bench.table(bench.variants("fer", result), faces).splitlines()[2:]
    assert [line.split(" | ")[0] for line in lines] == ["| fer, a", "| fer, b"]
    assert lines[0].split(" | ")[1].startswith("0.000")
    assert lines[1].split(" | ")[1].startswith("1.000")
    assert lines[1].split(" | ")[3].startswith("0.667")


def test_faces_from_elsewhere_are_judged_by_what_the_product_says(
    faces: data.FaceDataset,
) -> None:
    other = data.FaceDataset(np.zeros((2, 48, 48), np.uint8), np.array([0, 1], np.uint8), None)
    result = {
        "answers": {
            "consensus": [*said(*EMOTIONS[:4]), "angry", "sad"],
            "fer2013": [*said(*EMOTIONS[:4]), "sad", "sad"],
        },
        "milliseconds": {"consensus": [1.0, 1.0], "fer2013": [1.0, 1.0]},
        "megabytes": 1.0,
    }
    [row] = bench.variants(bench.OURS, result)
    lines = bench.elsewhere_table([row], {"other": other}, len(faces)).splitlines()
    assert lines[0] == "| package | other (2) | macro-F1 |"
    assert lines[2].startswith("| emotionsite | 0.500 (")


def test_photos_are_right_only_with_the_right_number() -> None:
    results = {
        "ours": {"photos": {"one.jpg": said("happy"), "two.jpg": said("happy", "sad")}},
        "other": {"photos": {"one.jpg": said(), "two.jpg": said("sad", "sad")}},
    }
    text = bench.photo_table(results, {"one.jpg": 1, "two.jpg": 2})
    assert "| one.jpg | 1 | 1 | 0 |" in text
    assert text.endswith("| **photos with the right number** | 2 | 2 | 1 |")


@pytest.mark.parametrize("peer", bench.PEERS)
def test_every_package_is_locked_with_hashes_and_names_no_host(peer: str) -> None:
    lock = (bench.REQUIREMENTS / f"{peer}.txt").read_text()
    assert f"\n{peer}==" in lock
    assert lock.count("--hash=sha256:") > 50
    assert "://" not in lock
    assert (bench.REQUIREMENTS.parent / f"run_{peer.replace('-', '_')}.py").is_file()
    assert peers.__doc__
