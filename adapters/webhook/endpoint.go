package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Endpoint is a receiver, as the file of endpoints says it.
type Endpoint struct {
	Name         string   `json:"name"`                   // names its state, too: lower case, digits and dashes
	URL          string   `json:"url"`                    // https
	SecretFile   string   `json:"secret_file"`            // whsec_… secrets, one a line, all of which sign; beside the file of endpoints unless absolute
	Types        []string `json:"types,omitzero"`         // stored names; all where empty
	AllowPrivate bool     `json:"allow_private,omitzero"` // may be at a loopback or private address, and plain http

	secrets [][]byte
}

// Load reads a file of endpoints, a JSON list, with their secrets. Where there is no file there
// are no endpoints.
func Load(file string) ([]Endpoint, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Endpoint
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for i := range all {
		e := &all[i]
		if err := e.check(all[:i]); err != nil {
			return nil, fmt.Errorf("%s: endpoint %q: %w", file, e.Name, err)
		}
		if !filepath.IsAbs(e.SecretFile) {
			e.SecretFile = filepath.Join(filepath.Dir(file), e.SecretFile)
		}
		if e.secrets, err = readSecrets(e.SecretFile); err != nil {
			return nil, fmt.Errorf("endpoint %q: %w", e.Name, err)
		}
	}
	return all, nil
}

var fileName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func (e *Endpoint) check(before []Endpoint) error {
	if !fileName.MatchString(e.Name) {
		return errors.New("a name is made of lower case letters, digits and dashes, at most 63")
	}
	if slices.ContainsFunc(before, func(o Endpoint) bool { return o.Name == e.Name }) {
		return errors.New("the name is taken")
	}
	u, err := url.Parse(e.URL)
	switch {
	case err != nil:
		return err
	case u.Scheme != "https" && !(u.Scheme == "http" && e.AllowPrivate):
		return errors.New("the url must begin with https://; http:// needs allow_private")
	case u.Hostname() == "" || u.User != nil || u.Fragment != "":
		return errors.New("the url names a host, and no user and no fragment")
	}
	return nil
}

const secretPrefix = "whsec_"

// readSecrets reads the secrets of an endpoint: 24 to 64 bytes each, as the standard says.
func readSecrets(file string) ([][]byte, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var secrets [][]byte
	for _, text := range strings.Fields(string(raw)) {
		text, ok := strings.CutPrefix(text, secretPrefix)
		secret, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil || len(secret) < 24 || len(secret) > 64 {
			return nil, fmt.Errorf("%s: a secret is %s and 24 to 64 bytes in base64", file, secretPrefix)
		}
		secrets = append(secrets, secret)
	}
	if len(secrets) == 0 {
		return nil, fmt.Errorf("%s holds no secret", file)
	}
	return secrets, nil
}

// sign is the header webhook-signature: one signature for each secret, so that a receiver that
// knows either of two can tell while they are changed.
func (e *Endpoint) sign(id string, at time.Time, body []byte) string {
	signatures := make([]string, len(e.secrets))
	for i, secret := range e.secrets {
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		h.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
	return strings.Join(signatures, " ")
}

func (e *Endpoint) wants(name string) bool {
	return len(e.Types) == 0 || slices.Contains(e.Types, name)
}
