package local

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/toygres/toygres"
)

// round is the watching from the first subscriber's coming to the last one's
// leaving. Only one goroutine at a time touches it.
type round struct {
	watcher *watcher
	files   *fsnotify.Watcher
	ends    chan end
	servers map[toygres.InstanceID]watched
	seen    map[toygres.InstanceID]toygres.Observation // at the last resync
}

// watched is a server whose end we wait for.
type watched struct {
	pid     int
	process *process
}

// end is the news that a server has ended.
type end struct {
	id  toygres.InstanceID
	pid int
}

// newRound begins to watch: from its return on, no change is lost.
func newRound(ctx context.Context, w *watcher) (*round, error) {
	p := w.provider
	files, err := fsnotify.NewWatcher()
	if errors.Is(err, syscall.EMFILE) {
		return nil, toygres.Errorf(toygres.CodeExhausted, "the instances can't be watched: this user has no inotify instance left; raise the sysctl fs.inotify.max_user_instances: %w", err)
	}
	if err != nil {
		return nil, p.failure("watching the instances", err)
	}
	r := &round{
		watcher: w, files: files, ends: make(chan end),
		servers: map[toygres.InstanceID]watched{}, seen: map[toygres.InstanceID]toygres.Observation{},
	}
	if err := r.attachAll(ctx); err != nil {
		r.close()
		return nil, p.failure("watching the instances", err)
	}
	return r, nil
}

func (r *round) attachAll(ctx context.Context) error {
	if err := r.watch(r.watcher.provider.config.Dir); err != nil {
		return err
	}
	ids, err := r.watcher.provider.list()
	for _, id := range ids {
		err = errors.Join(err, r.attach(ctx, id))
	}
	return err
}

// watch watches a directory. Doing so again costs next to nothing.
func (r *round) watch(path string) error {
	err := r.files.Add(path)
	if errors.Is(err, syscall.ENOSPC) { // not the disk
		return toygres.Errorf(toygres.CodeExhausted, "%s can't be watched: this user has no inotify watch left; raise the sysctl fs.inotify.max_user_watches: %w", path, err)
	}
	return err
}

// attach watches what there is of the instance now: its directory, its data
// directory and its server.
func (r *round) attach(ctx context.Context, id toygres.InstanceID) error {
	d, _ := r.watcher.provider.directory(id)
	for _, path := range []string{d.path, d.data()} {
		if err := r.watch(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	pid := d.server().pid
	if r.servers[id].pid == pid {
		return nil
	}
	r.drop(id)
	process, err := d.hold(pid)
	if process == nil || err != nil {
		return err
	}
	r.servers[id] = watched{pid, process}
	go func() {
		if process.wait(ctx) != nil {
			return // closed, because another one has taken its place or nobody watches
		}
		select {
		case r.ends <- end{id, pid}:
		case <-ctx.Done():
		}
	}()
	return nil
}

func (r *round) run(ctx context.Context) {
	defer r.close()
	resync := time.NewTicker(r.watcher.provider.timing.resync)
	defer resync.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-r.files.Events:
			if id, ok := r.concerns(event.Name); ok {
				r.changed(ctx, id)
			}
		case e := <-r.ends:
			if r.servers[e.id].pid == e.pid {
				r.drop(e.id)
			}
			r.changed(ctx, e.id)
		case err := <-r.files.Errors: // above all, that the kernel's queue was full
			r.watcher.provider.log.Warn("watching instances stumbled; looking at all of them", "error", err)
			r.resync(ctx)
		case <-resync.C:
			r.resync(ctx)
		}
	}
}

// changed tells of a change, after it has made sure that the next one will be
// noticed.
func (r *round) changed(ctx context.Context, id toygres.InstanceID) {
	if err := r.attach(ctx, id); err != nil {
		r.watcher.provider.log.Error("an instance can't be watched", "instance", id, "error", err)
	}
	r.watcher.tell(id)
}

// concerns returns the instance whose observation may change with the file.
func (r *round) concerns(path string) (toygres.InstanceID, bool) {
	rest, ok := strings.CutPrefix(path, r.watcher.provider.config.Dir+"/")
	if !ok {
		return "", false
	}
	id, file, _ := strings.Cut(rest, "/")
	switch file {
	case "", specFile, statusFile, deletedFile, copyFile, "data", "data/" + postmasterPID:
		return toygres.InstanceID(id), identity.MatchString(id)
	default:
		return "", false
	}
}

// resync looks at everything, in case a watch has missed something.
func (r *round) resync(ctx context.Context) {
	p := r.watcher.provider
	if err := r.attachAll(ctx); err != nil {
		p.log.Error("the instances can't be watched", "error", err)
	}
	ids, err := p.list()
	if err != nil {
		p.log.Error("the instances can't be listed", "error", err)
		return
	}
	now := make(map[toygres.InstanceID]toygres.Observation, len(ids))
	for _, id := range ids {
		now[id] = p.observe(id)
		if before, known := r.seen[id]; !known || before != now[id] {
			r.watcher.tell(id)
		}
	}
	for id := range r.seen {
		if _, exists := now[id]; !exists {
			r.drop(id)
			r.watcher.tell(id)
		}
	}
	r.seen = now
}

// drop stops waiting for the end of the instance's server.
func (r *round) drop(id toygres.InstanceID) {
	w, ok := r.servers[id]
	if !ok {
		return
	}
	delete(r.servers, id)
	if err := w.process.close(); err != nil {
		r.watcher.provider.log.Error("letting go of a process failed", "pid", w.pid, "error", err)
	}
}

func (r *round) close() {
	for id := range r.servers {
		r.drop(id)
	}
	if err := r.files.Close(); err != nil {
		r.watcher.provider.log.Error("ending the watch of instances failed", "error", err)
	}
}
