package ledgertest

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// Vault is the smallest vault that keeps the contract of ledger.Vault, for the tests of packages
// that know no adapter. Its keys are no secret, and the same in every Vault.
type Vault struct {
	// Before, where set, runs before anything else, and fails the call.
	Before func() error

	mu     sync.Mutex
	erased map[uuid.UUID]bool
	used   uint64 // nonces
}

// Seal is that of ledger.Vault.
func (v *Vault) Seal(ctx context.Context, subject uuid.UUID, kind string, text []byte) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.ready(ctx, subject); err != nil {
		return nil, err
	}
	v.used++
	nonce := binary.BigEndian.AppendUint64(make([]byte, 4), v.used)
	return keyOf(subject).Seal(nonce, nonce, text, []byte(kind)), nil
}

// Open is that of ledger.Vault.
func (v *Vault) Open(ctx context.Context, subject uuid.UUID, kind string, sealed []byte) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.ready(ctx, subject); err != nil {
		return nil, err
	}
	key := keyOf(subject)
	n := min(key.NonceSize(), len(sealed))
	return key.Open(nil, append(sealed[:n:n], make([]byte, key.NonceSize()-n)...), sealed[n:], []byte(kind))
}

// Digest is that of ledger.Vault.
func (v *Vault) Digest(ctx context.Context, subject uuid.UUID, purpose string, data []byte) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.ready(ctx, subject); err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, subject[:])
	mac.Write([]byte(purpose + "\n"))
	mac.Write(data)
	return mac.Sum(nil), nil
}

// Erase is that of ledger.Vault.
func (v *Vault) Erase(ctx context.Context, subject uuid.UUID) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := cmp.Or(ctx.Err(), call(v.Before)); err != nil {
		return err
	}
	if v.erased == nil {
		v.erased = map[uuid.UUID]bool{}
	}
	v.erased[subject] = true
	return nil
}

func (v *Vault) ready(ctx context.Context, subject uuid.UUID) error {
	if v.erased[subject] {
		return ledger.ErasedSubject(subject)
	}
	return cmp.Or(ctx.Err(), call(v.Before))
}

func keyOf(subject uuid.UUID) cipher.AEAD {
	key := sha256.Sum256(subject[:])
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key's length is right
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm
}
