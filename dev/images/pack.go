package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"io"
	"os"
	"runtime"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// The user is the one of distroless images, so that the same chart fits both.
const nonroot = "65532"

// pack makes the image of a program.
func pack(p program, binary, version string) (v1.Image, error) {
	base, err := layer(baseFiles())
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	entrypoint := "/toygres-" + p.name
	own, err := layer([]file{{name: entrypoint[1:], mode: 0o755, content: content}})
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, base, own)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	ports := map[string]struct{}{}
	for _, port := range p.ports {
		ports[port] = struct{}{}
	}
	return mutate.ConfigFile(image, &v1.ConfigFile{
		Architecture: runtime.GOARCH, OS: "linux", Created: v1.Time{Time: time.Unix(0, 0).UTC()},
		RootFS: config.RootFS, History: []v1.History{{Comment: "certificate authorities and user"}, {Comment: entrypoint}},
		Config: v1.Config{
			User: nonroot + ":" + nonroot, Entrypoint: []string{entrypoint}, WorkingDir: "/", ExposedPorts: ports,
			Env: []string{"PATH=/", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
			Labels: map[string]string{
				"org.opencontainers.image.title":    "toygres-" + p.name,
				"org.opencontainers.image.version":  version,
				"org.opencontainers.image.source":   "https://github.com/toygres/toygres",
				"org.opencontainers.image.licenses": "Apache-2.0",
			},
		},
	})
}

// file is one entry of a layer; a directory if it has no content.
type file struct {
	name    string
	mode    int64
	content []byte
}

func baseFiles() []file {
	return []file{
		{name: "etc/", mode: 0o755},
		{name: "etc/group", mode: 0o644, content: []byte("root:x:0:\nnonroot:x:" + nonroot + ":\n")},
		{name: "etc/passwd", mode: 0o644, content: []byte("root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:" + nonroot + ":" + nonroot +
			":nonroot:/home/nonroot:/sbin/nologin\n")},
		{name: "etc/ssl/", mode: 0o755},
		{name: "etc/ssl/certs/", mode: 0o755},
		{name: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, content: authorities()},
		{name: "tmp/", mode: 0o1777},
	}
}

// authorities are Mozilla's, as Go keeps them, so that an image does not
// depend on the machine where it is made.
func authorities() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue // a file of certificates can't say for what they count
		}
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes all
	}
	return out.Bytes()
}

// layer packs files with the same owner and time whoever makes it.
func layer(files []file) (v1.Layer, error) {
	var out bytes.Buffer
	writer := tar.NewWriter(&out)
	for _, f := range files {
		header := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
		if f.content == nil {
			header.Typeflag = tar.TypeDir
		}
		if err := writer.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := writer.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(out.Bytes())), nil })
}
