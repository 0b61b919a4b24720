package ledger

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Seal is the event as it may be stored, with whom its personal texts are about.
func (c *Codec[E]) Seal(ctx context.Context, v Vault, event E) (E, []uuid.UUID, error) {
	in := c.entries[event.EventType()].personal
	if in == nil {
		return event, nil, nil
	}
	var subjects []uuid.UUID
	changed, err := in.each(event, func(p Part) (Personal, error) {
		if p.Text.subject == uuid.Nil {
			return p.Text, fmt.Errorf("%s: the personal text %s is about nobody", event.EventType(), p.Path)
		}
		subjects = append(subjects, p.Text.subject)
		return sealPart(ctx, v, p)
	})
	return changed.(E), subjects, err
}

func sealPart(ctx context.Context, v Vault, p Part) (Personal, error) {
	if p.Text.form == sealed {
		return p.Text, nil // taken over from the state; the codec checks its kind
	}
	if v == nil {
		return p.Text, Rejected("no-vault", Text{
			En: "this ledger keeps no personal data: its events live in an event store, and there is no vault that its processes share",
			Zh: "该账本不保存个人信息:其事件存于事件库,各进程尚无共用的密钥库",
		})
	}
	text := []byte(p.Text.text)
	if p.Text.form == fingerprint {
		digest, err := v.Digest(ctx, uuid.Nil, p.Kind, text)
		if err != nil {
			return p.Text, err
		}
		text = []byte(hex.EncodeToString(digest))
	}
	ciphertext, err := v.Seal(ctx, p.Text.subject, p.Kind, text)
	return SealedText(p.Text.subject, p.Kind, ciphertext), err
}

// sealing is how the events of one attempt at a command, and their envelope, come to hold nothing
// that says something about a person without that person's key.
type sealing struct {
	ctx      context.Context
	vault    Vault
	carried  bool        // the command has personal texts
	about    uuid.UUID   // whom the stream is about, nil where it is about nobody
	subjects []uuid.UUID // whose keys were used
}

// seal is an event of the codec in its stored form.
func seal[E Event](s *sealing, c *Codec[E], event E) (E, error) {
	event, subjects, err := c.Seal(s.ctx, s.vault, event)
	s.subjects = append(s.subjects, subjects...)
	return event, err
}

// envelope puts the subjects' keys over what the envelope says of the request: the digest of its
// bytes, and those of documents.
func (s *sealing) envelope(m *Metadata) (err error) {
	if s.about != uuid.Nil {
		if err := codesOnly(m); err != nil {
			return err
		}
		if len(m.Evidence) > 0 {
			s.subjects = append(s.subjects, s.about)
		}
	}
	slices.SortFunc(s.subjects, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	s.subjects = slices.Compact(s.subjects)
	m.Subjects = s.subjects
	if s.carried && len(s.subjects) == 0 {
		return errors.New("a command with personal texts caused events that are about nobody")
	}
	if s.carried {
		if m.Digest, err = s.silence(m.Digest); err != nil {
			return err
		}
	}
	if len(s.subjects) > 0 {
		m.Evidence, err = s.evidence(m.Evidence)
	}
	return err
}

// evidence keys the digests of documents about a person: the digest of a document whose content
// can be guessed would tell it for ever.
func (s *sealing) evidence(plain []Evidence) (keyed []Evidence, err error) {
	for i, e := range plain {
		if e.Alg != "sha-256" || e.Name != "" {
			return nil, Invalid("personal-evidence", Text{"the evidence is not valid", "佐证材料摘要不符合要求"}, Field{fmt.Sprintf("/evidence/%d", i),
				Text{"about a person, give the sha-256 and no file name; the ledger keeps it under the person's key", "涉及个人时只填 sha-256,不填文件名;账本以该人的密钥保存摘要"}})
		}
		e.Alg = "hmac-sha-256"
		if e.Digest, err = s.silence(strings.ToLower(e.Digest)); err != nil {
			return nil, err
		}
		keyed = append(keyed, e)
	}
	return keyed, nil
}

func (s *sealing) silence(digest string) (string, error) {
	return silenced(s.ctx, s.vault, s.subjects, digest)
}

// silenced puts a digest under the keys of all subjects, one over the other: with any of them
// destroyed it tells nothing.
func silenced(ctx context.Context, v Vault, subjects []uuid.UUID, digest string) (string, error) {
	if v == nil {
		return "", errors.New("there is no vault to key digests with")
	}
	for _, s := range subjects {
		keyed, err := v.Digest(ctx, s, "digest", []byte(digest))
		if err != nil {
			return "", err
		}
		digest = hex.EncodeToString(keyed)
	}
	return digest, nil
}

var codePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,99}$`)

// codesOnly refuses free text around a command about a person: that is where names leak.
func codesOnly(m *Metadata) error {
	for _, f := range []struct{ name, value string }{
		{"reason", m.Reason}, {"authority", m.Authority}, {"on_behalf_of", m.OnBehalfOf},
	} {
		if f.value != "" && !codePattern.MatchString(f.value) {
			return Invalid("invalid", Text{"the command is not valid", "命令内容不符合要求"}, Field{"/" + f.name,
				Text{"about a person, a code of letters, digits and . _ : / @ - is needed here, not free text", "涉及个人时此处须为代码(字母、数字及 . _ : / @ -),不能是自由文本"}})
		}
	}
	return nil
}

// sameRequest says whether a request's digest is the recorded one, under the keys it was put under.
func (l *Ledger) sameRequest(ctx context.Context, recorded Metadata, digest string) (bool, error) {
	if recorded.Digest == digest || len(recorded.Subjects) == 0 {
		return recorded.Digest == digest, nil
	}
	keyed, err := silenced(ctx, l.Vault, recorded.Subjects, digest)
	return recorded.Digest == keyed, err
}
