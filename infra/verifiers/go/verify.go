// Checks a log of static files with Go's own golang.org/x/mod/sumdb, and nothing of ours:
//
//	verify <directory> <verifier key> [<file>.tlog-proof ...]
//
// The signature of the checkpoint; every entry, from which all tiles and the root are made again; that the log grew from half
// its size, as a client reads it; every proof file. Says the first thing that is wrong, and ends with 1.
//
// Built without a module proxy, with Debian's golang-golang-x-mod-dev: GO111MODULE=off GOPATH=/usr/share/gocode go build
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: verify <directory> <verifier key> [<file>.tlog-proof ...]")
		os.Exit(2)
	}
	size, err := verify(directory(os.Args[1]), os.Args[2], os.Args[3:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%d entries, %d proofs\n", size, len(os.Args)-3)
}

func verify(log directory, key string, proofs []string) (int64, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return 0, err
	}
	signed, err := log.read("checkpoint")
	if err != nil {
		return 0, err
	}
	tree, err := openCheckpoint(signed, verifier)
	if err != nil {
		return 0, fmt.Errorf("checkpoint: %w", err)
	}
	entries, err := log.entries(tree.N)
	if err != nil {
		return 0, err
	}
	stored, err := checkEntries(entries, tree)
	if err != nil {
		return 0, err
	}
	if err := checkTiles(log, tree, stored); err != nil {
		return 0, err
	}
	if err := checkGrowth(log, tree, stored); err != nil {
		return 0, err
	}
	for _, file := range proofs {
		if err := checkProof(file, verifier, entries); err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
	}
	return tree.N, nil
}

// A checkpoint is a tree note of sumdb but for its first line, which is the name of the log.
func openCheckpoint(signed []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	origin := verifier.Name() + "\n"
	if !strings.HasPrefix(opened.Text, origin) {
		return tlog.Tree{}, fmt.Errorf("not of %s", verifier.Name())
	}
	return tlog.ParseTree([]byte("go.sum database tree\n" + strings.TrimPrefix(opened.Text, origin)))
}

// What was hashed, in the order in which sumdb stores it.
type storage []tlog.Hash

func (s storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(s)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		hashes[i] = s[index]
	}
	return hashes, nil
}

func checkEntries(entries [][]byte, tree tlog.Tree) (storage, error) {
	var stored storage
	for n, entry := range entries {
		hashes, err := tlog.StoredHashes(int64(n), entry, stored)
		if err != nil {
			return nil, err
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return nil, err
	}
	if root != tree.Hash {
		return nil, fmt.Errorf("the entries have the root %v, the checkpoint says %v", root, tree.Hash)
	}
	return stored, nil
}

// The tiles of a log: of each partial one only the widest, older releases list all of its widths.
func tiles(size int64) []tlog.Tile {
	var widest []tlog.Tile
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		if last := len(widest) - 1; last >= 0 && widest[last].L == tile.L && widest[last].N == tile.N {
			widest[last] = tile
		} else {
			widest = append(widest, tile)
		}
	}
	return widest
}

func checkTiles(log directory, tree tlog.Tree, stored storage) error {
	for _, tile := range tiles(tree.N) {
		expected, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return err
		}
		found, err := log.read(path(tile))
		if err != nil {
			return err
		}
		if !bytes.Equal(found, expected) {
			return fmt.Errorf("%s is not the tile of these entries", path(tile))
		}
	}
	return nil
}

func checkGrowth(log directory, tree tlog.Tree, stored storage) error {
	half := tree.N / 2
	if half == 0 {
		return nil
	}
	before, err := tlog.TreeHash(half, stored)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(tree.N, half, tlog.TileHashReader(tree, log))
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, half, before)
}

// C2SP tlog-proof: a head with index and hashes, an empty line, and a checkpoint.
func checkProof(file string, verifier note.Verifier, entries [][]byte) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, signed, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("not a proof file")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 {
		return fmt.Errorf("no index")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	if index < 0 || index >= int64(len(entries)) {
		return fmt.Errorf("no entry %d", index)
	}
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	tree, err := openCheckpoint([]byte(signed), verifier)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entries[index]))
}

// The files of a log.
type directory string

func (d directory) read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), name))
}

// The path of sumdb begins with the height of its tiles.
func path(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

func (d directory) Height() int { return tileHeight }

func (d directory) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		read, err := d.read(path(tile))
		if err != nil {
			return nil, err
		}
		data = append(data, read)
	}
	return data, nil
}

func (d directory) SaveTiles([]tlog.Tile, [][]byte) {}

// Entry bundles are as wide as the tiles of leaf hashes.
func (d directory) entries(size int64) ([][]byte, error) {
	var entries [][]byte
	for _, tile := range tiles(size) {
		if tile.L != 0 {
			continue
		}
		name := strings.Replace(path(tile), "tile/0/", "tile/entries/", 1)
		bundle, err := d.read(name)
		if err != nil {
			return nil, err
		}
		for i := 0; i < tile.W; i++ {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("%s is cut off", name)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			entries = append(entries, bundle[2:end])
			bundle = bundle[end:]
		}
		if len(bundle) > 0 {
			return nil, fmt.Errorf("%s goes on after its entries", name)
		}
	}
	return entries, nil
}
