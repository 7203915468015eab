"""Has the built book's links to files of the checkout lead there, and fails at those that lead nowhere."""

import os
import pathlib
import re
import sys

LINK = re.compile(r'(href|src)="([^"#?]+)([#?][^"]*)?"')
ELSEWHERE = re.compile(r"[a-z]+:|/")


def main(source: pathlib.Path, book: pathlib.Path) -> int:
    lost = []
    for page in sorted(book.glob("*.html")):

        def mended(link: re.Match, page=page) -> str:
            attribute, target, rest = link.groups()
            if ELSEWHERE.match(target) or (page.parent / target).exists():
                return link[0]
            # mdBook takes every Markdown file for one of its own pages.
            for there in (source / target, (source / target).with_suffix(".md")):
                if there.exists():
                    return f'{attribute}="{os.path.relpath(there, page.parent)}{rest or ""}"'
            lost.append(f"{page.name}: {target}")
            return link[0]

        page.write_text(LINK.sub(mended, page.read_text()))
    for link in lost:
        print(f"leads nowhere: {link}", file=sys.stderr)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()))
