package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// program is one that the node runs.
type program struct {
	name string
	path string // empty for one that is in this program
	args []string
	// stop bounds how long it may take to end.
	stop time.Duration
}

// In the node, the state directory is here, whatever its name on the host. Also: sockets' names must be short.
const nodeState = "/mnt"

func nodePath(elem ...string) string {
	return filepath.Join(append([]string{nodeState}, elem...)...)
}

func pki(name string) string        { return nodePath("pki", name) }
func kubeconfig(name string) string { return pki(name + ".kubeconfig") }

const etcdURL = "http://127.0.0.1:2379" // of the node's own loopback interface, where only its own programs are

// programs lists what the node runs, in the order in which it is started.
func (c Config) programs() []program {
	return []program{
		{name: "etcd", stop: 10 * time.Second, args: []string{
			"--name=" + NodeName, "--data-dir=" + nodePath("etcd"), "--unsafe-no-fsync", "--log-level=warn",
			"--listen-client-urls=" + etcdURL, "--advertise-client-urls=" + etcdURL,
			"--listen-peer-urls=http://127.0.0.1:2380", "--initial-advertise-peer-urls=http://127.0.0.1:2380",
			"--initial-cluster=" + NodeName + "=http://127.0.0.1:2380",
		}},
		{name: "containerd", path: "containerd", stop: 10 * time.Second, args: []string{"--config", nodePath("containerd.toml")}},
		{name: "kube-apiserver", stop: 10 * time.Second, args: []string{
			"--advertise-address=" + c.NodeAddress().String(), "--bind-address=" + c.NodeAddress().String(), fmt.Sprintf("--secure-port=%d", apiPort),
			"--etcd-servers=" + etcdURL, "--service-cluster-ip-range=" + c.block(serviceBlock).String(),
			"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
			"--client-ca-file=" + pki("ca.crt"),
			"--tls-cert-file=" + pki("apiserver.crt"), "--tls-private-key-file=" + pki("apiserver.key"),
			"--kubelet-client-certificate=" + pki("apiserver-kubelet.crt"), "--kubelet-client-key=" + pki("apiserver-kubelet.key"),
			"--kubelet-certificate-authority=" + pki("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
			"--service-account-issuer=https://kubernetes.default.svc." + Domain,
			"--service-account-key-file=" + pki("service-accounts.key"), "--service-account-signing-key-file=" + pki("service-accounts.key"),
			// For API servers behind this one, of which there are none; but others watch this setting.
			"--requestheader-client-ca-file=" + pki("ca.crt"), "--requestheader-allowed-names=front-proxy",
			"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
			"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		}},
		{name: "kube-controller-manager", stop: 5 * time.Second, args: []string{
			"--kubeconfig=" + kubeconfig("controller-manager"), "--authentication-kubeconfig=" + kubeconfig("controller-manager"),
			"--authorization-kubeconfig=" + kubeconfig("controller-manager"), "--bind-address=127.0.0.1",
			"--leader-elect=false", "--use-service-account-credentials",
			"--root-ca-file=" + pki("ca.crt"), "--service-account-private-key-file=" + pki("service-accounts.key"),
		}},
		{name: "kube-scheduler", stop: 5 * time.Second, args: []string{
			"--kubeconfig=" + kubeconfig("scheduler"), "--authentication-kubeconfig=" + kubeconfig("scheduler"),
			"--authorization-kubeconfig=" + kubeconfig("scheduler"), "--bind-address=127.0.0.1", "--leader-elect=false",
		}},
		{name: "kubelet", stop: 5 * time.Second, args: []string{
			"--config=" + nodePath("kubelet.yaml"), "--kubeconfig=" + kubeconfig("kubelet"),
			"--hostname-override=" + NodeName, "--node-ip=" + c.NodeAddress().String(),
		}},
		{name: "kube-proxy", stop: 5 * time.Second, args: []string{
			"--kubeconfig=" + kubeconfig("proxy"), "--hostname-override=" + NodeName, "--proxy-mode=nftables",
			"--cluster-cidr=" + c.block(podBlock).String(),
			// The machine's limit for connections is not ours to change.
			"--conntrack-max-per-core=0",
		}},
		{name: "coredns", stop: 5 * time.Second, args: []string{"-conf", nodePath("Corefile")}},
		{name: "cloud", stop: 5 * time.Second},
	}
}

// writeConfigs writes the files that the programs read.
func (c Config) writeConfigs() error {
	cniDir := nodePath("cni")
	plugins, err := cniPlugins()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.path("cni"), 0o700); err != nil {
		return err
	}
	for name, content := range map[string]string{
		"containerd.toml":      fmt.Sprintf(containerdConfig, nodePath("containerd.sock"), PauseImage, plugins, cniDir),
		"cni/10-pods.conflist": fmt.Sprintf(cniConfig, c.block(podBlock)),
		"kubelet.yaml":         fmt.Sprintf(kubeletConfig, c.NodeAddress(), nodeState, c.cgroup(), c.dnsService(), Domain),
		"Corefile":             fmt.Sprintf(corefile, c.NodeAddress(), Domain, kubeconfig("coredns")),
		"resolv.conf":          "",
	} {
		if err := os.WriteFile(c.path(name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// PauseImage holds each pod's namespaces.
const PauseImage = "docker.io/toygres/pause:1"

const containerdConfig = `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = %q
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  # Where the capability to lower it is missing, containers must do with our own score.
  restrict_oom_score_adj = true
  # A profile would be loaded into the host's kernel.
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = %q
    conf_dir = %q
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`

// Each pod has an interface of its own to the node, which routes, so that all traffic passes the proxy's rules. With a
// bridge, answers from one pod to another would bypass them, unless the kernel filters bridges.
// Addresses in use are forgotten with the pods' namespaces, when the node ends.
const cniConfig = `{
  "cniVersion": "0.4.0",
  "name": "pods",
  "plugins": [{
    "type": "ptp",
    "ipam": {
      "type": "host-local",
      "dataDir": "/run/cni-addresses",
      "ranges": [[{"subnet": "%s"}]],
      "routes": [{"dst": "0.0.0.0/0"}]
    }
  }]
}
`

const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: %[1]s
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %[2]s/pki/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: %[2]s/pki/kubelet.crt
tlsPrivateKeyFile: %[2]s/pki/kubelet.key
containerRuntimeEndpoint: unix://%[2]s/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /%[3]s
failCgroupV1: false
failSwapOn: false
clusterDNS: [%[4]s]
clusterDomain: %[5]s
resolvConf: %[2]s/resolv.conf
volumePluginDir: /var/lib/kubelet/volume-plugins
serializeImagePulls: false
# Images can't be fetched again, and a disk that is fuller than a real node's is no reason to evict.
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard:
  memory.available: 50Mi
  nodefs.available: 1%%
  nodefs.inodesFree: 1%%
  imagefs.available: 1%%
`

const corefile = `.:53 {
    bind %s
    errors
    health 127.0.0.1:8080
    ready 127.0.0.1:8181
    kubernetes %s in-addr.arpa {
        kubeconfig %s
        pods insecure
    }
    cache 5
}
`
