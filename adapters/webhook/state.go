package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"ttledger/domain/ledger"
)

// State is how an endpoint fares: everything that outlives the process. It is one small file,
// replaced as a whole after each message, so that a crash leaves the state before or after it.
type State struct {
	Entry    ledger.Entry `json:"entry"`             // every event up to it was delivered, filtered out or given up
	Position string       `json:"position"`          // of Entry
	Disabled time.Time    `json:"disabled,omitzero"` // since then nothing is sent: the endpoint said 410 Gone
	Failing  *Letter      `json:"failing,omitzero"`  // the message after Entry, while it is being tried again
	Dead     []Letter     `json:"dead,omitzero"`     // given up, oldest first
}

// Letter is a message that was not delivered.
type Letter struct {
	Message  Message   `json:"message"`
	Attempts int       `json:"attempts"`
	Since    time.Time `json:"since"`        // of the first attempt
	Due      time.Time `json:"due,omitzero"` // of the next; none for a dead letter
	Error    string    `json:"error"`        // of the last
}

// Message is what is sent: that something was recorded, and where to read it. What was recorded
// is for those who may see it, and their reading is on the record.
type Message struct {
	Type      string    `json:"type"`      // the stored name
	Timestamp time.Time `json:"timestamp"` // when it was recorded
	Data      Pointer   `json:"data"`
}

// Pointer is an event's place.
type Pointer struct {
	Entry   ledger.Entry   `json:"entry"`
	Stream  string         `json:"stream"`
	Version ledger.Version `json:"version"`
	ID      uuid.UUID      `json:"id"` // of the event, and of the message: a repeat bears it again
	Type    string         `json:"type"`
}

func messageOf(r ledger.Recorded, entry ledger.Entry) Message {
	return Message{r.Type, r.Meta.RecordedAt, Pointer{entry, r.Stream.String(), r.Version, r.ID, r.Type}}
}

func stateFile(dir, name string) string { return filepath.Join(dir, name+".json") }

// ReadState is the state of an endpoint; false where it has none yet.
func ReadState(dir, name string) (s State, begun bool, err error) {
	raw, err := os.ReadFile(stateFile(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		return s, false, fmt.Errorf("state of the webhook %s: %w", name, err)
	}
	return s, true, nil
}

// write replaces the state on disk. When it returns, the new one survives a power cut.
func (s State) write(dir, name string) error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	file := stateFile(dir, name)
	unfinished := file + ".new"
	if err := writeSynced(unfinished, append(raw, '\n')); err != nil {
		return err
	}
	if err := os.Rename(unfinished, file); err != nil {
		return err
	}
	return syncDir(dir)
}

func writeSynced(file string, raw []byte) (err error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Order is what an operator asks of the sender. It is a file beside the state, which the sender
// alone writes; so it can be given to a sender that runs, and to one that is started later.
type Order string

const (
	Retry  Order = "retry"  // send the dead letters again, each once
	Enable Order = "enable" // send to an endpoint again that was disabled
)

func orderFile(dir, name string, o Order) string { return filepath.Join(dir, name+"."+string(o)) }

// Give leaves an order.
func Give(dir, name string, o Order) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return errors.Join(writeSynced(orderFile(dir, name, o), nil), syncDir(dir))
}

// given says whether there is an order to carry out. It stays until it is done with, so that a
// crash does not lose it.
func given(dir, name string, o Order) bool {
	_, err := os.Stat(orderFile(dir, name, o))
	return err == nil
}

func done(dir, name string, o Order) error { return os.Remove(orderFile(dir, name, o)) }
