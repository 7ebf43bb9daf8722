"""The documentation: links lead somewhere, generated pages are of today, pictures are small."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
LARGEST_PICTURE = 150_000  # bytes
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page):
    """Returns the anchors of a page's headings, as forges and the site make them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = (re.sub(r"\[([^]]*)\]\([^)]*\)|[`*]", r"\1", each) for each in re.findall(r"^#+ (.*)$", text, re.M))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    broken = []
    for link in LINK.findall(text):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file) if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


def test_every_page_is_in_the_sites_contents():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    listed = {line for block in re.findall(r"```\{toctree\}\n(.*?)```", index, re.S) for line in block.split()}
    pages = {str(page.relative_to(DOCS).with_suffix("")) for page in DOCS.rglob("*.md")} - {"index"}
    assert pages <= listed


def test_model_cards_are_of_today():
    cards = runpy.run_path(str(DOCS / "cards.py"))["pages"]()
    assert {path: path.read_text(encoding="utf-8") for path in cards} == cards
    assert sorted(cards) == sorted((DOCS / "cards").glob("*.md"))


def test_pictures_are_small():
    large = {
        path.name
        for path in DOCS.rglob("*.*")
        if path.suffix in (".jpg", ".png") and path.stat().st_size > LARGEST_PICTURE
    }
    assert large <= {"street.jpg"}
