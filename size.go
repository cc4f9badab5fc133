package toygres

import "fmt"

// Size is how much of everything an instance has, or should have. Where a
// change is asked for, a zero field leaves what is there as it is.
type Size struct {
	CPUMillis  int // thousandths of a core
	MemoryMiB  int // MiB of memory
	StorageGiB int // GiB of storage
}

// Size returns the size that s asks for.
func (s Spec) Size() Size {
	return Size{CPUMillis: s.CPUMillis, MemoryMiB: s.MemoryMiB, StorageGiB: s.StorageGiB}
}

// Resized returns s with another size.
func (s Spec) Resized(to Size) Spec {
	s.CPUMillis, s.MemoryMiB, s.StorageGiB = to.CPUMillis, to.MemoryMiB, to.StorageGiB
	return s
}

// IsZero reports whether s says nothing.
func (s Size) IsZero() bool { return s == Size{} }

// Or returns s with the value of other in every field that is zero.
func (s Size) Or(other Size) Size {
	if s.CPUMillis == 0 {
		s.CPUMillis = other.CPUMillis
	}
	if s.MemoryMiB == 0 {
		s.MemoryMiB = other.MemoryMiB
	}
	if s.StorageGiB == 0 {
		s.StorageGiB = other.StorageGiB
	}
	return s
}

// String returns s for people.
func (s Size) String() string {
	return fmt.Sprintf("%dm CPU, %d MiB of memory, %d GiB of storage", s.CPUMillis, s.MemoryMiB, s.StorageGiB)
}

// ValidateResize checks whether an instance of size from can become s. It
// returns an [Error] with CodeInvalid that lists every field that breaks a
// rule, or nil. That nothing changes breaks none.
func (s Size) ValidateResize(from Size) error {
	return invalid("the instance can't be resized as asked", s.checkResize(from))
}

func (s Size) checkResize(from Size) []FieldError {
	bad := s.check()
	if s.StorageGiB < from.StorageGiB && s.StorageGiB >= MinStorageGiB {
		bad = append(bad, FieldError{Field: "storage_gib", Rule: "grow",
			Message: fmt.Sprintf("can only grow: the instance has %d GiB, so ask for more than that and not for %d", from.StorageGiB, s.StorageGiB)})
	}
	return bad
}

// check returns the fields that are out of the bounds of what may be asked.
func (s Size) check() []FieldError {
	var bad []FieldError
	between := func(field string, v, lowest, highest int, unit string) {
		if v < lowest || v > highest {
			bad = append(bad, FieldError{Field: field, Rule: "range",
				Message: fmt.Sprintf("must be between %d and %d %s, not %d", lowest, highest, unit, v)})
		}
	}
	between("cpu_millis", s.CPUMillis, MinCPUMillis, MaxCPUMillis, "thousandths of a core")
	between("memory_mib", s.MemoryMiB, MinMemoryMiB, MaxMemoryMiB, "MiB")
	between("storage_gib", s.StorageGiB, MinStorageGiB, MaxStorageGiB, "GiB")
	return bad
}
