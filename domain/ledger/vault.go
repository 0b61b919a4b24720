package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Vault is the port to the keys of subjects, one key a subject. It outlives no key: what was
// sealed for an erased subject is sealed for ever. Safe for concurrent use.
type Vault interface {
	// Seal encrypts a text about a subject as a kind of text. A subject's key is made at its first
	// use and is durable before Seal answers. An erased subject is ErasedSubject.
	Seal(ctx context.Context, subject uuid.UUID, kind string, text []byte) ([]byte, error)
	// Open decrypts what Seal made for the same subject and kind, and nothing else.
	Open(ctx context.Context, subject uuid.UUID, kind string, sealed []byte) ([]byte, error)
	// Digest is a keyed digest, under the subject's key or, for the nil subject, under one of the
	// vault's own; purposes keep digests of the same data apart. It makes keys as Seal does.
	Digest(ctx context.Context, subject uuid.UUID, purpose string, data []byte) ([]byte, error)
	// Erase destroys a subject's key for good; for that subject none is ever made again, whether
	// or not there was one. Erasing twice is erasing once.
	Erase(ctx context.Context, subject uuid.UUID) error
}

// ErasedSubject is what a vault answers about a subject whose key was destroyed.
func ErasedSubject(subject uuid.UUID) error {
	return Rejected("subject-erased", Text{
		En: fmt.Sprintf("the personal data of %s was erased; it cannot be read, added to or compared with", subject),
		Zh: fmt.Sprintf("%s 的个人信息已删除,不能再读取、补充或比对", subject),
	})
}

// Open is the plain text of a sealed one. Only what renders for a person who may see it calls it,
// after that was recorded.
func (l *Ledger) Open(ctx context.Context, p Personal) (string, error) {
	if p.form != sealed || l.Vault == nil {
		return "", errors.New("there is nothing to open, or no vault to open it with")
	}
	text, err := l.Vault.Open(ctx, p.subject, p.kind, []byte(p.text))
	return string(text), err
}
