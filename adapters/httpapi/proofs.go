package httpapi

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"ttledger/domain/ledger"
)

// Proofs is the ledger's transparency log, as far as it is signed. What is not there is
// fs.ErrNotExist.
type Proofs interface {
	// Checkpoint is the signed note of the log, and Line the same as one line to print.
	Checkpoint(ctx context.Context) ([]byte, error)
	Line(ctx context.Context) (string, error)
	// Keys is the public keys that sign and have signed, a line each.
	Keys(ctx context.Context) ([]byte, error)
	// Tile is a tile by its path, as C2SP lays them out. It never changes.
	Tile(ctx context.Context, path string) ([]byte, error)
	// Receipt proves the entry of an event, and says of which stream the event is.
	Receipt(ctx context.Context, event uuid.UUID) (stream string, proof []byte, err error)
}

// The forms of the log's files.
const (
	noteType = "text/plain; charset=utf-8"
	tileType = "application/octet-stream"
)

// tileRoutes are as deep as the tiles of a hundred million entries. The leaves name streams, so
// they are for those who see all of them; hashes tell nothing.
func (a *api) tileRoutes() []route {
	return []route{
		{"checkpoint", "GET", "/checkpoint", public, a.checkpoint},
		{"checkpoint-keys", "GET", "/checkpoint.keys", public, a.checkpointKeys},
		{"entries", "GET", "/tile/entries/{n}", watchers, a.traced(a.tile)},
		{"entries-2", "GET", "/tile/entries/{n}/{m}", watchers, a.traced(a.tile)},
		{"entries-3", "GET", "/tile/entries/{n}/{m}/{w}", watchers, a.traced(a.tile)},
		{"tile", "GET", "/tile/{level}/{n}", public, a.tile},
		{"tile-2", "GET", "/tile/{level}/{n}/{m}", public, a.tile},
		{"tile-3", "GET", "/tile/{level}/{n}/{m}/{w}", public, a.tile},
		{"receipt", "GET", "/v1/receipts/{event}", ledger.AllRoles(), a.traced(a.receipt)},
	}
}

// proven makes what is not there a refusal of ours.
func proven(err error, code string, en, zh string) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return &ledger.Error{Kind: ledger.KindNotFound, Code: code, Err: err, Msg: ledger.Text{En: en, Zh: zh}}
}

func (a *api) checkpoint(w http.ResponseWriter, r *http.Request) error {
	return a.note(w, r, Proofs.Checkpoint)
}

func (a *api) checkpointKeys(w http.ResponseWriter, r *http.Request) error {
	return a.note(w, r, Proofs.Keys)
}

// note answers a file of the log that changes.
func (a *api) note(w http.ResponseWriter, r *http.Request, read func(Proofs, context.Context) ([]byte, error)) error {
	if err := paramsOf(r).done(); err != nil {
		return err
	}
	raw, err := read(a.proofs(), r.Context())
	if err != nil {
		return proven(err, "no-log", "this process has no transparency log, or has signed none yet", "本进程没有透明日志,或尚未签署")
	}
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Del("Vary")
	return assetOf(r.URL.Path, noteType, raw).write(w, r)
}

// tile answers a tile, to be kept for ever.
func (a *api) tile(w http.ResponseWriter, r *http.Request) error {
	if err := paramsOf(r).done(); err != nil {
		return err
	}
	path := strings.TrimPrefix(r.URL.Path, "/")
	raw, err := a.proofs().Tile(r.Context(), path)
	if err != nil {
		return proven(err, "no-tile", "the log has no such tile", "日志中没有该分块")
	}
	keep := "public"
	if strings.HasPrefix(path, "tile/entries/") {
		keep = "private"
	} else {
		w.Header().Del("Vary")
	}
	w.Header().Set("Cache-Control", keep+", max-age=31536000, immutable")
	w.Header().Set("Content-Type", tileType)
	http.ServeContent(w, r, path, time.Time{}, bytes.NewReader(raw))
	return nil
}

// receipt answers the proof of one entry, to those who see its stream.
func (a *api) receipt(w http.ResponseWriter, r *http.Request) error {
	if err := paramsOf(r).done(); err != nil {
		return err
	}
	event, err := parseUUID(mux.Vars(r)["event"])
	if err != nil {
		return err
	}
	const en, zh = "no signed checkpoint covers such an event yet; the log is signed about once a second", "尚无签署的检查点涵盖该事件;日志约每秒签署一次"
	name, proof, err := a.proofs().Receipt(r.Context(), event)
	if err != nil {
		w.Header().Set("Retry-After", retryAfter)
		return proven(err, "no-receipt", en, zh)
	}
	stream, err := ledger.ParseStreamID(name)
	if err != nil {
		return err
	}
	seen, err := a.sees(r.Context(), callOf(r).actor, stream)
	if err == nil && !seen {
		err = proven(fs.ErrNotExist, "no-receipt", en, zh)
	}
	if err != nil {
		return err
	}
	callOf(r).stream = stream.String()
	w.Header().Set("Content-Type", noteType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+event.String()+`.tlog-proof"`)
	_, err = w.Write(proof) // #nosec G705 -- text, sent with nosniff
	return err
}

// receiptPaths is where the proofs of events are.
func (a *api) receiptPaths(events []ledger.EventRef) []string {
	if a.Proofs == nil {
		return nil
	}
	var paths []string
	for _, e := range events {
		paths = append(paths, "/v1/receipts/"+e.ID.String())
	}
	return paths
}

// sealedAt is the checkpoint as a line, for what is printed; "" before the first.
func (a *api) sealedAt(ctx context.Context) (string, error) {
	line, err := a.proofs().Line(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return line, err
}

func (a *api) proofs() Proofs {
	if a.Proofs == nil {
		return unproven{}
	}
	return a.Proofs
}

// unproven is a process without a log.
type unproven struct{}

func (unproven) Checkpoint(context.Context) ([]byte, error)   { return nil, fs.ErrNotExist }
func (unproven) Line(context.Context) (string, error)         { return "", fs.ErrNotExist }
func (unproven) Keys(context.Context) ([]byte, error)         { return nil, fs.ErrNotExist }
func (unproven) Tile(context.Context, string) ([]byte, error) { return nil, fs.ErrNotExist }
func (unproven) Receipt(context.Context, uuid.UUID) (string, []byte, error) {
	return "", nil, fs.ErrNotExist
}
