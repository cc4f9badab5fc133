package main

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const version = "v0.0.0-test"

// images makes the images once and returns their directory. They are those of
// the checkout, with whatever web UI is built there.
func images(t *testing.T) string {
	t.Helper()
	out := t.TempDir()
	if err := run(t.Context(), []string{"-project", "../..", "-out", out, "-version", version}); err != nil {
		t.Fatal(err)
	}
	return out
}

func load(t *testing.T, dir, name string) v1.Image {
	t.Helper()
	image, err := tarball.ImageFromPath(filepath.Join(dir, "toygres-"+name+".tar"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// unpack writes an image's files below a directory.
func unpack(t *testing.T, image v1.Image) string {
	t.Helper()
	dir := t.TempDir()
	content := mutate.Extract(image)
	defer content.Close()
	for reader := tar.NewReader(content); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.ModTime.Unix() != 0 {
			t.Errorf("%s belongs to %d:%d and is from %v", header.Name, header.Uid, header.Gid, header.ModTime)
		}
		path := filepath.Join(dir, header.Name)
		if header.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o755)
		} else {
			var data []byte
			if data, err = io.ReadAll(reader); err == nil {
				err = os.WriteFile(path, data, header.FileInfo().Mode())
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestImagesAreTheSameWhoeverMakesThem(t *testing.T) {
	first, second := images(t), images(t)
	for _, p := range programs {
		var digests []string
		for _, dir := range []string{first, second} {
			digest, err := load(t, dir, p.name).Digest()
			if err != nil {
				t.Fatal(err)
			}
			digests = append(digests, digest.String())
		}
		if digests[0] != digests[1] {
			t.Errorf("%s: %v", p.name, digests)
		}
	}
}

func TestImagesRunWithoutRootAndWithoutAnythingElse(t *testing.T) {
	dir := images(t)
	for _, p := range programs {
		image := load(t, dir, p.name)
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if config.Config.User != "65532:65532" || len(config.Config.Entrypoint) != 1 {
			t.Errorf("%s: %+v", p.name, config.Config)
		}
		root := unpack(t, image)
		program := config.Config.Entrypoint[0]
		binary, err := elf.Open(filepath.Join(root, program))
		if err != nil {
			t.Fatal(err)
		}
		for _, segment := range binary.Progs {
			if segment.Type == elf.PT_INTERP {
				t.Errorf("%s is linked dynamically", program)
			}
		}
		binary.Close()
		roots, err := os.ReadFile(filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"))
		if err != nil || bytes.Count(roots, []byte("BEGIN CERTIFICATE")) < 50 {
			t.Errorf("%s: there are no certificate authorities (%v)", p.name, err)
		}
	}
}

// As in a container: nothing but the image's own files, and not as root.
func TestProgramStartsFromItsImageAlone(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can change the root directory")
	}
	root := unpack(t, load(t, images(t), "api"))
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), "/toygres-api", "version")
	command.Env, command.Dir = []string{}, "/"
	command.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	out, err := command.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != version {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestImagesNeedTheWebUI(t *testing.T) {
	err := run(t.Context(), []string{"-project", t.TempDir(), "-out", t.TempDir(), "-version", version})
	if err == nil || !strings.Contains(err.Error(), "make build") {
		t.Fatal(err)
	}
}
