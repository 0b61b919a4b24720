package ledger

import (
	"bytes"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// scanMetadata reads an envelope in the form EncodeMetadata writes it, without the generality of
// a JSON decoder: replay spends more on envelopes than on anything else. It gives up on whatever
// it does not know exactly (nested parts, escapes, other spellings), and the decoder decides.
func scanMetadata(raw []byte) (m Metadata, ok bool) {
	rest, ok := bytes.CutPrefix(raw, []byte{'{'})
	for ok {
		var key, value []byte
		if key, rest, ok = scanString(rest); !ok || len(rest) == 0 || rest[0] != ':' {
			return m, false
		}
		rest = rest[1:]
		if string(key) == "source" {
			if m.Source, rest, ok = scanSource(rest); !ok {
				return m, false
			}
		} else if value, rest, ok = scanString(rest); !ok || !m.set(string(key), value) {
			return m, false
		}
		if string(rest) == "}" {
			return m, true
		}
		rest, ok = bytes.CutPrefix(rest, []byte{','})
	}
	return m, false
}

// set fills one field, once; false says that the decoder must look.
func (m *Metadata) set(key string, value []byte) bool {
	var err error
	switch key {
	case "ledger":
		err = scanID(&m.Ledger, value)
	case "command":
		err = scanID(&m.Command, value)
	case "correlation":
		err = scanID(&m.Correlation, value)
	case "causation":
		err = scanID(&m.Causation, value)
	case "corrects":
		err = scanID(&m.Corrects, value)
	case "digest":
		return scanText(&m.Digest, value)
	case "actor":
		return scanText(&m.Actor, value)
	case "role":
		return scanText(&m.Role, value)
	case "on_behalf_of":
		return scanText(&m.OnBehalfOf, value)
	case "authority":
		return scanText(&m.Authority, value)
	case "trace":
		return scanText(&m.Trace, value)
	case "approval":
		return scanText(&m.Approval, value)
	case "approver":
		return scanText(&m.Approver, value)
	case "reason":
		return scanText(&m.Reason, value)
	case "occurred_on":
		m.OccurredOn, err = ParseDate(string(value))
	case "recorded_at":
		m.RecordedAt, err = time.Parse(time.RFC3339Nano, string(value))
	default:
		return false
	}
	return err == nil
}

func scanText[T ~string](field *T, value []byte) bool {
	*field = T(value)
	return true
}

func scanID(id *uuid.UUID, value []byte) (err error) {
	*id, err = uuid.ParseBytes(value)
	return err
}

// scanString reads a JSON string without escapes, of plain ASCII.
func scanString(data []byte) (text, rest []byte, ok bool) {
	if len(data) == 0 || data[0] != '"' {
		return nil, nil, false
	}
	for i, c := range data[1:] {
		switch {
		case c == '"':
			return data[1 : i+1], data[i+2:], true
		case c == '\\' || c < ' ' || c > '~':
			return nil, nil, false
		}
	}
	return nil, nil, false
}

// scanSource reads {"kind":"…"}, with the batch and row of an import.
func scanSource(data []byte) (s Source, rest []byte, ok bool) {
	rest, ok = bytes.CutPrefix(data, []byte(`{"kind":`))
	if !ok {
		return s, nil, false
	}
	var text []byte
	if text, rest, ok = scanString(rest); !ok {
		return s, nil, false
	}
	s.Kind = string(text)
	if after, has := bytes.CutPrefix(rest, []byte(`,"batch":`)); has {
		if text, rest, ok = scanString(after); !ok {
			return s, nil, false
		}
		s.Batch = string(text)
	}
	if after, has := bytes.CutPrefix(rest, []byte(`,"row":`)); has {
		rest = after
		for ; len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' && s.Row < 1e9; rest = rest[1:] {
			s.Row = 10*s.Row + int(rest[0]-'0')
		}
	}
	rest, ok = bytes.CutPrefix(rest, []byte{'}'})
	return s, rest, ok
}

// unambiguous says that JSON surely has nothing that DecodeStrict refuses and the decoder lets pass:
// no key twice in an object, capital letters or not, and no deep nesting. It gives up, answering
// false, on keys with escapes or beyond ASCII and on large objects; whether the text is JSON at
// all is the decoder's to say.
func unambiguous(data []byte) bool {
	const mostKeys = 64
	var keys [maxDepth][][]byte // those met in each open object; nil for a list
	depth, atKey := 0, false
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			if depth == maxDepth {
				return false
			}
			if atKey = data[i] == '{'; atKey {
				keys[depth] = make([][]byte, 0, 8)
			} else {
				keys[depth] = nil
			}
			depth++
		case '}', ']':
			if depth, atKey = depth-1, false; depth < 0 {
				return false
			}
		case ',':
			atKey = depth > 0 && keys[depth-1] != nil // #nosec G602 -- depth is not 0
		case '"':
			end := endOfString(data, i+1)
			if end < 0 {
				return false
			}
			if atKey {
				key, known := data[i+1:end], keys[depth-1] // #nosec G602 -- atKey only where an object is open
				if len(known) == mostKeys || !distinct(key, known) {
					return false
				}
				keys[depth-1], atKey = append(known, key), false // #nosec G602 -- likewise
			}
			i = end
		}
	}
	return depth == 0
}

// endOfString finds the quote that ends a string; -1 where there is none.
func endOfString(data []byte, from int) int {
	for i := from; i < len(data); i++ {
		switch data[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return -1
}

// distinct says that a key is of plain ASCII and none of those known, whatever the case.
func distinct(key []byte, known [][]byte) bool {
	for _, c := range key {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	for _, k := range known {
		if len(k) == len(key) && bytes.EqualFold(k, key) {
			return false
		}
	}
	return true
}
