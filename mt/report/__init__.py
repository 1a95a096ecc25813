"""A result as something to hand on: one self-contained page, or a Word document for editors."""

from mt.report.document import write_docx
from mt.report.page import styles, write_page

__all__ = ["styles", "write_docx", "write_page"]
