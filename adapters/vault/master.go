package vault

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MasterKey wraps the keys of subjects. It is kept apart from them: in a file, a mount, or what
// an operator's key service writes there at the start.
type MasterKey [keyBytes]byte

// String does not tell it.
func (MasterKey) String() string { return "[master key]" }

// Format goes round the verbs that would.
func (MasterKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[master key]")) }

// ReadMasterKey reads a file with 64 hex digits that is its owner's only.
func ReadMasterKey(path string) (key MasterKey, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return key, fmt.Errorf("the master key of personal data: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return key, fmt.Errorf("the master key %s is open to others (%s); chmod go= it", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return key, fmt.Errorf("the master key of personal data: %w", err)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(raw) != len(key) {
		return key, fmt.Errorf("the master key %s must be %d hex digits, such as `openssl rand -hex %d` makes", path, 2*len(key), len(key))
	}
	return MasterKey(raw), nil
}

// NewMasterKey makes a master key in a file of its own, whole or not at all.
func NewMasterKey(path string) (key MasterKey, err error) {
	key = MasterKey(newKey())
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return key, fmt.Errorf("make a master key: %s is taken", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".master-*") // 0600
	if err != nil {
		return key, err
	}
	_, err = f.WriteString(hex.EncodeToString(key[:]) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return key, errors.Join(err, os.Remove(f.Name()))
	}
	return key, os.Rename(f.Name(), path)
}
