"""Checks a log of static files with the verifier of sigstore for Python, and nothing of ours:

    verify.py <directory> <verifier key> [<file>.tlog-proof ...]

The signature of the checkpoint; every proof file; for every entry the proof that the tiles give. Says the first thing that is
wrong, and ends with 1.
"""

import base64
import hashlib
import sys
from pathlib import Path
from types import SimpleNamespace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore.errors import VerificationError

WIDTH = 256


class VerifierKey:
    """`<name>+<key id>+<base64 of 0x01 and the public key>`; what a SignedNote asks a keyring."""

    def __init__(self, text):
        self.name, key_id, typed = text.split("+", 2)
        typed = base64.b64decode(typed, validate=True)
        self.id = hashlib.sha256(self.name.encode() + b"\n" + typed).digest()[:4]
        if typed[0] != 1 or self.id.hex() != key_id:
            raise VerificationError("not the verifier key of a log")
        self.public = Ed25519PublicKey.from_public_bytes(typed[1:])

    def verify(self, *, key_id, signature, data):
        try:
            self.public.verify(signature, data)
        except InvalidSignature as error:
            raise VerificationError(f"key {key_id.hex()}") from error

    def open(self, text):
        """The checkpoint of a note that this key signed."""
        signed = SignedCheckpoint.from_text(text)
        signed.signed_note.verify(self, self.id)
        if signed.checkpoint.origin != self.name:
            raise VerificationError(f"not of {self.name}")
        return signed.checkpoint


def check(entry, index, hashes, checkpoint):
    """Asks sigstore whether an entry is where a checkpoint has it."""
    proof = SimpleNamespace(
        log_index=index,
        tree_size=checkpoint.log_size,
        root_hash=bytes.fromhex(checkpoint.log_hash),
        hashes=hashes,
    )
    inner = SimpleNamespace(inclusion_proof=proof, canonicalized_body=entry)
    verify_merkle_inclusion(SimpleNamespace(_inner=inner))


class Files:
    """The tiles and entries of a log of some size."""

    def __init__(self, directory, size):
        self.directory, self.size, self.known = directory, size, {}

    def read(self, level, row):
        """All of a level of `row` hashes or entries, file by file."""
        for number in range((row + WIDTH - 1) // WIDTH):
            width = min(WIDTH, row - number * WIDTH)
            groups = [f"{number % 1000:03}"]
            while number := number // 1000:
                groups.insert(0, f"x{number % 1000:03}")
            name = "/".join(["tile", str(level), *groups])
            name += f".p/{width}" if width < WIDTH else ""
            yield name, width, (self.directory / name).read_bytes()

    def entries(self):
        for name, width, bundle in self.read("entries", self.size):
            for _ in range(width):
                end = 2 + int.from_bytes(bundle[:2], "big")
                if len(bundle) < max(2, end):
                    raise VerificationError(f"{name} is cut off")
                yield bundle[2:end]
                bundle = bundle[end:]
            if bundle:
                raise VerificationError(f"{name} goes on after its entries")

    def hashes(self, level):
        """The hashes of a level of tiles."""
        if level not in self.known:
            tiles = self.read(level, self.size >> 8 * level)
            row = b"".join(tile for _, _, tile in tiles)
            self.known[level] = [row[at : at + 32] for at in range(0, len(row), 32)]
        return self.known[level]

    def subtree(self, height, index):
        """The root of a complete subtree of 2^height leaves."""
        if height % 8 == 0:
            return self.hashes(height // 8)[index]
        place = (height, index)
        if place not in self.known:
            children = [self.subtree(height - 1, 2 * index + side) for side in (0, 1)]
            self.known[place] = hashlib.sha256(b"\x01" + b"".join(children)).digest()
        return self.known[place]

    def root(self, start, end):
        """The root of a range of leaves that is one side of a split."""
        height = (end - start).bit_length() - 1
        left, middle = self.subtree(height, start >> height), start + (1 << height)
        if middle == end:
            return left
        return hashlib.sha256(b"\x01" + left + self.root(middle, end)).digest()

    def proof(self, index):
        """From the sibling of a leaf up to the child of the root (RFC 6962, 2.1.1)."""
        start, end, siblings = 0, self.size, []
        while end - start > 1:
            middle = start + (1 << (end - start - 1).bit_length() - 1)
            if index < middle:
                siblings.insert(0, (middle, end))
                end = middle
            else:
                siblings.insert(0, (start, middle))
                start = middle
        return [self.root(*sibling) for sibling in siblings]


def check_proof_file(path, key, entries):
    """C2SP tlog-proof: a head with index and hashes, an empty line, and a checkpoint."""
    head, _, note = path.read_text().partition("\n\n")
    first, *lines = head.split("\n")
    lines = [line for line in lines if not line.startswith("extra ")]
    if first != "c2sp.org/tlog-proof@v1" or not lines or not lines[0].startswith("index "):
        raise VerificationError("not a proof file")
    index = int(lines[0].removeprefix("index "))
    hashes = [base64.b64decode(line, validate=True) for line in lines[1:]]
    check(entries[index], index, hashes, key.open(note))


def main(directory, key, *proofs):
    key = VerifierKey(key)
    checkpoint = key.open((Path(directory) / "checkpoint").read_text())
    files = Files(Path(directory), checkpoint.log_size)
    entries = list(files.entries())
    for proof in proofs:
        check_proof_file(Path(proof), key, entries)
    for index, entry in enumerate(entries):
        check(entry, index, files.proof(index), checkpoint)
    print(f"{len(entries)} entries, {len(proofs)} proofs")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (VerificationError, ValueError, IndexError, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
