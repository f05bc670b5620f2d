"""Holiday notices as people hand them in (pasted text, JSON, sheet): reading, preview and the table they become.

Everything that is not understood is shown. Must not know a database, nor confirm anything by itself.
"""

from calendars.notices.draft import Extension, NoticeDraft, NoticeRefused
from calendars.notices.preview import (
    DayChange,
    NoticePreview,
    checksum_of,
    expected_checksum,
    preview,
    to_year_table,
)
from calendars.notices.records import decoded, read_json, read_sheet
from calendars.notices.text import read_text

__all__ = [
    "DayChange",
    "Extension",
    "NoticeDraft",
    "NoticePreview",
    "NoticeRefused",
    "checksum_of",
    "decoded",
    "expected_checksum",
    "preview",
    "read_json",
    "read_sheet",
    "read_text",
    "to_year_table",
]
