package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// checkRequirements makes sure that what a node needs from the operating system is there.
func checkRequirements() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("a Kubernetes node needs root: containers, mounts and network interfaces are made")
	}
	var missing []string
	for _, tool := range []string{"containerd", "containerd-shim-runc-v2", "ctr", "runc", "nft", "mount"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, tool)
		}
	}
	if _, err := cniPlugins(); err != nil {
		missing = append(missing, "CNI plugins")
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s missing: run dev/kubernetes/tools, which installs Debian's packages", strings.Join(missing, ", "))
	}
	return nil
}

// cniPlugins is the directory where the plugins of the pods' network are.
func cniPlugins() (string, error) {
	for _, dir := range []string{"/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"} {
		if _, err := os.Stat(filepath.Join(dir, "ptp")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("the CNI plugins are not installed")
}
