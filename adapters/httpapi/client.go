package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"ttledger/domain/ledger"
)

// Client is a ledger behind a server.
type Client struct {
	Server string       // base address, such as http://localhost:8080
	Token  string       // whose acts these are
	Lang   string       // of messages: en, or zh-CN; en where empty
	HTTP   *http.Client // http.DefaultClient where nil
}

// Do is ledger.Ledger.Do by way of the server. Who acts is decided by the token and how it came
// in by the server, so r's Actor, Source, Trace and Cause are not sent. It tries once, and where the
// server says slower waits as long as it is told to, a few times; after
// KindUnavailable the outcome is unknown, and sending the same request again is safe.
func (c *Client) Do(ctx context.Context, r ledger.Request) (ledger.Receipt, error) {
	path := fmt.Sprintf("/v1/commands/%s/%s/%s", r.Aggregate, r.ID, r.Verb)
	header := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {r.Command.String()}}
	if expected := r.Expect.IfMatch(); expected != "" {
		header.Set("If-Match", expected)
	}
	answer, err := c.send(ctx, http.MethodPost, path, header, r.Body)
	if err != nil {
		return ledger.Receipt{}, err
	}
	defer answer.Body.Close()
	var got struct {
		result
		Stream   ledger.StreamID `json:"stream"`
		Position string          `json:"position"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
		return ledger.Receipt{}, unreachable(err)
	}
	receipt := ledger.Receipt{
		Stream: got.Stream, Version: got.Version, Events: got.Events,
		Created: answer.StatusCode == http.StatusCreated, Replayed: got.Replayed,
		Pending: answer.StatusCode == http.StatusAccepted, Effect: got.Effect,
	}
	if got.Position != "" {
		receipt.Position, err = ledger.ParsePosition(got.Position)
	}
	return receipt, err
}

// Get reads a path with its query, such as /v1/views/project-board?format=csv. The caller closes
// the body; a body that ends without the form's own end (io.EOF) was broken off.
func (c *Client) Get(ctx context.Context, path string) (*http.Response, error) {
	return c.send(ctx, http.MethodGet, path, http.Header{}, nil)
}

// Post asks for what needs no body and is no command, such as /v1/reports/k06/files. The caller
// closes the body.
func (c *Client) Post(ctx context.Context, path string) (*http.Response, error) {
	return c.send(ctx, http.MethodPost, path, http.Header{}, nil)
}

// send sends one request; what is not an answer of 2xx is an error.
func (c *Client) send(ctx context.Context, method, path string, header http.Header, body []byte) (*http.Response, error) {
	q, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.Server, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, ledger.Invalid("server-address", ledger.Text{En: "the server's address is not right: " + err.Error(), Zh: "服务器地址有误:" + err.Error()})
	}
	q.Header = header
	q.Header.Set("Authorization", "Bearer "+c.Token)
	if c.Lang != "" {
		q.Header.Set("Accept-Language", c.Lang)
	}
	client := http.Client{}
	if c.HTTP != nil {
		client = *c.HTTP
	}
	// A command that is sent elsewhere would arrive as a GET.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := client.Do(q)
	for range slower {
		if err != nil || method != http.MethodPost || answer.StatusCode != http.StatusTooManyRequests {
			break
		}
		if err := slowDown(ctx, answer); err != nil {
			return nil, err
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		answer, err = client.Do(q)
	}
	if err != nil {
		return nil, unreachable(err)
	}
	if answer.StatusCode/100 == 2 {
		return answer, nil
	}
	defer answer.Body.Close()
	return nil, failure(answer)
}

// How often a client waits for a server that says slower, and how long at most.
const (
	slower  = 5
	slowest = 10 * time.Second
)

// slowDown drops an answer of 429, by which nothing was done, and waits as long as it says.
func slowDown(ctx context.Context, answer *http.Response) error {
	defer answer.Body.Close()
	n, _ := strconv.ParseUint(answer.Header.Get("Retry-After"), 10, 16)
	select {
	case <-time.After(min(slowest, max(time.Second, time.Duration(n)*time.Second))):
		return nil
	case <-ctx.Done():
		return unreachable(ctx.Err())
	}
}

func unreachable(cause error) error {
	return ledger.Unavailable("server-unreachable", ledger.Text{En: "the server does not answer", Zh: "服务器无响应"}, cause)
}

// maxProblem bounds what is read of an answer that is an error.
const maxProblem = 8 << 20

// failure turns a problem document back into the error it was. An answer by something else, a
// proxy say, is Unavailable.
func failure(answer *http.Response) error {
	media, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	var p problem
	err := json.NewDecoder(io.LimitReader(answer.Body, maxProblem)).Decode(&p)
	if media != problemType || err != nil || p.Code == "" {
		return unreachable(fmt.Errorf("%s, %s", answer.Status, media))
	}
	known := &ledger.Error{Kind: kindOf(answer.StatusCode), Code: p.Code, Msg: ledger.Text{En: p.Detail, Zh: p.Detail}}
	for _, f := range p.Errors {
		known.Fields = append(known.Fields, ledger.Field{Pointer: f.Pointer, Detail: ledger.Text{En: f.Detail, Zh: f.Detail}})
	}
	if p.CurrentVersion != nil {
		known.Current = *p.CurrentVersion
	}
	return known
}

// kindOf reads the table of kinds from the status; a status beside it is the request's fault
// below 500 and a defect above.
func kindOf(status int) ledger.Kind {
	for kind, k := range kinds {
		if k.status == status {
			return kind
		}
	}
	switch {
	case status == http.StatusPreconditionFailed:
		return ledger.KindConflict
	case status < http.StatusInternalServerError:
		return ledger.KindInvalid
	}
	return ledger.KindInternal
}
