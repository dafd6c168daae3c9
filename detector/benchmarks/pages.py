"""Compare the server time of a long and a short history: `python -m detector.benchmarks.pages`.

Two users with demo photos share a database: one in a temporary folder, one in `--folder`, which is
kept for the next run, or the one that `--database-url` names. Their pages are requested in turn, so
that other load on the machine affects both. No page may take more than twice as long on PostgreSQL,
and three times as long on SQLite, for 20,000 photos as for 200, or for 1,000,000 as for 1,000.
"""

import argparse
import gc
import json
import time
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from detector.benchmarks.empty_site import empty_site, plain_static_files

if TYPE_CHECKING:
    from django.test import Client

    from detector.models import User

FEW = 200
MANY = 20_000
REPETITIONS = 15
MAX_RATIOS = {"postgresql": 2.0, "sqlite": 3.0}


def main() -> None:
    """Fill the database, measure, print, and fail where a page takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--folder", help="of the database and the files, to use them again")
    parser.add_argument("--database-url", default="", help="fill this database with demo photos")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    # Named apart from the environment: nobody shall fill their own database by chance.
    chosen = {"VAR_DIR": options.folder, "DATABASE_URL": options.database_url}
    with empty_site(**{name: value for name, value in chosen.items() if value}):
        result = measure(options.few, options.many, options.repetitions)
    print(f"{result['database']}; made up {options.many:,} photos in {result['seeding_s']:.0f} s")
    print(f"{'page':<22}{options.few:>9,} photos{options.many:>9,} photos   ratio")
    for name, page in result["pages"].items():
        print(
            f"{name:<22}{page['few_ms']:>13.1f} ms{page['many_ms']:>13.1f} ms{page['ratio']:>8.2f}"
        )
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    limit = MAX_RATIOS[result["database"]]
    if any(page["ratio"] > limit for page in result["pages"].values()):
        raise SystemExit("A limit was passed.")


def addresses() -> dict[str, str]:
    """Return the pages to measure. All but those of failed and erased photos are full."""
    from django.utils import timezone

    today = timezone.now().date()
    since, until = today - timedelta(days=300), today - timedelta(days=60)
    return {
        "history": "/history/",
        "history, filtered": f"/history/?emotion=happy&from={since}&to={until}",
        "history, by date": "/history/?sort=taken",
        "history, by confidence": "/history/?sort=sure",
        "history, failed": "/history/?status=failed",
        "bin": "/bin/",
        "insights": "/insights/",
        "API": "/api/v1/analyses/",
        "API, by date": "/api/v1/analyses/?ordering=-taken_at",
        "API, failed": "/api/v1/analyses/?status=failed",
        "search, all match": "/history/?q=drawn",
        "search, some match": "/history/?q=long+walk",
        "search, few match": f"/history/?q={since:%m-%d}-12",
        "search, none match": "/history/?q=no+such+text",
        "search, two letters": "/history/?q=zq",
        "API, search": "/api/v1/analyses/?q=no+such+text",
    }


def measure(few: int, many: int, repetitions: int) -> dict[str, Any]:
    """Measure each page for both histories: the median of `repetitions`, in milliseconds."""
    from django.db import connection
    from django.test import Client

    short, _ = filled("short", few)
    long, seeding = filled("long", many)
    pages = {}
    # Exclude the objects left by filling the database from garbage collection.
    gc.collect()
    gc.freeze()
    with plain_static_files():
        clients = [Client(headers={"host": "localhost"}) for _ in range(2)]
        for client, owner in zip(clients, (short, long), strict=True):
            client.force_login(owner)
        for name, address in addresses().items():
            times = [
                [seconds(client, address) for client in clients] for _ in range(repetitions + 1)
            ]
            # The first request compiles templates and fills caches.
            a, b = (1000 * median(column) for column in zip(*times[1:], strict=True))
            pages[name] = {"few_ms": a, "many_ms": b, "ratio": b / a}
    return {
        "database": connection.vendor,
        "few": few,
        "many": many,
        "seeding_s": seeding,
        "pages": pages,
    }


def filled(name: str, photos: int) -> "tuple[User, float]":
    """Create a user with demo photos, unless there is one. Return the user and the seconds."""
    from django.contrib.auth import get_user_model
    from django.utils import timezone

    from detector import consent
    from detector.models import Photo
    from detector.operations import demo

    consented = {"consent_version": consent.VERSION, "consented_at": timezone.now()}
    owner, _ = get_user_model().objects.get_or_create(username=name, defaults=consented)
    began = time.perf_counter()
    missing = photos - Photo.objects.filter(owner=owner).count()
    if missing > 0:
        demo.seed(owner, missing)
    return owner, time.perf_counter() - began


def seconds(client: "Client", address: str) -> float:
    """Return the seconds until the response is complete."""
    began = time.perf_counter()
    status = client.get(address).status_code
    taken = time.perf_counter() - began
    if status != 200:
        raise RuntimeError(f"{address} answered {status}")
    return taken


if __name__ == "__main__":
    main()
