package basebackup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxManifest bounds what the list of files takes in memory: about a million
// of them.
const maxManifest = 256 << 20

// manifest is the list of what a copy consists of, but for the log that it was
// sent with, whose records have checksums of their own. See "Backup Manifest
// Format" in PostgreSQL's manual.
type manifest struct {
	Files []struct {
		Path     string
		Encoded  string `json:"Encoded-Path"` // in hexadecimal, when it is no UTF-8
		Size     int64
		Checksum string
	}
	Checksum string `json:"Manifest-Checksum"`
}

// check compares what has arrived with the manifest.
func check(raw []byte, seen map[string]file) error {
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("the manifest can't be read: %w", err)
	}
	// The checksum is of all lines but its own.
	sum := sha256.Sum256(raw[:max(0, bytes.LastIndex(raw, []byte(`"Manifest-Checksum"`)))])
	if hex.EncodeToString(sum[:]) != m.Checksum {
		return errors.New("the manifest is damaged")
	}
	listed := make(map[string]bool, len(m.Files))
	for _, f := range m.Files {
		name := f.Path
		if f.Encoded != "" {
			decoded, err := hex.DecodeString(f.Encoded)
			if err != nil {
				return fmt.Errorf("the manifest can't be read: %w", err)
			}
			name = string(decoded)
		}
		listed[name] = true
		if got, arrived := seen[name]; !arrived {
			return fmt.Errorf("%s is missing", name)
		} else if got != (file{f.Size, f.Checksum}) {
			return fmt.Errorf("%s is damaged", name)
		}
	}
	for name := range seen {
		if !listed[name] && !strings.HasPrefix(name, "pg_wal/") && !leftOut[name] {
			return fmt.Errorf("%s is in no list", name)
		}
	}
	return nil
}
