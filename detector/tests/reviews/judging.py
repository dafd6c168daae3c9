"""Faces, reviewers and verdicts for tests."""

from typing import Any

from detector.insights import rollups
from detector.models import Face, Review, User
from detector.reviews import verdicts
from detector.tests.factories import FaceFactory, UserFactory


def face_of(owner: User, **fields: Any) -> Face:
    face = FaceFactory.create(analysis__photo__owner=owner, **fields)
    rollups.add(face.analysis.photo)
    return face


def reviewers(count: int) -> list[User]:
    return [UserFactory.create() for _ in range(count)]


def judge(reviewer: User, verdict: str) -> Review:
    case = verdicts.next_case(reviewer)
    assert case is not None
    return verdicts.give_verdict(case.pk, reviewer, verdict)
