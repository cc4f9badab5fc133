package local

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/toygres/toygres"
)

// failure turns err into a [toygres.Error] that says what we were doing and,
// where it is known, what helps. Errors that have a code keep it.
func (p *Provider) failure(doing string, err error) error {
	var coded *toygres.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &coded):
		return err
	case errors.Is(err, context.Canceled):
		return toygres.Errorf(toygres.CodeCancelled, "%s was cancelled: %w", doing, err)
	case errors.Is(err, context.DeadlineExceeded):
		return toygres.Errorf(toygres.CodeUnavailable, "%s took too long: %w", doing, err)
	case outOfSpace(err):
		return p.diskFull(doing, err)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOMEM):
		return toygres.Errorf(toygres.CodeExhausted, "%s failed because this machine has no more processes, open files or memory to give; raise its limits or delete instances: %w", doing, err)
	default:
		return toygres.Errorf(toygres.CodeProvider, "%s failed: %w", doing, err)
	}
}

func (p *Provider) diskFull(doing string, cause error) error {
	return &toygres.Error{
		Code:    toygres.CodeExhausted,
		Message: doing + " failed: no space left on the disk of " + p.config.Dir + "; delete instances, free space or enlarge the disk, then try again",
		Err:     cause,
	}
}

func outOfSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func notFound(id toygres.InstanceID) error {
	return toygres.Errorf(toygres.CodeNotFound, "no instance %s exists on this machine", id)
}

func beingDeleted(id toygres.InstanceID) error {
	return toygres.Errorf(toygres.CodeConflict, "the instance %s is being deleted", id)
}

// saysDiskFull reports whether PostgreSQL gives a full disk as its reason; its
// messages are all we have of it.
func saysDiskFull(output string) bool {
	output = strings.ToLower(output)
	return strings.Contains(output, syscall.ENOSPC.Error()) || strings.Contains(output, syscall.EDQUOT.Error())
}
