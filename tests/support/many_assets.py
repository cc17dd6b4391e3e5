"""Fills the library of a user with as many pictures as wanted, which all show the same one."""

import psycopg
from darkroom_schemas.ids import AssetId, UserId

_MARK = "one of many"
_COPIES = """
    INSERT INTO platform.assets (
        id, user_id, job_id, run, step, output_index, job_type, step_type, object_key, thumbnail_key, mime_type,
        size_bytes, sha256, width, height, created_at
    )
    SELECT
        uuidv7(-n * interval '15 minutes'), user_id, NULL, run, step, output_index, 'upload', NULL, object_key,
        thumbnail_key, mime_type, size_bytes, %(mark)s, width, height, now() - n * interval '15 minutes'
    FROM platform.assets, generate_series(1, %(count)s) AS n WHERE id = %(asset)s
"""


def add_assets(connection: psycopg.Connection, like: AssetId, count: int) -> None:
    """Add copies of an asset to its owner's library, one for each past quarter of an hour."""
    connection.execute(_COPIES, {"mark": _MARK, "count": count, "asset": like})
    connection.execute("VACUUM (ANALYZE) platform.assets")


def delete_assets(connection: psycopg.Connection, user_id: UserId) -> None:
    """Delete the copies. The object that they show belongs to the original."""
    connection.execute("DELETE FROM platform.assets WHERE user_id = %s AND sha256 = %s", (user_id, _MARK))
