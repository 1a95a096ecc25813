"""Files of the service: private folders, and the checks that an uploaded file passes before anything reads it."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path, PurePath

from mt.errors import ConfigError, InputError
from mt.formats import FORMATS

# Matches what stays of a file's name: letters of any script, digits, and . _ - space; "../" and "\r\n" do not.
ODD = re.compile(r"[^\w. -]+")
LONGEST_NAME = 80


def private_folder(folder: Path) -> Path:
    """The folder, made if need be, closed to other users. Raises ConfigError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made or closed to others: {error.strerror}; choose another folder with --data") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"{folder}: cannot be written; choose another folder with --data")
    return folder


def safe_name(name: str) -> str:
    """A file name for messages and downloads: no folders, no control characters, not hidden, not long.

    >>> [safe_name(name) for name in ("news.docx", "../../etc/passwd", "خبر\\r\\nX: y.txt", "C:\\\\a\\\\b.srt", "")]
    ['news.docx', 'passwd', 'خبر_X_ y.txt', 'b.srt', 'file']
    """
    last = re.split(r"[/\\]", name)[-1]
    clean = ODD.sub("_", last).strip(" .")
    path = PurePath(clean or "file")
    return path.stem[: LONGEST_NAME - len(path.suffix[:10])] + path.suffix[:10]


def suffix_of(name: str) -> str:
    """The suffix that says how an uploaded file is read; what is of no known kind is read as text, if it is text.

    >>> [suffix_of(name) for name in ("News.DOCX", "notes", "a.exe")]
    ['.docx', '.txt', '.txt']
    """
    suffix = PurePath(name).suffix.lower()
    return suffix if suffix in FORMATS else ".txt"


def check_unpacked(path: Path, most: int) -> None:
    """Refuse a zipped document that unpacks to more than so many bytes; its own list is believed, as no reader reads beyond it.

    Raises InputError, without the path.
    """
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError("the file is damaged: its list of parts cannot be read") from error
    if size > most:
        raise InputError(f"the file unpacks to {size:,} bytes; at most {most:,} are taken")
