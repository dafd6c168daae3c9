"""What browsers are told is what this package uses."""

import json
from dataclasses import replace

from ml import browser, calibration, face_detection, manifest, quality
from ml.labels import EMOTIONS

WEIGHTS = manifest.read(manifest.DEFAULT_VERSION)


def test_constants_are_those_of_the_modules_and_of_the_manifest() -> None:
    told = json.loads(json.dumps(browser.constants(WEIGHTS), allow_nan=False))
    assert told["emotions"] == list(EMOTIONS)
    assert told["detector"]["threshold"] == face_detection.SCORE_THRESHOLD
    assert told["detectionScale"] == face_detection.COARSE
    classifier = told["classifier"]
    assert classifier["uncertainThreshold"] == WEIGHTS.document["uncertain"]["threshold"]
    assert classifier["temperature"] == WEIGHTS.calibration["consensus"].temperature
    assert len(classifier["bias"]) == len(EMOTIONS)


def test_every_score_has_a_row_of_doubt() -> None:
    rows = browser.constants(WEIGHTS)["quality"]["maxDoubt"]
    for score in (0.6, 0.65, 0.75, 0.9, 1.0):
        most = next(most for below, most in rows if score < below)
        assert quality.may_be_no_face(score, most)
        assert not quality.may_be_no_face(score, most - 0.001)


def test_another_version_has_its_own_calibration() -> None:
    heads = {"consensus": replace(WEIGHTS.calibration["consensus"], temperature=3.0)}
    other = replace(WEIGHTS, calibration=heads, mirror_below=0.2, softening=True)
    told = browser.constants(other)["classifier"]
    assert (told["temperature"], told["mirrorBelow"], told["softening"]) == (3.0, 0.2, True)
    assert calibration.probabilities([0.0] * 7, heads["consensus"]).shape == (1, 7)


def test_networks_have_the_checksums_that_they_should_have() -> None:
    files, checksums = browser.networks(WEIGHTS), browser.checksums(WEIGHTS)
    assert set(files) == set(checksums) == {"detector", "expression", "check"}
    for part, path in files.items():
        assert manifest.sha256_of(path) == checksums[part]
