"""Staff and reviewers, and browsers in which they are logged in."""

from django.contrib.auth.models import Group, Permission
from django.test import Client

from detector.models import User
from detector.tests.factories import UserFactory


def reviewer_named(name: str) -> User:
    """Make a member of staff who may review, and nothing else."""
    user = UserFactory.create(username=name, is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="review_faces"))
    return user


def staff_with_role(role: str) -> User:
    """Make a member of staff in one of the groups that a migration creates."""
    user = UserFactory.create(username=role, is_staff=True)
    user.groups.set(Group.objects.filter(name=role))
    return user


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
