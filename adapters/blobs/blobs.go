// Package blobs keeps files by the digest of their bytes: issued reports, and what else must stay
// what it was. A file once kept is never changed; keeping it again is keeping the same file.
package blobs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"ttledger/domain/ledger"
)

// Dir is a directory of blobs, two levels deep: ab/abcdef….
type Dir string

// Keep stores bytes durably and answers their SHA-256 in hex.
func (d Dir) Keep(data []byte) (digest string, err error) {
	sum := sha256.Sum256(data)
	digest = hex.EncodeToString(sum[:])
	path := d.path(digest)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return digest, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	// Under another name until it is whole; CreateTemp makes it for this user alone.
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if _, err := f.Write(data); err != nil {
		return "", errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return "", err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return "", err
	}
	return digest, errors.Join(syncDir(filepath.Dir(path)), syncDir(string(d)))
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Read is the bytes with a digest. Bytes that are others by now are not answered.
func (d Dir) Read(digest string) ([]byte, error) {
	missing := &ledger.Error{Kind: ledger.KindNotFound, Code: "no-such-file", Msg: ledger.Text{
		En: fmt.Sprintf("no file with the digest %.80q is kept here", digest), Zh: fmt.Sprintf("此处没有摘要为 %.80q 的文件", digest),
	}}
	if !digestPattern.MatchString(digest) {
		return nil, missing
	}
	f, err := os.Open(d.path(digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != digest {
		return nil, fmt.Errorf("blob %s: the file is no longer what it was", digest)
	}
	return data, nil
}

func (d Dir) path(digest string) string { return filepath.Join(string(d), digest[:2], digest) }
