package cluster

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// supervisor runs the node's programs and starts those again that end by themselves. As the first process of its PID
// namespace it also reaps all orphans, so it is the only one that waits for processes.
type supervisor struct {
	mu       sync.Mutex
	running  map[int]program // by PID in the node
	restarts map[string]int
	stopping map[string]bool
	ended    chan struct{} // closed and replaced whenever a program ends
}

// restartDelay keeps a program that can't start from using up the machine.
const restartDelay = time.Second

func newSupervisor() *supervisor {
	s := &supervisor{running: map[int]program{}, restarts: map[string]int{}, stopping: map[string]bool{}, ended: make(chan struct{})}
	go s.reap()
	return s
}

func (s *supervisor) start(p program) error {
	path, args := "/proc/self/exe", append([]string{p.name}, p.args...) // by its name it may be out of sight here
	if p.path != "" {
		var err error
		if path, err = lookPath(p.path); err != nil {
			return err
		}
	} else {
		args = append([]string{"kubernetes"}, args...)
	}
	log, err := os.OpenFile(nodePath("log", p.name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()

	s.mu.Lock() // so that it is known before it can be reaped
	defer s.mu.Unlock()
	if s.stopping[p.name] {
		return nil
	}
	pid, err := syscall.ForkExec(path, args, &syscall.ProcAttr{
		Env:   []string{"PATH=" + os.Getenv("PATH"), "HOME=/run"},
		Files: []uintptr{null.Fd(), log.Fd(), log.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	s.running[pid] = p
	return s.tell()
}

func (s *supervisor) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err != nil {
			time.Sleep(10 * time.Millisecond) // no child yet
			continue
		}
		s.mu.Lock()
		p, ours := s.running[pid]
		if ours {
			delete(s.running, pid)
			close(s.ended)
			s.ended = make(chan struct{})
			if !s.stopping[p.name] {
				fmt.Fprintf(os.Stderr, "%s %s ended: %s\n", time.Now().Format(time.RFC3339), p.name, exitStatus(status))
				s.restarts[p.name]++
				time.AfterFunc(restartDelay, func() {
					if err := s.start(p); err != nil {
						fmt.Fprintln(os.Stderr, err)
					}
				})
			}
			if err := s.tell(); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
		s.mu.Unlock()
	}
}

// processes is what `status` reads.
type processes struct {
	PIDs     map[string]int `json:"pids"` // in the node's namespace
	Restarts map[string]int `json:"restarts"`
}

// tell writes down what runs. The caller has the lock.
func (s *supervisor) tell() error {
	p := processes{PIDs: map[string]int{}, Restarts: s.restarts}
	for pid, program := range s.running {
		p.PIDs[program.name] = pid
	}
	return writeJSON(nodePath("processes.json"), p)
}

// stopAll ends the programs in the right order: first those that would react to the end of others; containers when
// nobody starts them again and before what they need is gone; etcd when nobody writes to it any more.
func (s *supervisor) stopAll(programs []program, stopContainers func() error) {
	byName := map[string]program{}
	s.mu.Lock()
	for _, p := range programs {
		byName[p.name] = p
		s.stopping[p.name] = true // also one that is about to be restarted
	}
	s.mu.Unlock()
	s.stop(byName["kube-controller-manager"], byName["kube-scheduler"], byName["kubelet"], byName["cloud"])
	if err := stopContainers(); err != nil {
		fmt.Fprintln(os.Stderr, "stop the containers:", err)
	}
	s.stop(byName["kube-proxy"], byName["coredns"], byName["containerd"])
	s.stop(byName["kube-apiserver"])
	s.stop(byName["etcd"])
}

// stop ends some programs at once and waits for them.
func (s *supervisor) stop(programs ...program) {
	pending := map[string]time.Time{}
	for _, p := range programs {
		pending[p.name] = time.Now().Add(p.stop)
	}
	s.signal(slices.Collect(maps.Keys(pending)), syscall.SIGTERM)
	for {
		s.mu.Lock()
		ended := s.ended
		left := map[string]bool{}
		for _, p := range s.running {
			left[p.name] = true
		}
		s.mu.Unlock()
		var late []string
		wait := time.Second
		for name, deadline := range pending {
			if !left[name] {
				delete(pending, name)
			} else if rest := time.Until(deadline); rest <= 0 {
				late = append(late, name)
			} else {
				wait = min(wait, rest)
			}
		}
		if len(pending) == 0 {
			return
		}
		s.signal(late, syscall.SIGKILL)
		select {
		case <-ended:
		case <-time.After(wait):
		}
	}
}

func (s *supervisor) signal(names []string, signal syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for pid, p := range s.running {
		if slices.Contains(names, p.name) {
			_ = syscall.Kill(pid, signal) // it may have ended; nobody else can have its PID before it is reaped
		}
	}
}
