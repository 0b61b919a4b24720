package httpapi

import (
	"cmp"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// bearerToken is the token of the Authorization header, or "".
func bearerToken(h http.Header) string {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || len(h.Values("Authorization")) > 1 {
		return ""
	}
	return token
}

// challenge is WWW-Authenticate (RFC 6750): a client that sent nothing is told no error.
func challenge(h http.Header) string {
	if h.Get("Authorization") == "" {
		return `Bearer realm="ttledger"`
	}
	return `Bearer realm="ttledger", error="invalid_token"`
}

// idempotencyKey reads Idempotency-Key: a UUID, bare or as a quoted string (RFC 8941).
func idempotencyKey(h http.Header) (uuid.UUID, error) {
	values := h.Values("Idempotency-Key")
	if len(values) == 1 {
		text := strings.TrimSpace(values[0])
		if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
			text = text[1 : len(text)-1]
		}
		if key, err := parseUUID(text); err == nil && key != uuid.Nil {
			return key, nil
		}
	}
	return uuid.Nil, ledger.Invalid("idempotency-key", ledger.Text{
		En: "Idempotency-Key must be one UUID, new for each command and the same when it is sent again",
		Zh: "Idempotency-Key 须为一个 UUID:每个命令用新值,重发时用原值",
	})
}

// parseUUID reads the usual form only; uuid.Parse takes four.
func parseUUID(text string) (uuid.UUID, error) {
	if len(text) != 36 {
		return uuid.Nil, ledger.Invalid("uuid", ledger.Text{
			En: "an id is a UUID such as 6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11", Zh: "标识须为 UUID,如 6f1c2f9e-8a51-4f0f-9a30-0d2f6f1f7c11",
		})
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, ledger.Invalid("uuid", ledger.Text{En: "the id is not a UUID", Zh: "标识不是 UUID"})
	}
	return id, nil
}

var strongETag = regexp.MustCompile(`^"(0|[1-9][0-9]{0,18})"$`)

// ifMatch reads If-Match: the strong ETag of one version, or *. The version is that which the
// client saw; 0 where it named none.
func ifMatch(h http.Header) (ledger.Expectation, ledger.Version, error) {
	values := h.Values("If-Match")
	if len(values) == 0 {
		return ledger.Expectation{}, 0, nil
	}
	text := strings.TrimSpace(values[0])
	if len(values) == 1 && text == "*" {
		return ledger.Whatever(), 0, nil
	}
	if len(values) == 1 && strongETag.MatchString(text) {
		if v, err := strconv.ParseUint(text[1:len(text)-1], 10, 64); err == nil {
			return ledger.At(ledger.Version(v)), ledger.Version(v), nil
		}
	}
	return ledger.Expectation{}, 0, ledger.Invalid("if-match", ledger.Text{
		En: `If-Match must be the one strong ETag you were shown, such as "7", or *`,
		Zh: `If-Match 须为所见的一个强 ETag(如 "7")或 *`,
	})
}

// mostWait bounds what a client may ask for with Prefer: wait.
const mostWait = 30 * time.Second

// wish is what Prefer asks for (RFC 7240). What is not understood is passed over.
type wish struct {
	minimal bool
	waits   bool
	wait    time.Duration
}

func prefer(h http.Header) wish {
	var w wish
	for part := range strings.SplitSeq(strings.Join(h.Values("Prefer"), ","), ",") {
		preference, _, _ := strings.Cut(part, ";")
		name, value, _ := strings.Cut(preference, "=")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "return":
			w.minimal = w.minimal || value == "minimal"
		case "wait":
			if n, err := strconv.ParseUint(value, 10, 16); err == nil && !w.waits {
				w.waits, w.wait = true, min(time.Duration(n)*time.Second, mostWait)
			}
		}
	}
	return w
}

// The languages of messages.
const (
	english = "en"
	chinese = "zh-CN"
)

// language chooses by Accept-Language: any zh is Chinese, all else English.
func language(h http.Header) string {
	best, chosen := 0.0, english
	for tag, q := range weighted(h.Values("Accept-Language")) {
		primary, _, _ := strings.Cut(tag, "-")
		var lang string
		switch primary {
		case "zh":
			lang = chinese
		case "en", "*":
			lang = english
		}
		if lang != "" && q > best {
			best, chosen = q, lang
		}
	}
	return chosen
}

// weighted yields the items of a header with their q-values, in lower case. An item whose
// q-value cannot be read has none of it.
func weighted(values []string) func(yield func(string, float64) bool) {
	return func(yield func(string, float64) bool) {
		for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
			name, params, _ := strings.Cut(item, ";")
			q := 1.0
			for p := range strings.SplitSeq(params, ";") {
				if text, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(p)), "q="); ok {
					q = quality(text)
				}
			}
			name = strings.ToLower(strings.TrimSpace(name))
			if name != "" && !yield(name, q) {
				return
			}
		}
	}
}

// quality reads a q-value, 0 to 1; NaN and the like are 0.
func quality(text string) float64 {
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || !(q > 0) {
		return 0
	}
	return min(q, 1)
}

// format is a form an answer can take.
type format string

const (
	formatJSON   format = "json"
	formatNDJSON format = "ndjson"
	formatCSV    format = "csv"
	formatXLSX   format = "xlsx"

	formatBatch       format = "cloudevents-batch" // CloudEvents, a page of them
	formatCloudEvents format = "cloudevents"       // one a line
	formatLive        format = "live"              // one each time that an event is recorded
)

var mediaTypes = map[format]string{
	formatJSON: "application/json", formatNDJSON: "application/x-ndjson", formatCSV: "text/csv",
	formatXLSX:  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	formatBatch: "application/cloudevents-batch+json", formatCloudEvents: "application/x-ndjson", formatLive: "text/event-stream",
}

// negotiate chooses among the forms offered, the first where the client does not care. The
// parameter format wins over Accept, because links in browsers cannot set a header.
func negotiate(h http.Header, asked string, offers ...format) (format, error) {
	chosen, best, closest := format(""), 0.0, 0
	for _, offer := range offers {
		q, near := accepts(h.Values("Accept"), mediaTypes[offer])
		if string(offer) == asked {
			return offer, nil
		}
		if c := cmp.Compare(q, best); c > 0 || c == 0 && q > 0 && near > closest {
			chosen, best, closest = offer, q, near
		}
	}
	if asked == "" && chosen != "" {
		return chosen, nil
	}
	text := ledger.Text{En: "this is to be had as", Zh: "可用格式:"}
	for _, offer := range offers {
		text.En, text.Zh = text.En+" "+string(offer), text.Zh+" "+string(offer)
	}
	if asked != "" {
		return "", ledger.Invalid("format", text)
	}
	return "", refusal{status: http.StatusNotAcceptable, error: ledger.Invalid("not-acceptable", text)}
}

// accepts is the q-value that Accept gives a media type, and how closely the range fits that
// gave it: 3 by name, 2 by its first half, 1 by */*.
func accepts(values []string, media string) (q float64, near int) {
	if len(values) == 0 {
		return 1, 1
	}
	half, _, _ := strings.Cut(media, "/")
	fits := map[string]int{media: 3, half + "/*": 2, "*/*": 1}
	for item, weight := range weighted(values) {
		if n := fits[item]; n > near {
			q, near = weight, n
		}
	}
	return q, near
}

// onlyJSON refuses a body of another type.
func onlyJSON(h http.Header) error {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err == nil && media == "application/json" {
		return nil
	}
	return refusal{status: http.StatusUnsupportedMediaType, error: ledger.Invalid("media-type", ledger.Text{
		En: "a command is sent as Content-Type: application/json", Zh: "命令须以 Content-Type: application/json 发送",
	})}
}

var traceparent = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$`)

// traceID is the trace id of a valid traceparent (W3C), or "".
func traceID(h http.Header) string {
	m := traceparent.FindStringSubmatch(h.Get("Traceparent"))
	if m == nil || strings.Trim(m[1], "0") == "" || strings.Trim(m[2], "0") == "" {
		return ""
	}
	return m[1]
}
