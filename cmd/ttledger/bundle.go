package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ttledger/adapters/httpapi"
	"ttledger/adapters/tlog"
	"ttledger/domain/ledger"
)

// The files of an audit bundle, beside those of the log and the folders receipts, cosignatures,
// policies and schemas.
const (
	bundleEvents = "events.ndjson"
	bundleSums   = "SHA256SUMS"
	bundleCover  = "COVER.html"
)

//go:embed bundle/README.md
var bundleReadme []byte

//go:embed bundle/verify.py
var bundleScript []byte

//go:embed bundle/cover.html
var coverText string

var cover = template.Must(template.New("cover").Parse(coverText))

func bundleCommand() *cobra.Command {
	var at access
	var out string
	var receipts, cosigned []string
	c := &cobra.Command{
		Use:   "bundle",
		Short: "everything an auditor needs to verify the ledger elsewhere, in one file 审计包",
		Long: `Writes an audit bundle: every signed event with its stored bytes, the transparency log with its
checkpoint, receipts and cosignatures asked for, the policies in force, the schema of every form of
event, and a cover sheet in both languages. Personal texts are in it as ciphertext.

It is verified by ` + "`ttledger verify FILE`" + ` on a machine without the server, or with openssl, sha256sum and
Python, as the README inside says. It is asked for with an auditor's token and leaves a trace.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if out == "" {
				return usageError{errors.New("say where to: --out FILE.zip")}
			}
			b := bundling{show: steps(c.ErrOrStderr(), "entries")}
			for _, text := range receipts {
				id, err := uuid.Parse(text)
				if err != nil {
					return usageError{fmt.Errorf("--receipt is the id of an event, not %q", text)}
				}
				b.receipts = append(b.receipts, id)
			}
			return at.reach(c, func(s *audited) error {
				b.audited = s
				if err := b.cosignatures(cosigned); err != nil {
					return err
				}
				return b.write(c.Context(), out, c.OutOrStdout(), c.ErrOrStderr())
			})
		},
	}
	at.flags(c)
	c.Flags().StringVarP(&out, "out", "o", "", "file to write, whole or not at all")
	c.Flags().StringArrayVar(&receipts, "receipt", nil, "id of an event whose receipt to add; may be repeated")
	c.Flags().StringArrayVar(&cosigned, "cosigned", nil, "file with a checkpoint of this log that a witness has cosigned; may be repeated")
	return c
}

// bundling is one bundle under way.
type bundling struct {
	*audited
	receipts []uuid.UUID
	witness  map[string][]byte
	show     func(done, total int)

	zip    *zip.Writer
	sums   bytes.Buffer
	signed tlog.Checkpoint
	cover  coverSheet
}

// coverSheet is what the cover says.
type coverSheet struct {
	Ledger, Checkpoint, Keys, Made string
	Entries                        int64
	First, Last                    string // when the first and last entry were recorded
	Types                          map[string]int
	Erased                         int
	Receipts, Policies             int
	Program                        string
}

// cosignatures reads checkpoints that witnesses have signed too.
func (b *bundling) cosignatures(names []string) error {
	b.witness = map[string][]byte{}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		c, err := tlog.ParseCheckpoint(raw)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		b.witness[fmt.Sprintf("cosignatures/%d-%s", c.N, filepath.Base(name))] = raw
	}
	return nil
}

func (b *bundling) write(ctx context.Context, out string, stdout, stderr io.Writer) error {
	from, to := io.Pipe()
	go func() { to.CloseWithError(b.pack(ctx, to)) }()
	if err := writeOut(out, stdout, from); err != nil {
		return err
	}
	_, err := fmt.Fprintf(stderr, "%d entries, checkpoint %s\n", b.signed.N, b.signed.Line())
	return err
}

// pack writes the whole bundle.
func (b *bundling) pack(ctx context.Context, w io.Writer) error {
	b.zip = zip.NewWriter(w)
	raw, err := b.fetch(ctx, tlog.CheckpointFile)
	if err != nil {
		return fmt.Errorf("nothing is signed yet: %w", err)
	}
	if b.signed, err = tlog.ParseCheckpoint(raw); err != nil {
		return err
	}
	keys, err := b.fetch(ctx, tlog.KeysFile)
	if err != nil {
		return err
	}
	id, err := b.ledgerID(ctx)
	if err != nil {
		return err
	}
	b.cover = coverSheet{Ledger: id.String(), Checkpoint: b.signed.Line(), Keys: strings.TrimSpace(string(keys)), Entries: b.signed.N,
		Made: time.Now().In(ledger.Zone).Format("2006-01-02 15:04:05 -07:00"), Types: map[string]int{}, Program: version}
	for _, step := range []func() error{
		func() error { return b.add("README.md", bundleReadme) },
		func() error { return b.add("verify.py", bundleScript) },
		func() error { return b.addAll(map[string][]byte{tlog.CheckpointFile: raw, tlog.KeysFile: keys}) },
		func() error { return b.addKeys(keys) },
		func() error { return b.addTiles(ctx) },
		func() error { return b.addEvents(ctx) },
		func() error { return b.addReceipts(ctx) },
		func() error { return b.addAll(b.witness) },
		func() error { return b.addSchemas() },
		func() error { return b.addCover() },
		func() error { return b.file(bundleSums, b.sums.Bytes()) },
	} {
		if err := errors.Join(step(), ctx.Err()); err != nil {
			return err
		}
	}
	return b.zip.Close()
}

func (b *bundling) file(name string, data []byte) error {
	w, err := b.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err == nil {
		_, err = w.Write(data)
	}
	return err
}

// add is file with a line of SHA256SUMS.
func (b *bundling) add(name string, data []byte) error {
	sum := sha256.Sum256(data)
	fmt.Fprintf(&b.sums, "%x  %s\n", sum, name)
	return b.file(name, data)
}

func (b *bundling) addAll(list map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(list)) {
		if err := b.add(name, list[name]); err != nil {
			return err
		}
	}
	return nil
}

// addKeys adds the public keys as openssl reads them.
func (b *bundling) addKeys(keys []byte) error {
	for i, k := range tlog.ParseKeys(keys) {
		pem, err := tlog.PEM(k)
		if err != nil {
			return err
		}
		if err := b.add(fmt.Sprintf("keys/%d.pem", i+1), pem); err != nil {
			return err
		}
	}
	return nil
}

func (b *bundling) addTiles(ctx context.Context) error {
	for _, name := range tlog.TilesOf(b.signed.N) {
		data, err := tlog.Reader{Get: b.fetch}.Tile(ctx, name)
		if err != nil {
			return err
		}
		if err := b.add(name, data); err != nil {
			return err
		}
	}
	return nil
}

// bundleLine is an event in a bundle. Metadata and data are the stored bytes as texts, so that any
// JSON tool gives them back to the byte.
type bundleLine struct {
	Entry    ledger.Entry    `json:"entry"`
	Stream   ledger.StreamID `json:"stream"`
	Version  ledger.Version  `json:"version"`
	ID       uuid.UUID       `json:"id"`
	Type     string          `json:"type"`
	Metadata string          `json:"metadata"`
	Data     string          `json:"data"`
}

// addEvents adds all that is signed, and the policies that it comes to.
func (b *bundling) addEvents(ctx context.Context) error {
	w, err := b.zip.CreateHeader(&zip.FileHeader{Name: bundleEvents, Method: zip.Deflate})
	if err != nil {
		return err
	}
	sum, n := sha256.New(), int64(0)
	lines := json.NewEncoder(io.MultiWriter(w, sum))
	lines.SetEscapeHTML(false)
	inForce := policies{}
	for r, err := range b.events(ctx) {
		if err != nil {
			return err
		}
		n++
		b.show(int(n), int(b.signed.N))
		if err := lines.Encode(bundleLine{ledger.Entry(n), r.Stream, r.Version, r.ID, r.Type, string(r.RawMeta), string(r.Data)}); err != nil {
			return err
		}
		b.cover.note(r)
		inForce.note(r)
		if n == b.signed.N {
			break
		}
	}
	if n < b.signed.N {
		return fmt.Errorf("the ledger ends at entry %d, and its log has signed %d", n, b.signed.N)
	}
	fmt.Fprintf(&b.sums, "%s  %s\n", hex.EncodeToString(sum.Sum(nil)), bundleEvents)
	files, err := inForce.files()
	b.cover.Policies = len(files)
	return errors.Join(err, b.addAll(files))
}

func (c *coverSheet) note(r ledger.Recorded) {
	at := r.Meta.RecordedAt.In(ledger.Zone).Format("2006-01-02 15:04:05 -07:00")
	if c.First == "" {
		c.First = at
	}
	c.Last = at
	c.Types[r.Type]++
	if r.Type == erasure {
		c.Erased++
	}
}

func (b *bundling) addReceipts(ctx context.Context) error {
	for _, id := range b.receipts {
		r, err := tlog.Reader{Get: b.fetch}.Prove(ctx, id)
		if err != nil {
			return fmt.Errorf("event %s: %w", id, err)
		}
		if err := b.add("receipts/"+id.String()+".tlog-proof", r.Signed); err != nil {
			return err
		}
		b.cover.Receipts++
	}
	return nil
}

// addSchemas adds the form of each event that this release reads.
func (b *bundling) addSchemas() error {
	schemas, err := httpapi.EventSchemas(aggregates)
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	for name, schema := range schemas {
		files["schemas/"+name+".json"] = schema
	}
	return b.addAll(files)
}

func (b *bundling) addCover() error {
	var page bytes.Buffer
	if err := cover.Execute(&page, b.cover); err != nil {
		return err
	}
	return b.add(bundleCover, page.Bytes())
}
