"""Value sets as CSV, one code a line, and membership: what a code or a word in a record stands for.

Made by `scripts/build_terminology.py`; README.md in this folder says what each file holds and whose codes they are.
"""
