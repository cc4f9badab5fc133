package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// grace is how long containers have to end by themselves when the node ends.
const grace = 15 * time.Second

// stopContainers ends all containers as their pods would, side by side.
func stopContainers() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace+10*time.Second)
	defer cancel()
	connection, err := grpc.NewClient("unix://"+nodePath("containerd.sock"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	runtime := cri.NewRuntimeServiceClient(connection)
	list, err := runtime.ListContainers(ctx, &cri.ListContainersRequest{Filter: &cri.ContainerFilter{
		State: &cri.ContainerStateValue{State: cri.ContainerState_CONTAINER_RUNNING},
	}})
	if err != nil {
		return err
	}
	failures := make([]error, len(list.Containers))
	var all sync.WaitGroup
	for i, container := range list.Containers {
		all.Go(func() {
			_, failures[i] = runtime.StopContainer(ctx, &cri.StopContainerRequest{ContainerId: container.Id, Timeout: int64(grace.Seconds())})
		})
	}
	all.Wait()
	return errors.Join(failures...)
}

// Import makes the images of a tar archive, as of `docker save`, known to the node. They are found by their names, so
// nothing is pulled for them; a pod must not ask to pull them always.
func Import(ctx context.Context, state, archive string) error {
	c, err := Load(state)
	if err != nil {
		return err
	}
	if _, err := os.Stat(archive); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "ctr", "--address", c.containerd(), "--namespace", "k8s.io", "images", "import", archive).CombinedOutput()
	if err != nil {
		return fmt.Errorf("import %s: %w: %s", archive, err, strings.TrimSpace(string(out)))
	}
	return nil
}
