package kubernetes

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/toygres/toygres"
)

// Logs reads the log of the instance's pod, that of the container before a
// crash included. Kubernetes keeps no log of a pod that is gone: after a stop
// or a restart it begins anew.
func (p *Provider) Logs(ctx context.Context, id toygres.InstanceID, options toygres.LogOptions) (io.ReadCloser, error) {
	if _, err := p.load(ctx, id); toygres.CodeOf(err) == toygres.CodeNotFound {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	l := &logReading{provider: p, id: id, since: options.Since}
	// The first look is the caller's, who is to hear what hinders it.
	pod, err := l.pod(ctx)
	var first []io.ReadCloser
	if err == nil {
		first, err = l.open(ctx, pod, options)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	in, out := io.Pipe()
	go func() {
		err := l.copyAll(out, first)
		if options.Follow && !errors.Is(err, io.ErrClosedPipe) { // it may only have broken off
			err = l.follow(ctx, out, pod)
		}
		if options.Follow && ctx.Err() != nil {
			err = nil // that is its end
		}
		out.CloseWithError(err) // EOF when there is none
	}()
	return &logPipe{in, cancel}, nil
}

// logPipe is the reader's end of a log.
type logPipe struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (l *logPipe) Close() error {
	l.cancel()
	return l.PipeReader.Close()
}

// logReading is the state of reading an instance's log. Kubernetes gives each
// line the time when it was written, to the nanosecond. By that it is taken up
// again where it was broken off.
type logReading struct {
	provider *Provider
	id       toygres.InstanceID
	since    time.Time // lines from before are left out

	of        types.UID // the pod whose log was read last
	container string    // and its container
	last      time.Time // its last line's time
	ended     bool      // it had ended before we read its log, so that was all
}

// pod returns the instance's pod, nil when there is none.
func (l *logReading) pod(ctx context.Context) (*corev1.Pod, error) {
	pod, err := l.provider.client.CoreV1().Pods(l.provider.config.Namespace).Get(ctx, podName(l.id), metav1.GetOptions{})
	return existing(pod, l.provider, request{"get", "pods"}, err)
}

// logged returns the server's container of which the pod's log is, "" when it
// has not begun to run, whether it has ended, and whether it had a predecessor.
func logged(pod *corev1.Pod) (container string, ended, again bool) {
	if pod == nil {
		return "", false, false
	}
	for _, s := range pod.Status.ContainerStatuses {
		switch {
		case s.Name != containerName:
		case s.State.Running != nil:
			return s.ContainerID, false, s.RestartCount > 0
		case s.State.Terminated != nil:
			return s.State.Terminated.ContainerID, true, s.RestartCount > 0
		case s.LastTerminationState.Terminated != nil: // it waits to be started again
			return s.LastTerminationState.Terminated.ContainerID, true, false
		}
	}
	return "", false, false
}

// open opens the log of the pod, and before it that of the container that was
// replaced after a crash, as far as they have not been read.
func (l *logReading) open(ctx context.Context, pod *corev1.Pod, o toygres.LogOptions) (logs []io.ReadCloser, err error) {
	container, ended, again := logged(pod)
	if container == "" || container == l.container && l.ended {
		return nil, nil
	}
	defer func() {
		if err != nil {
			closeAll(logs)
		}
	}()
	if pod.UID != l.of { // perhaps on another node, with another clock
		l.last = time.Time{}
	}
	if o.Tail < 0 {
		if err := l.skip(ctx, pod); err != nil {
			return nil, err
		}
		l.of, l.container, o.Tail = pod.UID, container, 0
	}
	if again && container != l.container {
		before := o.Tail
		if o.Tail > 0 {
			found, err := l.count(ctx, pod, o)
			if err != nil {
				return nil, err
			}
			before -= found
		}
		if o.Tail == 0 || before > 0 {
			previous, err := l.stream(ctx, pod, corev1.PodLogOptions{Previous: true, TailLines: tail(before)})
			if err == nil {
				logs = append(logs, previous)
			} else if !notThere(err) {
				return logs, l.failure(err)
			}
		}
	}
	current, err := l.stream(ctx, pod, corev1.PodLogOptions{Follow: o.Follow, TailLines: tail(o.Tail)})
	if notThere(err) {
		return logs, nil
	}
	if err != nil {
		return logs, l.failure(err)
	}
	l.of, l.container, l.ended = pod.UID, container, ended
	return append(logs, current), nil
}

// notThere reports whether Kubernetes has no such log, or not any more.
func notThere(err error) bool { return apierrors.IsBadRequest(err) || apierrors.IsNotFound(err) }

// tail says how many lines are wanted as Kubernetes has it.
func tail(lines int) *int64 {
	if lines == 0 {
		return nil
	}
	n := int64(lines)
	return &n
}

// skip takes what there is of the pod's log as read. To ask for no line of the
// past would not do: Kubernetes answers before it has found the log's end, and
// what is written meanwhile would be lost.
func (l *logReading) skip(ctx context.Context, pod *corev1.Pod) error {
	since := l.since
	defer func() { l.since = since }()
	l.since = time.Time{}
	log, err := l.stream(ctx, pod, corev1.PodLogOptions{TailLines: tail(1)})
	if notThere(err) {
		return nil
	}
	if err != nil {
		return l.failure(err)
	}
	return errors.Join(l.copy(io.Discard, log), log.Close())
}

// count returns how many lines there are of the pod's own log, at most as many
// as are wanted.
func (l *logReading) count(ctx context.Context, pod *corev1.Pod, o toygres.LogOptions) (int, error) {
	log, err := l.stream(ctx, pod, corev1.PodLogOptions{TailLines: tail(o.Tail)})
	if err != nil {
		return 0, l.failure(err)
	}
	var n lineCounter
	_, err = io.Copy(&n, log)
	return int(n), l.failure(errors.Join(err, log.Close()))
}

// lineCounter counts the lines that are written to it.
type lineCounter int

func (n *lineCounter) Write(b []byte) (int, error) {
	*n += lineCounter(bytes.Count(b, []byte("\n")))
	return len(b), nil
}

func (l *logReading) stream(ctx context.Context, pod *corev1.Pod, o corev1.PodLogOptions) (io.ReadCloser, error) {
	o.Container, o.Timestamps = containerName, true
	if from := laterOf(l.since, l.last); !from.IsZero() {
		o.SinceTime = &metav1.Time{Time: from} // which is sent to the second
	}
	return l.provider.client.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &o).Stream(ctx)
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (l *logReading) failure(err error) error {
	return l.provider.failure(request{"get", "pods/log"}, err)
}

func closeAll(logs []io.ReadCloser) {
	for _, log := range logs {
		_ = log.Close() // nothing was written to it
	}
}

// copyAll writes the logs to out, one after the other, and closes them.
func (l *logReading) copyAll(out io.Writer, logs []io.ReadCloser) error {
	defer closeAll(logs)
	for _, log := range logs {
		if err := l.copy(out, log); err != nil {
			return err
		}
	}
	return nil
}

// copy writes a log's lines without their times, and leaves out what was
// written before.
func (l *logReading) copy(out io.Writer, log io.Reader) error {
	in := bufio.NewReaderSize(log, 64<<10)
	after := l.last
	skip := false
	for midLine := false; ; {
		part, err := in.ReadSlice('\n')
		if !midLine {
			skip = false
			stamp, text, _ := bytes.Cut(part, []byte(" "))
			if at, bad := time.Parse(time.RFC3339Nano, string(stamp)); bad == nil {
				part = text
				skip = at.Before(l.since) || !after.IsZero() && !at.After(after)
				l.last = laterOf(l.last, at)
			}
		}
		if !skip && len(part) > 0 {
			if _, err := out.Write(part); err != nil {
				return err
			}
		}
		midLine = errors.Is(err, bufio.ErrBufferFull)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !midLine:
			return l.failure(err)
		}
	}
}

// followPatience is after how long a log that has ended is looked at again,
// without any change of its pod.
const followPatience = 2 * time.Second

// follow goes on with the log of whatever container comes next, until the
// instance is deleted.
func (l *logReading) follow(ctx context.Context, out io.Writer, pod *corev1.Pod) error {
	for ctx.Err() == nil {
		if pod == nil {
			switch r, err := l.provider.load(ctx, l.id); {
			case toygres.CodeOf(err) == toygres.CodeNotFound, r.deleting:
				return nil
			case err != nil && r.id == "":
				return err
			}
		}
		if err := l.awaitChange(ctx, pod); err != nil {
			return err
		}
		var err error
		if pod, err = l.pod(ctx); err != nil {
			return err
		}
		logs, err := l.open(ctx, pod, toygres.LogOptions{Follow: true})
		if err != nil {
			return err
		}
		if err := l.copyAll(out, logs); errors.Is(err, io.ErrClosedPipe) {
			return err
		} else if err != nil {
			l.ended = false // it broke off, and is taken up again
		}
	}
	return nil
}

// awaitChange waits for the next change of the pod, or for it to appear, but
// not for long.
func (l *logReading) awaitChange(ctx context.Context, pod *corev1.Pod) error {
	soon, cancel := context.WithTimeout(ctx, followPatience)
	defer cancel()
	o := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, podName(l.id)).String()}
	if pod != nil {
		o.ResourceVersion = pod.ResourceVersion
	}
	changes, err := l.provider.client.CoreV1().Pods(l.provider.config.Namespace).Watch(soon, o)
	switch {
	case apierrors.IsResourceExpired(err), apierrors.IsGone(err): // it has not changed for long
		<-soon.Done()
		return nil
	case err != nil && soon.Err() == nil:
		return l.provider.failure(request{"watch", "pods"}, err)
	case err != nil:
		return nil
	}
	defer changes.Stop()
	if change, open := <-changes.ResultChan(); !open || change.Type == watch.Error {
		<-soon.Done()
	}
	return nil
}
