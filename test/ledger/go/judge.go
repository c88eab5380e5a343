// Command judge reads one JSON document on stdin and says, with golang.org/x/mod/sumdb and nothing of this project,
// what is wrong with the notes, cosignatures, roots and proofs in it; then it signs a text, where there is one.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type signedNote struct {
	Vkey string
	Note string
}

type cosignedNote struct {
	LogVkey     string
	WitnessVkey string
	Note        string
	Time        uint64
}

type inclusion struct {
	Index int64
	Proof []string
}

type consistency struct {
	First int64
	Proof []string
}

type tree struct {
	Size        int64
	Root        string
	Inclusion   []inclusion
	Consistency []consistency
}

type task struct {
	Skey    string
	Text    string
	Notes   []signedNote
	Cosigns []cosignedNote
	Leaves  []string
	Trees   []tree
}

type verdict struct {
	Problems []string
	Checked  map[string]int
	Note     string
}

const cosignatureType = 4

// cosigner verifies cosignature/v1 of C2SP tlog-cosignature.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	time uint64
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize || binary.BigEndian.Uint64(sig) != c.time {
		return false
	}
	text := fmt.Sprintf("cosignature/v1\ntime %d\n%s", c.time, msg)
	return ed25519.Verify(c.key, []byte(text), sig[8:])
}

func newCosigner(vkey string, time uint64) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("the vkey has not three parts")
	}
	typed, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(typed) != 1+ed25519.PublicKeySize || typed[0] != cosignatureType {
		return nil, errors.New("the vkey is not of a cosigner")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), typed...))
	id := binary.BigEndian.Uint32(sum[:])
	if fmt.Sprintf("%08x", id) != parts[1] {
		return nil, errors.New("the key id does not fit the key")
	}
	return &cosigner{parts[0], id, typed[1:], time}, nil
}

func checkNote(n signedNote) error {
	verifier, err := note.NewVerifier(n.Vkey)
	if err != nil {
		return err
	}
	_, err = note.Open([]byte(n.Note), note.VerifierList(verifier))
	return err
}

func checkCosigned(n cosignedNote) error {
	log, err := note.NewVerifier(n.LogVkey)
	if err != nil {
		return err
	}
	witness, err := newCosigner(n.WitnessVkey, n.Time)
	if err != nil {
		return err
	}
	opened, err := note.Open([]byte(n.Note), note.VerifierList(log, witness))
	if err != nil {
		return err
	}
	if len(opened.Sigs) != 2 || len(opened.UnverifiedSigs) != 0 {
		return fmt.Errorf("%d signatures are right, %d unknown", len(opened.Sigs), len(opened.UnverifiedSigs))
	}
	return nil
}

func hashes(texts []string) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(texts))
	for i, text := range texts {
		hash, err := tlog.ParseHash(text)
		if err != nil {
			return nil, err
		}
		list[i] = hash
	}
	return list, nil
}

func same(a, b []tlog.Hash) bool {
	var left, right bytes.Buffer
	for _, hash := range a {
		left.Write(hash[:])
	}
	for _, hash := range b {
		right.Write(hash[:])
	}
	return bytes.Equal(left.Bytes(), right.Bytes())
}

// checkTree recomputes the root, checks each proof, and compares it with the one that tlog makes.
func checkTree(t tree, leaves []string, stored tlog.HashReader, checked map[string]int) error {
	root, err := tlog.TreeHash(t.Size, stored)
	if err != nil {
		return err
	}
	if root.String() != t.Root {
		return fmt.Errorf("the root is %s, not %s", root, t.Root)
	}
	checked["roots"]++
	for _, one := range t.Inclusion {
		proof, err := hashes(one.Proof)
		if err != nil {
			return err
		}
		leaf := tlog.RecordHash([]byte(leaves[one.Index]))
		if err := tlog.CheckRecord(proof, t.Size, root, one.Index, leaf); err != nil {
			return fmt.Errorf("inclusion of %d: %v", one.Index, err)
		}
		own, err := tlog.ProveRecord(t.Size, one.Index, stored)
		if err != nil || !same(own, proof) {
			return fmt.Errorf("inclusion of %d: tlog makes another proof (%v)", one.Index, err)
		}
		checked["inclusion"]++
	}
	for _, one := range t.Consistency {
		proof, err := hashes(one.Proof)
		if err != nil {
			return err
		}
		first, err := tlog.TreeHash(one.First, stored)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, t.Size, root, one.First, first); err != nil {
			return fmt.Errorf("consistency from %d: %v", one.First, err)
		}
		own, err := tlog.ProveTree(t.Size, one.First, stored)
		if err != nil || !same(own, proof) {
			return fmt.Errorf("consistency from %d: tlog makes another proof (%v)", one.First, err)
		}
		checked["consistency"]++
	}
	return nil
}

// store hashes every leaf as tlog keeps them.
func store(leaves []string) (tlog.HashReader, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	for i, leaf := range leaves {
		more, err := tlog.StoredHashes(int64(i), []byte(leaf), reader)
		if err != nil {
			return nil, err
		}
		stored = append(stored, more...)
	}
	return reader, nil
}

func judge(t task) (verdict, error) {
	found := verdict{Problems: []string{}, Checked: map[string]int{}}
	complain := func(what string, err error) {
		if err == nil {
			found.Checked[strings.Fields(what)[0]]++
			return
		}
		found.Problems = append(found.Problems, fmt.Sprintf("%s: %v", what, err))
	}
	for i, one := range t.Notes {
		complain(fmt.Sprintf("note %d", i), checkNote(one))
	}
	for i, one := range t.Cosigns {
		complain(fmt.Sprintf("cosigned %d", i), checkCosigned(one))
	}
	stored, err := store(t.Leaves)
	if err != nil {
		return found, err
	}
	for _, one := range t.Trees {
		complain(fmt.Sprintf("tree of %d", one.Size), checkTree(one, t.Leaves, stored, found.Checked))
	}
	if t.Text == "" {
		return found, nil
	}
	signer, err := note.NewSigner(t.Skey)
	if err != nil {
		return found, err
	}
	signed, err := note.Sign(&note.Note{Text: t.Text}, signer)
	found.Note = string(signed)
	return found, err
}

func main() {
	var t task
	err := json.NewDecoder(os.Stdin).Decode(&t)
	if err == nil {
		var found verdict
		if found, err = judge(t); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(found)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
