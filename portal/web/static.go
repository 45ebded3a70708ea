package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"
)

// Static serves the files a browser keeps for ever: the address carries a hash
// of them all, so scripts that import each other by relative name stay together.
type Static struct {
	prefix string
	files  map[string]staticFile
}

type staticFile struct {
	kind   string
	plain  []byte
	packed []byte // gzip, or nil where it would not help
}

// NewStatic reads a folder.
func NewStatic(files fs.FS) (*Static, error) {
	s := &Static{files: map[string]staticFile{}}
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		sum.Write([]byte(name))
		sum.Write(text)
		s.files[name] = staticFile{kindOf(name), text, packed(text)}
		return nil
	})
	s.prefix = "/static/" + hex.EncodeToString(sum.Sum(nil))[:12] + "/"
	return s, err
}

func kindOf(name string) string {
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

func packed(text []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	w.Write(text)
	w.Close()
	if out.Len() > len(text)*9/10 {
		return nil
	}
	return out.Bytes()
}

// URL is the address of a file.
func (s *Static) URL(name string) string { return s.prefix + name }

// Handle answers /static/:version/*. A version that is not ours is not found: an
// old page then shows plainly rather than with another release's scripts.
func (s *Static) Handle(c echo.Context) error {
	name, ok := strings.CutPrefix(c.Request().URL.Path, s.prefix)
	file, found := s.files[name]
	if !ok || !found {
		return echo.ErrNotFound
	}
	head := c.Response().Header()
	head.Set("Cache-Control", "public, max-age=31536000, immutable")
	head.Add("Vary", "Accept-Encoding")
	if file.packed != nil && strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		head.Set("Content-Encoding", "gzip")
		return c.Blob(http.StatusOK, file.kind, file.packed)
	}
	return c.Blob(http.StatusOK, file.kind, file.plain)
}
