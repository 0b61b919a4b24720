package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/google/uuid"
)

const (
	keyBytes = 32
	padBytes = 32 // sealed texts come in these steps: a length, too, can tell a name
	sealedV1 = 1  // the first byte of what Seal makes
)

// seal is a version, a nonce, and the padded text with its tag.
func seal(key, text, bound []byte) []byte {
	padded := append(bytes.Clone(text), 0x80)
	padded = append(padded, make([]byte, (padBytes-len(padded)%padBytes)%padBytes)...)
	return sealWith(gcm(derive(key, "seal")), []byte{sealedV1}, padded, bound)
}

func unseal(key, sealed, bound []byte) ([]byte, error) {
	body, ok := bytes.CutPrefix(sealed, []byte{sealedV1})
	if !ok {
		return nil, errors.New("vault: this release cannot read what is sealed here")
	}
	padded, err := openWith(gcm(derive(key, "seal")), body, bound)
	if err != nil {
		return nil, err
	}
	end := bytes.LastIndexByte(padded, 0x80)
	return padded[:max(end, 0)], nil
}

func digest(key, data []byte) []byte {
	mac := hmac.New(sha256.New, derive(key, "digest"))
	mac.Write(data)
	return mac.Sum(nil)
}

// derive keeps the uses of one key apart.
func derive(key []byte, use string) []byte {
	derived, err := hkdf.Expand(sha256.New, key, "ttl/"+use+"/v1", keyBytes)
	if err != nil {
		panic(err) // its length is right
	}
	return derived
}

// wrap encrypts a key under the master key, for its subject alone.
func wrap(master cipher.AEAD, key []byte, ledgerID, subject uuid.UUID) []byte {
	return sealWith(master, nil, key, record("ttl/key/v1", ledgerID[:], subject[:]))
}

func unwrap(master cipher.AEAD, wrapped []byte, ledgerID, subject uuid.UUID) ([]byte, error) {
	return openWith(master, wrapped, record("ttl/key/v1", ledgerID[:], subject[:]))
}

func sealWith(a cipher.AEAD, prefix, text, bound []byte) []byte {
	nonce := make([]byte, a.NonceSize())
	rand.Read(nonce)
	return a.Seal(append(prefix, nonce...), nonce, text, bound)
}

func openWith(a cipher.AEAD, sealed, bound []byte) ([]byte, error) {
	if len(sealed) < a.NonceSize() {
		return nil, errors.New("vault: what is sealed was cut short")
	}
	text, err := a.Open(nil, sealed[:a.NonceSize()], sealed[a.NonceSize():], bound)
	if err != nil {
		return nil, errors.New("vault: what is sealed was changed, or belongs elsewhere")
	}
	return text, nil
}

func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // its length is right
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return a
}

// record is parts with their lengths, so that no two lists of parts are the same bytes.
func record(name string, parts ...[]byte) []byte {
	b := []byte(name)
	for _, p := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return b
}
