package server

import (
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/openapi"
)

// The conversions from the domain to the contract's types.

func (s *Server) instance(i toygres.Instance) openapi.Instance {
	out := openapi.Instance{
		Id:          id(i.ID),
		Name:        i.Spec.Name,
		DisplayName: optional(i.DisplayName),
		Description: optional(i.Description),
		Tags:        i.Tags,

		DeletionProtection: i.DeletionProtection,
		Monitored:          i.Monitored,

		Version:       i.Spec.Version,
		ServerVersion: optional(i.ServerVersion),

		UpgradeAvailable: optional(s.upgradeAvailable(i)),

		CpuMillis:    i.Spec.CPUMillis,
		MemoryMib:    i.Spec.MemoryMiB,
		StorageGib:   i.Spec.StorageGiB,
		ImageType:    openapi.ImageType(i.Spec.ImageType),
		RuntimeImage: optional(i.Spec.RuntimeImageName),
		Public:       i.Spec.Public,
		Parameters:   i.Spec.Parameters,
		AllowedCidrs: i.Spec.AllowedCIDRs,
		State:        openapi.InstanceState(i.State),
		Health:       openapi.Health(i.Health),
		Provider:     i.Provider,
		Message:      optional(i.Message),
		OperationId:  optionalID(i.Operation),
		CreatedAt:    i.CreatedAt,
		UpdatedAt:    i.UpdatedAt,

		RuntimeImageReference: optional(i.Spec.RuntimeImage),
	}
	if i.State == toygres.StateRunning {
		out.HealthMessage = optional(i.HealthMessage)
	}
	if i.State == toygres.StateTrashed || i.State == toygres.StateDeleting {
		out.PurgeAt = optionalTime(i.PurgeAt)
	}
	if !i.Endpoint.IsZero() {
		out.Endpoint = &openapi.Endpoint{Host: i.Endpoint.Host, Port: i.Endpoint.Port}
	}
	return out
}

func (s *Server) operation(o toygres.Operation) openapi.Operation {
	out := openapi.Operation{
		Id:           id(o.ID),
		Kind:         openapi.OperationKind(o.Kind),
		InstanceId:   id(o.InstanceID),
		InstanceName: o.InstanceName,
		State:        openapi.OperationState(o.State),
		CancelAsked:  o.CancelAsked,
		RetryOf:      optionalID(o.RetryOf),
		BatchId:      optionalID(o.Batch),
		Release:      optional(o.Release.String()),
		ErrorCode:    optionalCode(o.ErrorCode),
		Error:        optional(o.Error),
		UndoStep:     optional(string(toygres.UndoStep(o.Kind))),
		TemporalUrl:  optional(s.temporalURL(o)),
		CreatedAt:    o.CreatedAt,
		StartedAt:    optionalTime(o.StartedAt),
		EndedAt:      optionalTime(o.EndedAt),
		Steps:        make([]openapi.Step, len(o.Steps)),
	}
	if !o.Size.IsZero() {
		out.Size = &openapi.Size{CpuMillis: o.Size.CPUMillis, MemoryMib: o.Size.MemoryMiB, StorageGib: o.Size.StorageGiB}
	}
	if o.Kind == toygres.KindUpdate {
		out.Parameters, out.AllowedCidrs = &o.Configuration.Parameters, &o.Configuration.AllowedCIDRs
	}
	for i, step := range o.Steps {
		out.Steps[i] = openapi.Step{
			Name:        string(step.Name),
			State:       openapi.StepState(step.State),
			Attempt:     step.Attempt,
			Message:     optional(step.Message),
			Error:       optional(step.Error),
			StartedAt:   optionalTime(step.StartedAt),
			EndedAt:     optionalTime(step.EndedAt),
			NextRetryAt: optionalTime(step.NextRetryAt),
			Worker:      optional(step.Worker),
			Build:       optional(step.Build),
		}
	}
	return out
}

// temporalURL is where Temporal Web shows the operation's workflow; "" when
// there is none, or no Temporal Web.
func (s *Server) temporalURL(o toygres.Operation) string { return s.workflowURL(o.WorkflowID, o.RunID) }

func (s *Server) workflowURL(workflow, run string) string {
	if s.options.TemporalUIURL == "" || workflow == "" {
		return ""
	}
	link := s.options.TemporalUIURL + "/namespaces/" + url.PathEscape(s.options.TemporalNamespace) +
		"/workflows/" + url.PathEscape(workflow)
	if run != "" {
		link += "/" + url.PathEscape(run)
	}
	return link
}

// event converts an event; actor is the name of who did it.
func event(e toygres.Event, actor string) openapi.Event {
	out := openapi.Event{
		Id:           strconv.FormatInt(int64(e.ID), 10),
		Type:         string(e.Type),
		InstanceId:   optionalID(e.InstanceID),
		InstanceName: e.InstanceName,
		OperationId:  optionalID(e.OperationID),
		BatchId:      optionalID(e.Batch),
		Actor:        optional(actor),
		Message:      e.Message,
		CreatedAt:    e.CreatedAt,
	}
	if len(e.Data) > 0 {
		out.Data = &e.Data
	}
	return out
}

// id converts an id of the catalog, which are all UUIDs.
func id[T ~string](text T) uuid.UUID {
	parsed, err := uuid.Parse(string(text))
	if err != nil {
		return uuid.Nil
	}
	return parsed
}

func optionalID[T ~string](text T) *uuid.UUID {
	if text == "" {
		return nil
	}
	parsed := id(text)
	return &parsed
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// or returns what the pointer points to, and the zero value for none.
func or[T any](pointer *T) T {
	if pointer == nil {
		var zero T
		return zero
	}
	return *pointer
}
