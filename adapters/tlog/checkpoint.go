package tlog

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"filippo.io/torchwood"
)

// Checkpoint is what a log says of itself at one size.
type Checkpoint struct {
	Origin string
	Tree
	Signed []byte // the signed note as it was; nil for one that was kept as a line
}

// Line is a checkpoint to print, to mail or to read out: origin, size and root.
func (c Checkpoint) Line() string { return fmt.Sprintf("%s %d %s", c.Origin, c.N, c.Hash) }

// ParseCheckpoint reads a signed checkpoint, or a line that was kept of one. It does not look at
// signatures.
func ParseCheckpoint(text []byte) (c Checkpoint, err error) {
	if fields := strings.Fields(string(text)); len(fields) == 3 && strings.Count(strings.TrimSpace(string(text)), "\n") == 0 {
		c.Origin = fields[0]
		var wrong [2]error
		c.N, wrong[0] = strconv.ParseInt(fields[1], 10, 64)
		c.Hash, wrong[1] = tlog.ParseHash(fields[2])
		if err := errors.Join(wrong[:]...); err != nil || c.N < 0 {
			return c, fmt.Errorf("a checkpoint as a line is ORIGIN SIZE ROOT: %w", err)
		}
		return c, nil
	}
	body, _, signed := strings.Cut(string(text), "\n\n")
	if !signed {
		return c, errors.New("this is no checkpoint: neither a signed note nor a line ORIGIN SIZE ROOT")
	}
	read, err := torchwood.ParseCheckpoint(body + "\n")
	if err != nil {
		return c, err
	}
	return Checkpoint{read.Origin, read.Tree, text}, nil
}

// sign makes a checkpoint of a tree, with a line for each key.
func (k keySet) sign(origin string, t Tree) ([]byte, error) {
	text := torchwood.Checkpoint{Origin: origin, Tree: t}.String()
	return note.Sign(&note.Note{Text: text}, k.signers...)
}

// Verify says whether one of the keys signed a checkpoint. A line that was kept has no signature:
// whoever kept it vouches for it.
func (c Checkpoint) Verify(keys []string) error {
	if c.Signed == nil {
		return nil
	}
	policy, err := anyOf(c.Origin, keys)
	if err != nil {
		return err
	}
	_, _, err = torchwood.VerifyCheckpoint(c.Signed, policy)
	return err
}

// anyOf is satisfied by a checkpoint of an origin that one of the keys has signed.
func anyOf(origin string, keys []string) (torchwood.Policy, error) {
	var any []torchwood.Policy
	for i, k := range keys {
		v, err := note.NewVerifier(k)
		if err != nil {
			return nil, fmt.Errorf("%q is no public key: %w", k, err)
		}
		if !slices.Contains(keys[:i], k) {
			any = append(any, torchwood.SingleVerifierPolicy(v))
		}
	}
	if len(any) == 0 {
		return nil, errors.New("there is no key to verify the signature with")
	}
	return torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(origin), torchwood.ThresholdPolicy(1, any...)), nil
}

// ParseKeys reads a file of public keys, a line a key.
func ParseKeys(text []byte) (keys []string) {
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			keys = append(keys, line)
		}
	}
	return keys
}
