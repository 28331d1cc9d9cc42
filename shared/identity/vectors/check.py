#!/usr/bin/env python3
"""A second implementation of CARRIER.md, sections 1 and 2, held against the vectors beside it. Standard library only."""

import json
import pathlib
import sys

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
READ_AS = {"O": "0", "I": "1", "L": "1"}


def times(a, b):
    """The product in GF(32), by long multiplication."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0b100000:
            a ^= 0b100101
        b >>= 1
    return product


def power(base, exponent):
    result = 1
    for _ in range(exponent):
        result = times(result, base)
    return result


def divided(a, b):
    return next(c for c in range(32) if times(b, c) == a)


def syndromes(values):
    size = len(values)
    return tuple(
        __import__("functools").reduce(
            lambda sum_, pair: sum_ ^ times(pair[1], power(point, size - 1 - pair[0])), enumerate(values), 0
        )
        for point in (2, 4)
    )


def values_of(text):
    letters = [READ_AS.get(c.upper(), c.upper()) for c in text if c not in " -"]
    return [ALPHABET.index(c) if c in ALPHABET and len(c) == 1 else None for c in letters]


def canonical(text, length):
    values = values_of(text)
    if len(values) != length or None in values or syndromes(values) != (0, 0):
        return None
    return "".join(ALPHABET[v] for v in values)


def corrected(text):
    values = values_of(text)
    missing = [i for i, v in enumerate(values) if v is None]
    values = [v or 0 for v in values]
    size = len(values)
    first, second = syndromes(values)
    place = lambda i: power(2, size - 1 - i)
    if len(missing) == 1:
        values[missing[0]] = divided(first, place(missing[0]))
    elif len(missing) == 2:
        a, b = place(missing[0]), place(missing[1])
        other = divided(second ^ times(a, first), times(b, a ^ b))
        values[missing[1]] = other
        values[missing[0]] = divided(first ^ times(b, other), a)
    elif not missing and first and second:
        ratio = divided(second, first)
        at = [i for i in range(size) if place(i) == ratio]
        if not at:
            return None
        values[at[0]] ^= divided(first, ratio)
    else:
        return None
    return "".join(ALPHABET[v] for v in values) if syndromes(values) == (0, 0) else None


def main():
    vectors = json.loads((pathlib.Path(__file__).parent / "ids.json").read_text())
    faults = 0
    for vector in vectors["ids"]:
        found = canonical(vector["text"], {"unit": 20, "label": 10}[vector["kind"]])
        if found != vector["canonical"]:
            print(f"{vector['text']!r}: expected {vector['canonical']}, found {found}")
            faults += 1
    for vector in vectors["corrections"]:
        found = corrected(vector["text"])
        if found != vector["meant"]:
            print(f"{vector['text']!r}: expected {vector['meant']}, found {found}")
            faults += 1
    print(f"{len(vectors['ids']) + len(vectors['corrections']) - faults} passed, {faults} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
