package principal

import "github.com/google/uuid"

// tokenIssuedV1 is a token issued before tokens ended: it opens until it is revoked.
type tokenIssuedV1 struct {
	Token  uuid.UUID `json:"token"`
	SHA256 string    `json:"sha256"`
	Label  string    `json:"label,omitzero"`
}

func (e tokenIssuedV1) up() TokenIssued {
	return TokenIssued{Token: e.Token, SHA256: e.SHA256, Label: e.Label}
}
