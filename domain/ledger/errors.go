package ledger

import (
	"errors"
	"fmt"
)

// Kind is what a caller can do about an error. The set is closed.
type Kind uint8

// The kinds, each with the HTTP status it is answered with.
const (
	KindInternal        Kind = iota // 500: a defect; the default
	KindInvalid                     // 400: mend the request
	KindUnauthenticated             // 401: say who you are
	KindDenied                      // 403: not you
	KindNotFound                    // 404: nothing there
	KindConflict                    // 409, or 412 where If-Match was sent: someone wrote first
	KindTooLarge                    // 413: send less
	KindRejected                    // 422: a rule says no in this state
	KindPrecondition                // 428: say which version you saw
	KindLimited                     // 429: slower
	KindUnavailable                 // 503: later
)

// final says that the error is an answer, which asking again later does not change by itself.
func (k Kind) final() bool {
	switch k {
	case KindInvalid, KindDenied, KindNotFound, KindRejected, KindConflict, KindTooLarge, KindPrecondition:
		return true
	}
	return false
}

// Text is one message in both languages of the users.
type Text struct {
	En string `json:"en"`
	Zh string `json:"zh-CN"`
}

// Field points at the part of the request that is wrong.
type Field struct {
	Pointer string // JSON pointer into the body, such as /data/title
	Detail  Text
}

// Error is the one error with a meaning that crosses packages. Everything else is wrapped with
// %w and is KindInternal.
type Error struct {
	Kind    Kind
	Code    string // stable, kebab-case, names the rule and not the class
	Msg     Text
	Fields  []Field
	Current Version // the version the stream is at, for a stale expectation
	Err     error   // cause, never shown to users
}

// Error is the English message with its code and cause, for logs.
func (e *Error) Error() string {
	text := e.Code + ": " + e.Msg.En
	for _, f := range e.Fields {
		text += fmt.Sprintf("; %s: %s", f.Pointer, f.Detail.En)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the first Error in err's chain; KindInternal where there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindInternal
}

// CodeOf is the code of the first Error in err's chain, or "".
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// Rejected is the answer of a rule: not in this state.
func Rejected(code string, msg Text) error { return &Error{Kind: KindRejected, Code: code, Msg: msg} }

// Invalid is the answer to a request that can never be right; fields say where.
func Invalid(code string, msg Text, fields ...Field) error {
	return &Error{Kind: KindInvalid, Code: code, Msg: msg, Fields: fields}
}

// InvalidField is Invalid for one field of a command's data, pointed at by its path below /data.
func InvalidField(path, en, zh string) error {
	detail := Text{en, zh}
	return Invalid("invalid", Text{"the command is not valid", "命令内容不符合要求"}, Field{"/data/" + path, detail})
}

// Conflict is what a store answers when the stream is not at the expected version.
func Conflict(s StreamID, expected Version) error {
	return &Error{Kind: KindConflict, Code: "conflict", Msg: Text{
		En: fmt.Sprintf("%s is not at version %d", s, expected),
		Zh: fmt.Sprintf("%s 不在版本 %d", s, expected),
	}}
}

// Unavailable is what a store answers when it cannot now and may later.
func Unavailable(code string, msg Text, cause error) error {
	return &Error{Kind: KindUnavailable, Code: code, Msg: msg, Err: cause}
}
