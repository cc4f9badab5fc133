package basebackup

import "fmt"

// Progress is how far a copy has got, in bytes. Of is an estimate, 0 until there
// is one.
type Progress struct {
	Done int64 `json:"done"`
	Of   int64 `json:"of"`
}

// String says it to whoever waits.
func (p Progress) String() string {
	if p.Of == 0 {
		return "the data is about to be copied"
	}
	return fmt.Sprintf("copying data: %d %% of %d MiB", min(p.Done*100/p.Of, 100), p.Of>>20)
}
