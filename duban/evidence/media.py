"""What a file is by its bytes, never by its name: the library `filetype` first, then what it leaves open.

Zip containers are read by their table of contents, old Office files by the streams they hold, text by decoding it.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import PurePosixPath
from typing import BinaryIO

import filetype

from duban.core.errors import Refused
from duban.imports.bombs import refuse_bombs

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
# The folder that a container of each kind has.
_OOXML = {"word": _WORD, "xl": _SHEET, "ppt": _SLIDES}
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
# Names of streams, as UTF-16, in the directory of an old Office file.
_STREAMS = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "Book": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}
# Text that a browser or a shell would run.
_ACTIVE = (b"<!doctype html", b"<html", b"<svg", b"<?xml", b"<script", b"<?php", b"#!")
# Anywhere in the beginning of a text: a page keeps working with words or a comment before it.
_MARKUP = re.compile(
    rb"<(?:html|head|body|script|svg|iframe|object|embed|meta|!doctype)[\s/>]", re.IGNORECASE
)
_HEAD = 8192


def media_type(source: BinaryIO, *, name: str) -> str:
    """The media type of an open, seekable file; `application/octet-stream` for what nobody knows.

    Refuses what a reviewer could not open or should not: encrypted Office files and files with macros.
    """
    head = _head(source)
    if head.startswith(b"PK\x03\x04"):
        return _container(source, name)
    if head.startswith(_OLE):
        return _old_office(source, name)
    kind = filetype.guess(head)
    # Two letters, BM, make a bitmap; a table that begins with them is still a table.
    if kind is not None and kind.mime != "image/bmp":
        return str(kind.mime)
    return _text(source, head) or (str(kind.mime) if kind else "application/octet-stream")


def _head(source: BinaryIO) -> bytes:
    source.seek(0)
    head = source.read(_HEAD)
    source.seek(0)
    return head


def _container(source: BinaryIO, name: str) -> str:
    refuse_bombs(source, name)
    try:
        with zipfile.ZipFile(source) as archive:
            return _inside(archive, name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError):
        raise Refused(f"“{name}”已损坏，打不开，请重新导出后再报。") from None
    finally:
        source.seek(0)


def _inside(archive: zipfile.ZipFile, name: str) -> str:
    names = archive.namelist()
    if any(PurePosixPath(one).name.lower() == "vbaproject.bin" for one in names):
        raise Refused(f"“{name}”带有宏，不能报送，请另存为不含宏的格式。")
    if "[Content_Types].xml" in names:
        folders = {one.partition("/")[0] for one in names if "/" in one}
        return next((kind for folder, kind in _OOXML.items() if folder in folders), "application/zip")
    if "OFD.xml" in names:
        return "application/ofd"
    if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:
        kind = archive.read("mimetype").decode("ascii", "replace").strip()
        return kind if kind.startswith(_OPEN_DOCUMENT) else "application/zip"
    return "application/zip"


def _old_office(source: BinaryIO, name: str) -> str:
    data = source.read()
    source.seek(0)
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Refused(f"“{name}”设了打开密码，审核人无法查看，请去掉密码后再报。")
    for stream, kind in _STREAMS.items():
        # A directory entry is a name in UTF-16 ended by zeros.
        if stream.encode("utf-16-le") + b"\0\0" in data:
            return kind
    return "application/x-ole-storage"


def _text(source: BinaryIO, head: bytes) -> str | None:
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_ACTIVE) or _MARKUP.search(head):
        return None
    data = source.read()
    source.seek(0)
    text = _decoded(data)
    if text is None or any(char < " " and char not in "\t\r\n\f" for char in text):
        return None
    first = text.lstrip("\ufeff\r\n").partition("\n")[0]
    return "text/csv" if any(mark in first for mark in ",\t;") else "text/plain"


def _decoded(data: bytes) -> str | None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
