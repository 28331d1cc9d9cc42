// Checks a log of static files with the verifier of sigstore for Node, and nothing of ours:
//
//     verify.js <directory> <verifier key> [<file>.tlog-proof ...]
//
// The signature of the checkpoint; every proof file; for every entry the proof that the tiles give. Says the first thing that
// is wrong, and ends with 1. `@sigstore/verify` is looked for in NODE_PATH.
"use strict";

const { createHash, createPublicKey } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { join, dirname } = require("node:path");

// What is asked is not among the package's exports.
const sigstore = dirname(require.resolve("@sigstore/verify"));
const { verifyCheckpoint } = require(join(sigstore, "tlog", "checkpoint"));
const { verifyMerkleInclusion } = require(join(sigstore, "tlog", "merkle"));

const WIDTH = 256;
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const node = (left, right) => sha256(Buffer.of(1), left, right);

/** `<name>+<key id>+<base64 of 0x01 and the public key>`, as sigstore describes a log. */
function readKey(text) {
  const [name, id, ...rest] = text.split("+");
  const typed = Buffer.from(rest.join("+"), "base64");
  const logID = sha256(name, "\n", typed).subarray(0, 4);
  if (typed[0] !== 1 || logID.toString("hex") !== id) throw new Error("not the verifier key of a log");
  const x = typed.subarray(1).toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return { name, logID, publicKey, baseURL: `https://${name}` };
}

/** The checkpoint of a note that this key signed. */
function open(envelope, key) {
  const checkpoint = verifyCheckpoint({ inclusionProof: { checkpoint: { envelope } } }, [key]);
  if (checkpoint.origin !== key.name) throw new Error(`not of ${key.name}`);
  return checkpoint;
}

/** Asks sigstore whether an entry is where a checkpoint has it. */
function check(entry, logIndex, hashes, checkpoint) {
  verifyMerkleInclusion({ canonicalizedBody: entry, inclusionProof: { logIndex, hashes } }, checkpoint);
}

/** The tiles and entries of a log of some size. */
class Files {
  constructor(directory, size) {
    Object.assign(this, { directory, size, known: new Map() });
  }

  /** All of a level of so many hashes or entries, file by file. */
  *read(level, row) {
    for (let first = 0; first < row; first += WIDTH) {
      const width = Math.min(WIDTH, row - first);
      const digits = String(first / WIDTH);
      const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/.{3}/g);
      const last = groups.pop();
      const path = ["tile", level, ...groups.map((group) => `x${group}`), last].join("/");
      const name = width < WIDTH ? `${path}.p/${width}` : path;
      yield { name, width, bytes: readFileSync(join(this.directory, name)) };
    }
  }

  *entries() {
    for (const { name, width, bytes } of this.read("entries", this.size)) {
      let at = 0;
      for (let entry = 0; entry < width; entry += 1) {
        const start = at + 2;
        at = start + bytes.readUInt16BE(at);
        if (at > bytes.length) throw new Error(`${name} is cut off`);
        yield bytes.subarray(start, at);
      }
      if (at !== bytes.length) throw new Error(`${name} goes on after its entries`);
    }
  }

  remember(place, make) {
    if (!this.known.has(place)) this.known.set(place, make());
    return this.known.get(place);
  }

  /** The hashes of a level of tiles. */
  row(level) {
    return this.remember(`level ${level}`, () => {
      const files = [...this.read(level, Math.floor(this.size / WIDTH ** level))];
      return Buffer.concat(files.map((file) => file.bytes));
    });
  }

  /** The root of a complete subtree of 2^height leaves. */
  subtree(height, index) {
    if (height % 8 === 0) return this.row(height / 8).subarray(index * 32, index * 32 + 32);
    return this.remember(`${height} ${index}`, () =>
      node(this.subtree(height - 1, 2 * index), this.subtree(height - 1, 2 * index + 1)),
    );
  }

  /** The root of a range of leaves that is one side of a split. */
  root(start, end) {
    const height = 31 - Math.clz32(end - start);
    const middle = start + 2 ** height;
    const left = this.subtree(height, start / 2 ** height);
    return middle === end ? left : node(left, this.root(middle, end));
  }

  /** From the sibling of a leaf up to the child of the root (RFC 6962, 2.1.1). */
  proof(index) {
    const siblings = [];
    let [start, end] = [0, this.size];
    while (end - start > 1) {
      const middle = start + 2 ** (31 - Math.clz32(end - start - 1));
      siblings.unshift(index < middle ? [middle, end] : [start, middle]);
      [start, end] = index < middle ? [start, middle] : [middle, end];
    }
    return siblings.map(([from, to]) => this.root(from, to));
  }
}

/** C2SP tlog-proof: a head with index and hashes, an empty line, and a checkpoint. */
function checkProofFile(path, key, entries) {
  const text = readFileSync(path, "utf8");
  const split = text.indexOf("\n\n");
  const [first, ...rest] = text.slice(0, split).split("\n");
  const [index, ...hashes] = rest.filter((line) => !line.startsWith("extra "));
  if (first !== "c2sp.org/tlog-proof@v1" || !/^index \d+$/.test(index)) throw new Error("not a proof file");
  const number = Number(index.slice("index ".length));
  const siblings = hashes.map((line) => Buffer.from(line, "base64"));
  check(entries[number], number, siblings, open(text.slice(split + 2), key));
}

function main(directory, keyText, ...proofs) {
  const key = readKey(keyText);
  const checkpoint = open(readFileSync(join(directory, "checkpoint"), "utf8"), key);
  const files = new Files(directory, Number(checkpoint.logSize));
  const entries = [...files.entries()];
  proofs.forEach((proof) => checkProofFile(proof, key, entries));
  entries.forEach((entry, index) => check(entry, index, files.proof(index), checkpoint));
  console.log(`${entries.length} entries, ${proofs.length} proofs`);
}

try {
  main(...process.argv.slice(2));
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
