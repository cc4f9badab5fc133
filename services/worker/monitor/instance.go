package monitor

import (
	"container/heap"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// instance is what a shard knows of one that it watches.
type instance struct {
	id       toygres.InstanceID
	endpoint toygres.Endpoint
	version  string // of its server, as the catalog has it or will have it
	verdict  verdict
	session  session

	due    time.Time // when the next probe is to be made
	place  int       // in the agenda; -1 while a probe is under way
	probed time.Time // when the last one was made
	anew   bool      // the next probe makes a new connection
	soon   bool      // another probe is wanted as soon as this one is over
	told   bool      // the provider has told of it since we watch; the first time says nothing new
	gone   bool      // it left while a probe was under way
	counts catalog.Probes
}

// agenda are the instances of which no probe is under way, the one whose probe
// is due first on top.
type agenda []*instance

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].due.Before(a[j].due) }
func (a agenda) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].place, a[j].place = i, j
}

// Push is for package heap.
func (a *agenda) Push(x any) {
	i := x.(*instance)
	i.place = len(*a)
	*a = append(*a, i)
}

// Pop is for package heap.
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	last.place = -1
	(*a)[len(*a)-1] = nil
	*a = (*a)[:len(*a)-1]
	return last
}

// set makes the instance's next probe due at a time.
func (a *agenda) set(i *instance, due time.Time) {
	i.due = due
	if i.place < 0 {
		heap.Push(a, i)
	} else {
		heap.Fix(a, i.place)
	}
}

func (a *agenda) remove(i *instance) {
	if i.place >= 0 {
		heap.Remove(a, i.place)
	}
}

// overdue is for how long the first probe has been due.
func (a agenda) overdue() time.Duration {
	if len(a) == 0 {
		return 0
	}
	return max(time.Since(a[0].due), 0)
}
