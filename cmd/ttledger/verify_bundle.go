package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"

	"github.com/google/uuid"

	"ttledger/adapters/tlog"
	"ttledger/domain/ledger"
)

// file verifies a file: a receipt, or a bundle as it was packed.
func (v *verifying) file(ctx context.Context, name string, a tlog.Audit) (err error) {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, len(proofHead))
	if n, _ := io.ReadFull(f, head); string(head[:n]) == proofHead {
		return v.receipt(name, a)
	}
	packed, err := zip.OpenReader(name)
	if err != nil {
		return fmt.Errorf("%w: %s is neither a receipt nor an audit bundle that can be read: %w", errDifferent, name, err)
	}
	defer func() { err = errors.Join(err, packed.Close()) }()
	return v.bundle(ctx, packed, a)
}

const proofHead = "c2sp.org/tlog-proof@v1\n"

// receiptRead is what a receipt says.
type receiptRead struct {
	Entry      ledger.Entry   `json:"entry"`
	Stream     string         `json:"stream"`
	Version    ledger.Version `json:"version"`
	Type       string         `json:"type"`
	Event      uuid.UUID      `json:"event"`
	Metadata   string         `json:"metadata_sha256"`
	Data       string         `json:"data_sha256"`
	Checkpoint string         `json:"checkpoint"`
}

func (r *receiptRead) print(w io.Writer) {
	fmt.Fprintf(w, "entry %d of %s\n  is %s version %d, %s, event %s\n  SHA-256 of its metadata %s\n  SHA-256 of its data     %s\n",
		r.Entry, r.Checkpoint, r.Stream, r.Version, r.Type, r.Event, r.Metadata, r.Data)
}

// receipt verifies one by keys that the auditor brings; a receipt vouches for no key.
func (v *verifying) receipt(name string, a tlog.Audit) error {
	if len(a.Keys) == 0 {
		return usageError{errors.New("a receipt is verified by a key that you kept: --key FILE, such as the server's /checkpoint.keys")}
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	r, c, err := tlog.CheckReceipt(raw, a.Keys)
	if err != nil {
		v.out.Add(tlog.Finding{Check: "receipt", What: "the receipt proves nothing", Found: err.Error()})
		return nil
	}
	v.out.Receipt = &receiptRead{r.Entry, r.Leaf.Stream, r.Leaf.Version, r.Leaf.Type, r.Leaf.Event,
		hex.EncodeToString(r.Leaf.Meta[:]), hex.EncodeToString(r.Leaf.Data[:]), c.Line()}
	v.out.Ledger, v.out.Checkpoint = r.Leaf.Ledger, c.Line()
	for _, old := range a.Older {
		if old.N == c.N && old.Hash != c.Hash || old.Origin != c.Origin {
			v.out.Add(tlog.Finding{Check: "consistency", What: "the receipt's checkpoint is not the one that you hold", Expected: old.Line(), Found: c.Line()})
		}
	}
	return nil
}

// bundle verifies an audit bundle, on a machine that has nothing else.
func (v *verifying) bundle(ctx context.Context, files fs.FS, a tlog.Audit) error {
	a.Log = func(_ context.Context, path string) ([]byte, error) { return fs.ReadFile(files, path) }
	raw, err := a.Log(ctx, tlog.CheckpointFile)
	if err == nil {
		origin, _, _ := strings.Cut(string(raw), "\n")
		a.Ledger, err = uuid.Parse(strings.TrimPrefix(origin, "ttledger/"))
	}
	if err != nil {
		v.out.Add(tlog.Finding{Check: "checkpoint", What: "the bundle's checkpoint cannot be read", Found: err.Error()})
	}
	rules := policies{}
	a.Events = func(yield func(ledger.Recorded, error) bool) {
		for r, err := range bundled(files) {
			if err == nil {
				rules.note(r)
			}
			if !yield(r, err) {
				return
			}
		}
	}
	if err := v.audit(ctx, a); err != nil {
		return err
	}
	v.out.Views, v.out.Vault = "a bundle has none", "a bundle has no keys"
	v.policies(files, rules)
	v.receiptsIn(files, a)
	v.cosignedIn(files, a)
	return v.sums(files)
}

// bundled reads the events of a bundle.
func bundled(files fs.FS) iter.Seq2[ledger.Recorded, error] {
	return func(yield func(ledger.Recorded, error) bool) {
		f, err := files.Open(bundleEvents)
		if err != nil {
			yield(ledger.Recorded{}, err)
			return
		}
		defer f.Close()
		n := ledger.Entry(0)
		for line, err := range jsonLines(f) {
			var e bundleLine
			if err == nil {
				err = json.Unmarshal(line, &e)
			}
			if n++; err == nil && e.Entry != n {
				err = fmt.Errorf("entry %d stands where entry %d belongs", e.Entry, n)
			}
			var r ledger.Recorded
			if err == nil {
				r, err = eventLine{Stream: e.Stream, Version: e.Version, ID: e.ID, Type: e.Type}.recorded([]byte(e.Metadata), []byte(e.Data))
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// policies holds the rules that a bundle shows against those that its events come to.
func (v *verifying) policies(files fs.FS, rules policies) {
	want, err := rules.files()
	if err != nil {
		v.out.Add(tlog.Finding{Check: "policy", What: "the events do not come to policies", Found: err.Error()})
		return
	}
	for name, text := range want {
		got, err := fs.ReadFile(files, name)
		if err != nil || !bytes.Equal(got, text) {
			v.out.Add(tlog.Finding{Check: "policy", What: name + " is not what the events come to", Expected: string(text), Found: string(got)})
		}
	}
	for _, name := range namesIn(files, "policies") {
		if want[name] == nil {
			v.out.Add(tlog.Finding{Check: "policy", What: name + " is no policy that the events come to", Found: name})
		}
	}
}

func namesIn(files fs.FS, folder string) (names []string) {
	entries, _ := fs.ReadDir(files, folder) // none where it is not there
	for _, e := range entries {
		names = append(names, folder+"/"+e.Name())
	}
	return names
}

func (v *verifying) receiptsIn(files fs.FS, a tlog.Audit) {
	keys := a.Keys
	if len(keys) == 0 {
		text, _ := fs.ReadFile(files, tlog.KeysFile) // told of already where it is not there
		keys = tlog.ParseKeys(text)
	}
	for _, name := range namesIn(files, "receipts") {
		raw, err := fs.ReadFile(files, name)
		if err == nil {
			_, _, err = tlog.CheckReceipt(raw, keys)
		}
		if err != nil {
			v.out.Add(tlog.Finding{Check: "receipt", What: name + " proves nothing", Found: err.Error()})
		}
	}
}

// cosignedIn holds what witnesses signed against the history: their checkpoints are older ones,
// whoever has their keys may verify the signatures too.
func (v *verifying) cosignedIn(files fs.FS, a tlog.Audit) {
	for _, name := range namesIn(files, "cosignatures") {
		raw, err := fs.ReadFile(files, name)
		var c tlog.Checkpoint
		if err == nil {
			c, err = tlog.ParseCheckpoint(raw)
		}
		if err == nil {
			err = tlog.RootAt(context.Background(), a.Log, int64(v.out.Sealed), c)
		}
		if err != nil {
			v.out.Add(tlog.Finding{Check: "cosignature", What: name + " is of another history", Found: err.Error()})
		}
	}
}

// sums holds every file against the list, and the list against the files.
func (v *verifying) sums(files fs.FS) error {
	text, err := fs.ReadFile(files, bundleSums)
	if err != nil {
		v.out.Add(tlog.Finding{Check: "bundle", What: "the list of files cannot be read", Found: err.Error()})
		return nil
	}
	listed := map[string]bool{bundleSums: true}
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		listed[name] = true
		if found := sumOf(files, name); !ok || found != sum {
			v.out.Add(tlog.Finding{Check: "bundle", What: name + " is not as it was packed", Expected: sum, Found: found})
		}
	}
	return fs.WalkDir(files, ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !listed[path] {
			v.out.Add(tlog.Finding{Check: "bundle", What: path + " was not packed", Found: path})
		}
		return nil
	})
}

func sumOf(files fs.FS, name string) string {
	f, err := files.Open(name)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err.Error()
	}
	return hex.EncodeToString(h.Sum(nil))
}
