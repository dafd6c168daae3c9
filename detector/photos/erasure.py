"""Deletes what a person wants gone: rows in one transaction, files after it."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from detector.insights import rollups
from detector.models import Explanation, Photo, User
from detector.photos import images


@transaction.atomic
def delete_photo(photo: Photo) -> None:
    """Delete a photo with its analyses, faces, statistics and files.

    An analysis that runs at this moment finds its row gone and ends without a trace.
    """
    locked = Photo.objects.select_for_update(of=("self",)).select_related("owner")
    current = locked.filter(pk=photo.pk).first()
    if current is None:
        return
    if current.deleted_at is None:
        rollups.remove(current)
    current.delete()


@transaction.atomic
def delete_account(user: User) -> None:
    """Delete a person with all photos and everything that is known of them."""
    # Photos before their owner, as everyone locks them. Then nobody can add one: an upload under
    # way is waited for, and what it added is found by the deletion.
    list(Photo.objects.select_for_update(of=("self",)).filter(owner=user).values_list("pk"))
    User.objects.select_for_update().get(pk=user.pk).delete()


@receiver(post_delete, sender=Explanation)
def delete_picture_of(sender: type[Explanation], instance: Explanation, **_: Any) -> None:
    """A heat map goes with its face."""
    if instance.picture:
        name = str(instance.picture.name)
        transaction.on_commit(lambda: images.delete_files([name]))


@receiver(post_delete, sender=Photo)
def delete_files_of(sender: type[Photo], instance: Photo, **_: Any) -> None:
    """Whatever deletes a photo's row, an owner's account among it, deletes its files."""
    names = [file.name for file in instance.files]
    transaction.on_commit(lambda: images.delete_files(names))
