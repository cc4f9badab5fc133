package kubernetes

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
	corev1 "k8s.io/api/core/v1"
)

// Whoever waits for a server asks it as long as it runs without being known to
// be ready: first every askAtLeast, then ever less, since a server that still
// recovers logs that it was asked. askTimeout is a lot within a cluster, and
// little where pods can't be reached.
const (
	askAtLeast = 50 * time.Millisecond
	askAtMost  = 10 * time.Second
	askTimeout = 250 * time.Millisecond
)

// askAgain is after how much time the pod's server is worth another question.
func askAgain(pod *corev1.Pod, now time.Time) time.Duration {
	return min(max(now.Sub(runningSince(pod))/8, askAtLeast), askAtMost)
}

// answers reports whether the server takes connections, though the pod is not
// known to be ready.
func answers(ctx context.Context, pod *corev1.Pod) bool {
	return mayServe(pod) && serves(ctx, net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(port)))
}

// mayServe reports whether the server runs, so that it may take connections
// before the node's probe has found that out, which takes the node most of a
// second.
func mayServe(pod *corev1.Pod) bool {
	return pod != nil && pod.DeletionTimestamp == nil && pod.Status.PodIP != "" && !podReady(pod) && !runningSince(pod).IsZero()
}

// runningSince is zero when the server's container does not run.
func runningSince(pod *corev1.Pod) time.Time {
	for _, s := range pod.Status.ContainerStatuses {
		if s.Name == containerName && s.State.Running != nil {
			return s.State.Running.StartedAt.Time
		}
	}
	return time.Time{}
}

// serves asks the server at the address whether it takes connections, as pg_isready
// does: it begins to sign in and leaves when the server wants to know who it
// is, of which servers log nothing. It believes the server to be itself, and
// tells it no secret. See "Protocol Flow" in PostgreSQL's manual.
func serves(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }() // it has served its purpose
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return false
	}
	plain := pgproto3.NewFrontend(conn, conn)
	plain.Send(&pgproto3.SSLRequest{})
	answer := make([]byte, 1)
	if plain.Flush() != nil {
		return false
	}
	if _, err := conn.Read(answer); err != nil || answer[0] != 'S' {
		return false
	}
	private := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}) //nolint:gosec // see above
	server := pgproto3.NewFrontend(private, private)
	server.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": superuser}})
	if server.Flush() != nil {
		return false
	}
	message, err := server.Receive()
	if err != nil {
		return false
	}
	refused, isError := message.(*pgproto3.ErrorResponse)
	const cannotConnectNow = "57P03"
	return !isError || refused.Code != cannotConnectNow
}
