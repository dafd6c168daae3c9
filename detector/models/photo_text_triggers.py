"""The triggers that keep `PhotoText` like its photos, whatever writes to the database.

On SQLite they also keep the index of trigrams, a table of FTS5. It holds no text, only which
trigrams a row has; three characters of the owner's id are among them, so that a search reads little
about the photos of others. Two separators at the end make the last two characters begin a trigram,
too: so one or two characters are found by the trigrams that begin with them, which `TERMS` lists.

PostgreSQL's trigrams cannot be listed. There a second index has all single characters and pairs.

SQLite forgets the triggers of a table that a migration makes anew. A migration that does so with
photos, tags or texts calls `drop_index` and `drop` before, `create` and `create_index` after.
"""

from typing import Final

from django.db import (
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    transaction,
)
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SEPARATOR: Final = "\x1f"
"""Stands between file name, note and tags."""
INDEX: Final = "detector_phototext_index"
TERMS: Final = f"{INDEX}_terms"
PAIRS: Final = "photo_text_pairs"
EXTENSION: Final = "pg_trgm"

TEXT: Final = {
    "postgresql": """
        photo.filename || chr(31) || replace(photo.note, chr(31), ' ') || chr(31) || coalesce(
            (SELECT string_agg(name, chr(31)) FROM detector_phototag WHERE photo_id = photo.id), ''
        )
    """,
    "sqlite": """
        photo.filename || char(31) || replace(photo.note, char(31), ' ') || char(31) || coalesce(
            (SELECT group_concat(name, char(31)) FROM detector_phototag WHERE photo_id = photo.id),
            ''
        )
    """,
}
FILL: Final = """
    INSERT INTO detector_phototext (photo_id, owner_id, text)
    SELECT photo.id, photo.owner_id, {text} FROM detector_photo AS photo {where}
"""
RENEW: Final = """
    UPDATE detector_phototext SET text = {text} FROM detector_photo AS photo
    WHERE photo.id = detector_phototext.photo_id AND photo.id {which}
"""

CREATE: Final = {
    "postgresql": (
        """
        CREATE FUNCTION photo_text_follows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                {fill_new};
            ELSE
                {renew_new};
            END IF;
            RETURN NULL;
        END $$
        """,
        """
        CREATE FUNCTION photo_text_follows_tags() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE photos uuid[];
        BEGIN
            IF TG_OP <> 'DELETE' THEN
                photos := photos || NEW.photo_id;
            END IF;
            IF TG_OP <> 'INSERT' THEN
                photos := photos || OLD.photo_id;
            END IF;
            -- The statement after the lock sees what others committed before it.
            PERFORM 1 FROM detector_phototext WHERE photo_id = ANY(photos) FOR UPDATE;
            {renew_any};
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER photo_text_follows AFTER INSERT OR UPDATE OF filename, note
        ON detector_photo FOR EACH ROW EXECUTE FUNCTION photo_text_follows()
        """,
        """
        CREATE TRIGGER photo_text_follows_tags AFTER INSERT OR UPDATE OR DELETE
        ON detector_phototag FOR EACH ROW EXECUTE FUNCTION photo_text_follows_tags()
        """,
    ),
    "sqlite": (
        """
        CREATE TRIGGER photo_text_is_written AFTER INSERT ON detector_photo
        BEGIN {fill_new}; END
        """,
        """
        CREATE TRIGGER photo_text_follows AFTER UPDATE OF filename, note ON detector_photo
        BEGIN {renew_new}; END
        """,
        """
        CREATE TRIGGER photo_text_gets_tag AFTER INSERT ON detector_phototag
        BEGIN {renew_tagged}; END
        """,
        """
        CREATE TRIGGER photo_text_follows_tag AFTER UPDATE ON detector_phototag
        BEGIN {renew_tagged}; {renew_untagged}; END
        """,
        """
        CREATE TRIGGER photo_text_loses_tag AFTER DELETE ON detector_phototag
        BEGIN {renew_untagged}; END
        """,
    ),
}
DROP: Final = {
    "postgresql": (
        "DROP TRIGGER photo_text_follows ON detector_photo",
        "DROP TRIGGER photo_text_follows_tags ON detector_phototag",
        "DROP FUNCTION photo_text_follows()",
        "DROP FUNCTION photo_text_follows_tags()",
    ),
    "sqlite": (
        "DROP TRIGGER photo_text_is_written",
        "DROP TRIGGER photo_text_follows",
        "DROP TRIGGER photo_text_gets_tag",
        "DROP TRIGGER photo_text_follows_tag",
        "DROP TRIGGER photo_text_loses_tag",
    ),
}

CREATE_INDEX: Final = {
    "postgresql": (
        "CREATE EXTENSION IF NOT EXISTS {extension}",
        """
        CREATE INDEX IF NOT EXISTS {index} ON detector_phototext
        USING gin (upper(text) gin_trgm_ops) WITH (fastupdate = off)
        """,
        """
        CREATE OR REPLACE FUNCTION {pairs}(text) RETURNS text[]
        LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
            SELECT ARRAY(
                SELECT DISTINCT substr(shown, place, size) FROM upper($1) AS shown,
                generate_series(1, length(shown)) AS place, generate_series(1, 2) AS size
            )
        $$
        """,
        """
        CREATE INDEX IF NOT EXISTS {index}_pairs ON detector_phototext
        USING gin ({pairs}(text)) WITH (fastupdate = off)
        """,
    ),
    "sqlite": (
        """
        CREATE VIRTUAL TABLE {index}
        USING fts5(text, content='', detail=none, tokenize='trigram')
        """,
        """
        INSERT INTO {index} (rowid, text)
        SELECT id, substr(owner_id, -3) || char(31) || text || char(31, 31) FROM detector_phototext
        """,
        "CREATE VIRTUAL TABLE {terms} USING fts5vocab({index}, row)",
        """
        CREATE TRIGGER photo_text_is_found AFTER INSERT ON detector_phototext
        BEGIN {put}; END
        """,
        """
        CREATE TRIGGER photo_text_is_found_anew AFTER UPDATE OF text ON detector_phototext
        WHEN NEW.text IS NOT OLD.text BEGIN {take}; {put}; END
        """,
        """
        CREATE TRIGGER photo_text_is_forgotten AFTER DELETE ON detector_phototext
        BEGIN {take}; END
        """,
    ),
}
PUT: Final = """
    INSERT INTO {index} (rowid, text)
    VALUES (NEW.id, substr(NEW.owner_id, -3) || char(31) || NEW.text || char(31, 31))
"""
TAKE: Final = """
    INSERT INTO {index} ({index}, rowid, text) VALUES (
        'delete', OLD.id, substr(OLD.owner_id, -3) || char(31) || OLD.text || char(31, 31)
    )
"""
DROP_INDEX: Final = {
    "postgresql": (
        "DROP INDEX IF EXISTS {index}",
        "DROP INDEX IF EXISTS {index}_pairs",
        f"DROP FUNCTION IF EXISTS {PAIRS}(text)",
    ),
    "sqlite": (
        "DROP TRIGGER IF EXISTS photo_text_is_found",
        "DROP TRIGGER IF EXISTS photo_text_is_found_anew",
        "DROP TRIGGER IF EXISTS photo_text_is_forgotten",
        "DROP TABLE IF EXISTS {index}_terms",
        "DROP TABLE IF EXISTS {index}",
    ),
}
HAS_INDEX: Final = {
    "postgresql": "SELECT 1 WHERE to_regclass(%s) IS NOT NULL",
    "sqlite": "SELECT 1 FROM sqlite_master WHERE name = %s",
}


def create(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let the texts follow their photos from now on."""
    vendor = schema_editor.connection.vendor
    text = TEXT[vendor]
    parts = {
        "fill_new": FILL.format(text=text, where="WHERE photo.id = NEW.id"),
        "renew_new": RENEW.format(text=text, which="= NEW.id"),
        "renew_any": RENEW.format(text=text, which="= ANY(photos)"),
        "renew_tagged": RENEW.format(text=text, which="= NEW.photo_id"),
        "renew_untagged": RENEW.format(text=text, which="= OLD.photo_id"),
    }
    for statement in CREATE[vendor]:
        schema_editor.execute(statement.format(**parts), params=None)


def fill(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write the texts of all photos that are there."""
    text = TEXT[schema_editor.connection.vendor]
    schema_editor.execute(FILL.format(text=text, where=""), params=None)


def drop(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Let the texts follow no longer."""
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def create_index(schema_editor: BaseDatabaseSchemaEditor) -> bool:
    """Create the index of trigrams and what one or two characters need. Return whether it could.

    PostgreSQL needs the extension pg_trgm, which a role may be forbidden to create; SQLite needs
    FTS5. Without the index a search reads all texts of the owner.
    """
    connection = schema_editor.connection
    names = {"index": INDEX, "extension": EXTENSION, "terms": TERMS, "pairs": PAIRS}
    names |= {"put": PUT.format(index=INDEX), "take": TAKE.format(index=INDEX)}
    try:
        with transaction.atomic(using=connection.alias):
            for statement in CREATE_INDEX[connection.vendor]:
                schema_editor.execute(statement.format(**names), params=None)
    except (ProgrammingError, NotSupportedError, OperationalError):
        return False
    return True


def drop_index(schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Remove the index of trigrams, if there is one."""
    for statement in DROP_INDEX[schema_editor.connection.vendor]:
        schema_editor.execute(statement.format(index=INDEX), params=None)


def has_index(connection: BaseDatabaseWrapper) -> bool:
    """Return whether the index of trigrams is there."""
    with connection.cursor() as cursor:
        cursor.execute(HAS_INDEX[connection.vendor], [INDEX])
        return cursor.fetchone() is not None
