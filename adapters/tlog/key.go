package tlog

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// keySet is the private keys a log is signed with: one, or while one takes another's place two.
type keySet struct {
	signers []note.Signer
	public  []string // of each, as a line of the file of keys
}

// maxKeys bounds those that sign at one time.
const maxKeys = 2

// readKeys reads a key file: a line a key, as note.GenerateKey writes it.
func readKeys(file, origin string) (k keySet, err error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return k, err
	}
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		signer, err := note.NewSigner(line)
		if err != nil {
			return k, fmt.Errorf("%s: a line of it is no signing key", file)
		}
		if signer.Name() != origin {
			return k, fmt.Errorf("%s has a key of %s, and this log is %s", file, signer.Name(), origin)
		}
		public, err := publicOf(line)
		if err != nil {
			return k, fmt.Errorf("%s: %w", file, err)
		}
		k.signers, k.public = append(k.signers, signer), append(k.public, public)
	}
	if len(k.signers) == 0 || len(k.signers) > maxKeys {
		return k, fmt.Errorf("%s has %d keys; one signs, or two while one takes the other's place", file, len(k.signers))
	}
	return k, nil
}

// publicOf is the public side of a private key's line.
func publicOf(private string) (string, error) {
	parts := strings.SplitN(private, "+", 5)
	seed, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(parts) != 5 || len(seed) != 1+ed25519.SeedSize {
		return "", errors.New("this is no signing key")
	}
	key := ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(parts[2], key)
}

// MakeKey makes the key of a log where there is none, open to its owner only.
func MakeKey(file, origin string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return addKey(file, origin, nil)
}

// RotateKey adds a key that signs together with the one there is. Once everybody has the new one,
// RetireKey ends the old.
func RotateKey(file, origin string) (public string, err error) {
	k, err := readKeys(file, origin)
	if err != nil {
		return "", err
	}
	if len(k.signers) == maxKeys {
		return "", fmt.Errorf("%s has two keys already; retire the older first", file)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if err := addKey(file, origin, before); err != nil {
		return "", err
	}
	k, err = readKeys(file, origin)
	if err != nil {
		return "", err
	}
	return k.public[0], nil
}

// RetireKey ends the older of two keys.
func RetireKey(file, origin string) (public string, err error) {
	k, err := readKeys(file, origin)
	if err != nil {
		return "", err
	}
	if len(k.signers) < maxKeys {
		return "", fmt.Errorf("%s has one key only; `rotate` makes another to take its place", file)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	newest, _, _ := strings.Cut(string(raw), "\n")
	dir, name := filepath.Split(file)
	if err := errors.Join(files(dir).save(name, []byte(newest+"\n"), 0o600), files(dir).settle(name)); err != nil {
		return "", err
	}
	return k.public[1], nil
}

// addKey puts a new key before those of a file.
func addKey(file, origin string, before []byte) error {
	private, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return err
	}
	dir, name := filepath.Split(file)
	return errors.Join(files(dir).save(name, append([]byte(private+"\n"), before...), 0o600), files(dir).settle(name))
}

// PEM is a public key in the form that openssl reads.
func PEM(public string) ([]byte, error) {
	_, rest, _ := strings.Cut(public, "+")
	_, text, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != 1+ed25519.PublicKeySize {
		return nil, fmt.Errorf("%q is no public key", public)
	}
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(key[1:]))
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}
