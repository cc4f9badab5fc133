package server

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// website serves the built UI: files that exist as they are, and index.html
// for every other path, where the UI's own router takes over.
type website struct {
	files fs.FS
	known sync.Map // path → *page
}

// page is one file, made ready on its first request.
type page struct {
	data, compressed []byte // compressed is nil when that would not help
	mediaType, etag  string
}

const notBuilt = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Toygres</title></head>
<body><h1>The web UI has not been built</h1>
<p>This API runs, but its UI was not built into it. Run <code>make build</code> and start it again.</p>
<p>Until then: <a href="/api/openapi.json">the API's contract</a>.</p></body></html>
`

// serve answers with the file at the request's path. Vite names the files
// below assets/ by their content, so that they may be kept for ever.
func (w *website) serve(c echo.Context) error {
	name := strings.TrimPrefix(path.Clean("/"+c.Request().URL.Path), "/")
	found, err := w.page(name)
	if errors.Is(err, fs.ErrNotExist) && !strings.HasPrefix(name, "assets/") && !strings.HasPrefix(name, "docs/") {
		name = "index.html"
		found, err = w.page(name)
		if errors.Is(err, fs.ErrNotExist) {
			return c.HTML(http.StatusServiceUnavailable, notBuilt)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return echo.ErrNotFound
	}
	if err != nil {
		return err
	}
	cache := "no-cache" // keep it, but ask each time whether it is still the same
	if strings.HasPrefix(name, "assets/") {
		cache = "public, max-age=31536000, immutable"
	}
	c.Response().Header().Set(echo.HeaderCacheControl, cache)
	found.serve(c)
	return nil
}

// has reports whether the build has that file.
func (w *website) has(name string) bool {
	_, err := fs.Stat(w.files, name)
	return err == nil
}

func (w *website) page(name string) (*page, error) {
	if known, ok := w.known.Load(name); ok {
		return known.(*page), nil
	}
	if name == "" || path.Base(name)[0] == '.' {
		return nil, fs.ErrNotExist // hidden files are not the site's
	}
	info, err := fs.Stat(w.files, name)
	if err != nil || info.IsDir() {
		return nil, fs.ErrNotExist
	}
	data, err := fs.ReadFile(w.files, name)
	if err != nil {
		return nil, err
	}
	made, err := newPage(data, mime.TypeByExtension(path.Ext(name)))
	if err != nil {
		return nil, err
	}
	kept, _ := w.known.LoadOrStore(name, made)
	return kept.(*page), nil
}

func newPage(data []byte, mediaType string) (*page, error) {
	if mediaType == "" {
		mediaType = http.DetectContentType(data)
	}
	sum := sha256.Sum256(data)
	p := &page{data: data, mediaType: mediaType, etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	var buffer bytes.Buffer
	writer, err := gzip.NewWriterLevel(&buffer, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := writer.Write(data); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	if buffer.Len() < len(data)*9/10 {
		p.compressed = bytes.Clone(buffer.Bytes())
	}
	return p, nil
}

// serve answers a GET or HEAD, also a conditional one.
func (p *page) serve(c echo.Context) {
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, p.mediaType)
	data, etag := p.data, p.etag
	if p.compressed != nil {
		header.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
		if strings.Contains(c.Request().Header.Get(echo.HeaderAcceptEncoding), "gzip") {
			header.Set(echo.HeaderContentEncoding, "gzip")
			data, etag = p.compressed, strings.TrimSuffix(p.etag, `"`)+`-gzip"`
		}
	}
	header.Set("ETag", etag)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(data))
}
