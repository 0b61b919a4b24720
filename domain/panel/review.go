package panel

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"

	"ttledger/domain/ledger"
)

// Commitment binds a reviewer to points without telling them, the nonce being 16 random bytes or
// more in hex: the SHA-256, in hex, of six lines of text without a last line break. None of them
// can hold a line break, so that no two scores have one text:
//
//	ttledger/review/v1
//	code of the panel
//	code of the item
//	handle of the reviewer
//	points in the order of the criteria, as JSON: [34,28,21]
//	nonce
func Commitment(panel, item, reviewer string, points []int, nonce string) string {
	score, _ := json.Marshal(points) // integers
	sum := sha256.Sum256(fmt.Appendf(nil, "ttledger/review/v1\n%s\n%s\n%s\n%s\n%s", panel, item, reviewer, score, nonce))
	return hex.EncodeToString(sum[:])
}

var (
	digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
	noncePattern  = regexp.MustCompile(`^[0-9a-f]{32,128}$`)
)

func checkDigest(path, digest string) error {
	if digestPattern.MatchString(digest) {
		return nil
	}
	return ledger.InvalidField(path, "a SHA-256 in hex, 64 of 0-9 a-f", "SHA-256 摘要(64 位小写十六进制)")
}

// SubmitReview hands in the actor's score of an item: a commitment to it, and the score itself
// sealed to the panel's opening key, which the ledger cannot open.
type SubmitReview struct {
	Item       string `json:"item" en:"code of the item" zh:"对象编号"`
	Criteria   string `json:"criteria" en:"version of the criteria scored by" zh:"评分标准版本"`
	Commitment string `json:"commitment" en:"SHA-256 that binds to the points" zh:"评分承诺值(SHA-256)"`
	Sealed     []byte `json:"sealed" en:"points and nonce, sealed to the opening key" zh:"密封的分数与随机数"`
}

// maxSealed is more than points, nonce and any sealing of them take, in bytes.
const maxSealed = 1024

func (c SubmitReview) decide(s State, at ledger.Context) ([]Event, error) {
	if err := ledger.First(s.sitting(at), s.seat(at.Actor, c.Item), checkDigest("commitment", c.Commitment)); err != nil {
		return nil, err
	}
	if len(c.Sealed) == 0 || len(c.Sealed) > maxSealed {
		return nil, ledger.InvalidField("sealed", fmt.Sprintf("1 to %d bytes, in base64", maxSealed), fmt.Sprintf("1 至 %d 字节(base64)", maxSealed))
	}
	if c.Criteria != s.Sitting.Criteria.Version {
		return nil, ledger.InvalidField("criteria", "this panel scores by version "+s.Sitting.Criteria.Version, "本评审组使用评分标准 "+s.Sitting.Criteria.Version)
	}
	d, declared := s.declaration(at.Actor, c.Item)
	_, scored := s.review(at.Actor, c.Item)
	switch {
	case !declared:
		return nil, reject("not-declared", "declare how you stand to this item before you score it", "评分前须先申报与该对象的利益关系")
	case d.Recused:
		return nil, reject("recused", "you stepped back from this item", "已回避该对象,不得评分")
	case scored:
		return nil, reject("scored", "your score of this item is in, and stays as it is", "已对该对象评分,提交后不得更改")
	}
	return []Event{ReviewSubmitted{c.Item, at.Actor, c.Commitment, c.Sealed, c.Criteria}}, nil
}

// Review is what binds a reviewer to a score of an item.
type Review struct {
	Item       string `json:"item"`
	Reviewer   string `json:"reviewer"`
	Commitment string `json:"commitment"`
}

// ReviewSubmitted: a reviewer committed to a score (domain catalogue event 43).
type ReviewSubmitted struct {
	Item       string `json:"item"`
	Reviewer   string `json:"reviewer"`
	Commitment string `json:"commitment"`
	Sealed     []byte `json:"sealed"`
	Criteria   string `json:"criteria"`
}

// EventType is the stored name.
func (ReviewSubmitted) EventType() string { return "panel.review-submitted.v1" }

func (e ReviewSubmitted) apply(s State, _ ledger.Metadata) State {
	s.Reviews = append(s.Reviews[:len(s.Reviews):len(s.Reviews)], Review{e.Item, e.Reviewer, e.Commitment})
	return s
}
