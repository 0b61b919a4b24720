package webui

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// asset is a file that pages load, under an address that changes with what is in it.
type asset struct {
	media string
	tag   string
	raw   []byte
}

func loadAssets() (map[string]asset, error) {
	all := map[string]asset{}
	err := fs.WalkDir(staticFiles, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := staticFiles.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(raw)
		media := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)]
		if media == "" {
			media = mime.TypeByExtension(".txt")
		}
		all[strings.TrimPrefix(name, "static/")] = asset{media, hex.EncodeToString(sum[:6]), raw}
		return nil
	})
	return all, err
}

// assetPath is the address of a file: what is in it is part of it, so that it may be kept for ever.
func (s *site) assetPath(name string) (string, error) {
	a, ok := s.assets[name]
	if !ok {
		return "", &fs.PathError{Op: "asset", Path: name, Err: fs.ErrNotExist}
	}
	return "/assets/" + name + "?v=" + a.tag, nil
}

func (s *site) asset(w http.ResponseWriter, r *http.Request) {
	s.file(w, r, strings.TrimPrefix(r.URL.Path, "/assets/"))
}

func (s *site) favicon(w http.ResponseWriter, r *http.Request) { s.file(w, r, "icon.svg") }

func (s *site) file(w http.ResponseWriter, r *http.Request, name string) {
	a, ok := s.assets[name]
	if !ok {
		s.API.ServeHTTP(w, r)
		return
	}
	h := w.Header()
	h.Set("ETag", `"`+a.tag+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "public, no-cache")
	if r.URL.Query().Get("v") == a.tag {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == `"`+a.tag+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", a.media)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.raw) // #nosec G705 -- embedded; and there is nobody left to tell
	}
}
