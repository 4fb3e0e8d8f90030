"""What the tests of formats share: the real files, and a Word document."""

import io
from pathlib import Path

import docx

DATA = Path(__file__).parent / "data"
PAGES = DATA / "pages"


def word_document():
    document = docx.Document()
    document.core_properties.title = "Winter service plan"
    document.core_properties.author = "Mara Voss"
    document.add_heading("Winter service plan", 0)
    document.add_paragraph("Published: 4 November 2025")
    document.add_heading("Gritting", 1)
    document.add_paragraph("Roads of the first class are gritted before 6 a.m. on 112 kilometres.")
    for words in ("hospital road,", "school road."):
        document.add_paragraph(words, style="List Bullet")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Depot", "Salt"
    for depot, salt in (("North", "310 t"), ("South", "275 t")):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = depot, salt
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()
