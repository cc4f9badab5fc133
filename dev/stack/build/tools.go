package build

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

const oldestNode = 20

// CheckTools makes sure that the tools are there that building needs, and returns the version of Node.
func CheckTools(ctx context.Context) (nodeVersion string, err error) {
	for _, tool := range []struct{ name, from string }{
		{"go", "install Go 1.26 or later, from https://go.dev/dl or your distribution"},
		{"node", "install Node 20 or later, from https://nodejs.org or your distribution"},
		{"npm", "it usually comes with Node; install your distribution's package npm"},
	} {
		if _, err := exec.LookPath(tool.name); err != nil {
			return "", fmt.Errorf("%s is missing: %s", tool.name, tool.from)
		}
	}
	out, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("node --version: %w", err)
	}
	nodeVersion = strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(strings.TrimPrefix(nodeVersion, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < oldestNode {
		return "", fmt.Errorf("node is %s, but %d or later is needed", nodeVersion, oldestNode)
	}
	return nodeVersion, nil
}
