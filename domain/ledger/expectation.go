package ledger

import "strconv"

// IfMatch is the expectation as HTTP states it: a strong ETag such as "7" with its quotes, * where
// it is waived, and nothing where none is stated.
func (e Expectation) IfMatch() string {
	switch {
	case !e.stated:
		return ""
	case e.any:
		return "*"
	}
	return strconv.Quote(strconv.FormatUint(uint64(e.version), 10))
}
