"""The writing half of scripts/reproduce-paper: reads what `ce-nas simulate --json` wrote, and writes the page of results."""

import argparse
import pathlib

import results_page as page
from results_runs import Study


def main():
    parser = argparse.ArgumentParser(prog="scripts/reproduce-paper")
    for name in ("--work", "--out"):
        parser.add_argument(name, required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    study = Study(arguments.work)
    text = "\n\n".join(section for section in page.sections(study) if section)
    (arguments.out / "README.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
