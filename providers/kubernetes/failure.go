package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/toygres/toygres"
)

// request is what we ask of the API server, as a Role names it.
type request struct{ verb, resource string }

// failure turns an error of the API server into a [toygres.Error] that says
// what we were doing and, where it is known, what helps. Errors that have a
// code keep it.
func (p *Provider) failure(r request, err error) error {
	var coded *toygres.Error
	var network net.Error
	doing := r.verb + " " + r.resource
	switch {
	case err == nil:
		return nil
	case errors.As(err, &coded):
		return err
	case errors.Is(err, context.Canceled):
		return toygres.Errorf(toygres.CodeCancelled, "asking Kubernetes to %s was cancelled: %w", doing, err)
	case errors.Is(err, context.DeadlineExceeded):
		return toygres.Errorf(toygres.CodeUnavailable, "asking Kubernetes to %s took too long: %w", doing, err)
	case apierrors.IsForbidden(err):
		return p.forbidden(r, err)
	case apierrors.IsUnauthorized(err):
		return toygres.Errorf(toygres.CodeProvider, "Kubernetes does not know who we are; check the ServiceAccount's token or the kubeconfig: %w", err)
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsRequestEntityTooLargeError(err):
		return toygres.Errorf(toygres.CodeInvalid, "Kubernetes refuses to %s: %w", doing, err)
	case apierrors.IsNotFound(err) && r.resource != "namespaces":
		return toygres.Errorf(toygres.CodeProvider, "Kubernetes can't %s; does the namespace %s exist?: %w", doing, p.config.Namespace, err)
	case errors.As(err, &network), apierrors.IsServerTimeout(err), apierrors.IsTimeout(err),
		apierrors.IsTooManyRequests(err), apierrors.IsServiceUnavailable(err):
		return toygres.Errorf(toygres.CodeUnavailable, "the Kubernetes API at %s does not answer; it is tried again: %w", p.config.Client.Host, err)
	default:
		return toygres.Errorf(toygres.CodeProvider, "Kubernetes can't %s: %w", doing, err)
	}
}

// forbidden tells a full quota from a missing permission and from a namespace
// that goes away. Kubernetes gives all of them the same reason; its message, or
// a cause, is all that differs.
func (p *Provider) forbidden(r request, err error) error {
	if apierrors.HasStatusCause(err, "NamespaceTerminating") {
		return toygres.Errorf(toygres.CodeProvider, "the namespace %s is being deleted: %w", p.config.Namespace, err)
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) && exceedsQuota(status.Status().Message) {
		return toygres.Errorf(toygres.CodeExhausted, "a quota of the namespace %s is used up; raise it or delete instances: %w", p.config.Namespace, err)
	}
	var denied []string
	if errors.As(err, &status) {
		denied = deniedRequest.FindStringSubmatch(status.Status().Message)
	}
	if denied == nil {
		return toygres.Errorf(toygres.CodeProvider, "a policy of the cluster does not let us %s %s: %w", r.verb, r.resource, err)
	}
	verb, resource := denied[1], denied[2]
	return &toygres.Error{
		Code: toygres.CodeProvider,
		Message: fmt.Sprintf("Kubernetes does not let us %s %s in the namespace %s; add the verb %q for the resource %q to our Role",
			verb, resource, p.config.Namespace, verb, resource),
		Err: err,
	}
}

// deniedRequest finds what a Role lacks: to apply what does not exist yet, it
// is not the verb that we have used.
var deniedRequest = regexp.MustCompile(` cannot ([a-z]+) resource "([a-z./]+)"`)

// exceedsQuota reports whether Kubernetes says that a ResourceQuota is used up.
func exceedsQuota(message string) bool { return strings.Contains(message, "exceeded quota") }

func notFound(id toygres.InstanceID) error {
	return toygres.Errorf(toygres.CodeNotFound, "no instance %s exists in this cluster", id)
}

func beingDeleted(id toygres.InstanceID) error {
	return toygres.Errorf(toygres.CodeConflict, "the instance %s is being deleted", id)
}

// printable makes one line of what Kubernetes or a server says, short enough
// to be shown.
func printable(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
	const most = 500
	if r := []rune(s); len(r) > most {
		return strings.TrimSpace(string(r[:most])) + "…"
	}
	return strings.TrimSpace(s)
}
