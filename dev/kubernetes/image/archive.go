package image

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// writeArchive makes an image of layers, the lowest first, and writes it as a tar archive.
func writeArchive(out, reference string, config v1.Config, layers ...string) error {
	tag, err := name.NewTag(reference)
	if err != nil {
		return err
	}
	image := empty.Image
	for _, path := range layers {
		layer, err := openLayer(path)
		if err != nil {
			return err
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			return err
		}
	}
	file, err := image.ConfigFile()
	if err != nil {
		return err
	}
	file = file.DeepCopy()
	file.Architecture, file.OS, file.Config = runtime.GOARCH, "linux", config
	if image, err = mutate.ConfigFile(image, file); err != nil {
		return err
	}
	return tarball.WriteToFile(out, tag, image)
}

// Program makes an image that holds static programs in /usr/bin and nothing else, and runs the first of them as nobody
// in particular.
func Program(out, reference string, programs ...string) error {
	scratch, err := os.MkdirTemp("", "toygres-image-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	if len(programs) == 0 {
		return fmt.Errorf("an image needs a program")
	}
	files := []file{{path: "usr/", mode: 0o755}, {path: "usr/bin/", mode: 0o755}, {path: "tmp/", mode: 0o777 | os.ModeSticky}}
	for _, program := range programs {
		content, err := os.ReadFile(program)
		if err != nil {
			return err
		}
		files = append(files, file{path: "usr/bin/" + filepath.Base(program), mode: 0o755, content: string(content)})
	}
	layer := filepath.Join(scratch, "layer.tar")
	if err := writeLayer(layer, nil, files); err != nil {
		return err
	}
	return writeArchive(out, reference, v1.Config{
		Entrypoint: []string{"/usr/bin/" + filepath.Base(programs[0])}, User: "65532:65532", WorkingDir: "/",
		Env: []string{"PATH=/usr/bin"},
	}, layer)
}
