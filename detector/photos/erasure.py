"""Delete photos and accounts: rows in one transaction, files after its commit."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver

from detector.common import audit
from detector.insights import rollups
from detector.models import Explanation, Photo, Reanalysis, User
from detector.photos import images


@transaction.atomic
def delete_photo(photo: Photo) -> None:
    """Delete a photo with its analyses, faces, statistics and files.

    An analysis that is running finds no row at its end, and stores nothing.
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
    """Delete a user with all photos and all other data.

    Call it by `detector.accounts.erasure`, which gives a receipt.
    """
    # A re-analysis locks itself and then photos, so it comes first.
    list(Reanalysis.objects.select_for_update(of=("self",)).filter(owner=user).values_list("pk"))
    # Lock photos before their owner, as everyone does. The owner's lock waits for an upload under
    # way, whose photo the deletion then finds, and blocks further uploads.
    list(Photo.objects.select_for_update(of=("self",)).filter(owner=user).values_list("pk"))
    account = User.objects.select_for_update().get(pk=user.pk)
    account.is_being_erased = True
    account.delete()


@receiver(pre_delete, sender=User)
def refuse_other_ways(sender: type[User], origin: Any = None, **_: Any) -> None:
    """Let no account go but by `delete_account`: nobody would get a receipt."""
    if not getattr(origin, "is_being_erased", False):
        raise RuntimeError("Erase accounts by detector.accounts.erasure, which gives a receipt.")


@receiver(post_delete, sender=User)
def leave_tombstone_of_account(sender: type[User], instance: User, **_: Any) -> None:
    """Note that an account was erased, so that no backup brings it back."""
    audit.record_erasure(instance)


@receiver(post_delete, sender=Photo)
def leave_tombstone_of_photo(
    sender: type[Photo], instance: Photo, origin: Any = None, **_: Any
) -> None:
    """Note that a photo was erased. One of an erased account goes with the account's."""
    of_photos = isinstance(origin, Photo) or getattr(origin, "model", None) is Photo
    if of_photos and not instance.is_demo:
        audit.record_erasure(instance)


@receiver(post_delete, sender=Explanation)
def delete_picture_of(sender: type[Explanation], instance: Explanation, **_: Any) -> None:
    """Delete the file of a heat map with its row."""
    if instance.picture:
        name = str(instance.picture.name)
        transaction.on_commit(lambda: images.delete_files([name]))


@receiver(post_delete, sender=Photo)
def delete_files_of(sender: type[Photo], instance: Photo, **_: Any) -> None:
    """Delete the files of a photo with its row, also where the account is deleted.

    Demo photos share files: the hourly job deletes those that no photo names any more.
    """
    if instance.is_demo:
        return
    names = [file.name for file in instance.files]
    transaction.on_commit(lambda: images.delete_files(names))
