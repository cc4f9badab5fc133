package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/toygres/toygres/openapi"
)

// listInstances gives pages of two, so that cursors must be followed.
func (s *fakeServer) listInstances(w http.ResponseWriter, r *http.Request) {
	start, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	var matching []openapi.Instance
	for _, i := range s.instances {
		states := r.URL.Query()["state"]
		if (i.State == openapi.InstanceStateTrashed) != (r.URL.Query().Get("deleted") == "true") {
			continue
		}
		if strings.Contains(i.Name, r.URL.Query().Get("search")) && (len(states) == 0 || slices.Contains(states, string(i.State))) {
			matching = append(matching, i)
		}
	}
	list := openapi.InstanceList{Items: matching[min(start, len(matching)):min(start+2, len(matching))]}
	if start+2 < len(matching) {
		cursor := strconv.Itoa(start + 2)
		list.NextCursor = &cursor
	}
	answer(w, 200, list)
}

func (s *fakeServer) createInstance(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	if id, known := s.byKey[key]; known {
		answer(w, 202, s.operations[id])
		return
	}
	var request openapi.CreateInstanceRequest
	_ = json.NewDecoder(r.Body).Decode(&request)
	if r.URL.Query().Get("dry_run") == "true" {
		answer(w, 200, openapi.InstancePlan{Name: request.Name, Version: 18, CpuMillis: 1000, MemoryMib: 1024, StorageGib: 10,
			ImageType: openapi.Stock, AllowedCidrs: []string{}, Steps: []string{"provision", "mark running"}})
		return
	}
	instance := testInstance(request.Name)
	instance.State = openapi.InstanceStateCreating
	if request.Tags != nil {
		instance.Tags = *request.Tags
	}
	instance.Description, instance.DeletionProtection = request.Description, request.DeletionProtection != nil
	s.instances = append(s.instances, instance)
	operation := s.begin(openapi.Create, request.Name, "provision", "wait for ready", "test connection", "mark running")
	s.byKey[key] = operation.Id
	answer(w, 202, operation)
}

func (s *fakeServer) updateInstance(w http.ResponseWriter, r *http.Request) {
	s.onInstance(func(w http.ResponseWriter, i *openapi.Instance) {
		var request openapi.UpdateInstanceRequest
		_ = json.NewDecoder(r.Body).Decode(&request)
		to := openapi.Size{CpuMillis: i.CpuMillis, MemoryMib: i.MemoryMib, StorageGib: i.StorageGib}
		for _, field := range []struct{ of, sent *int }{{&to.CpuMillis, request.CpuMillis}, {&to.MemoryMib, request.MemoryMib}, {&to.StorageGib, request.StorageGib}} {
			if field.sent != nil {
				*field.of = *field.sent
			}
		}
		if r.URL.Query().Get("dry_run") == "true" {
			answer(w, 200, testPlan)
			return
		}
		if plan := r.URL.Query().Get("plan"); plan != "" && plan != testPlan.Fingerprint {
			refuse(w, 409, openapi.ErrorCodeConflict, "it is not as it was when this was planned")
			return
		}
		changeMetadata(i, request)
		if request.Parameters != nil || request.AllowedCidrs != nil {
			i.State = openapi.InstanceStateUpdating
			if request.AllowedCidrs != nil {
				i.AllowedCidrs = *request.AllowedCidrs
			}
			for name, value := range *cmp.Or(request.Parameters, &map[string]*string{}) {
				if delete(i.Parameters, name); value != nil {
					i.Parameters[name] = *value
				}
			}
			answer(w, 202, s.begin(openapi.Update, i.Name, "configure", "reload", "record settings"))
			return
		}
		switch {
		case to.StorageGib < i.StorageGib:
			refuse(w, 422, openapi.ErrorCodeInvalid, "storage_gib can only grow")
		case to == openapi.Size{CpuMillis: i.CpuMillis, MemoryMib: i.MemoryMib, StorageGib: i.StorageGib}:
			answer(w, 200, i)
		default:
			i.State = openapi.InstanceStateUpdating
			operation := s.begin(openapi.Resize, i.Name, "resize", "wait for ready", "test connection", "record size")
			operation.Size = &to
			answer(w, 202, operation)
		}
	})(w, r)
}

var testPlan = func() openapi.Plan {
	to := "64MB"
	return openapi.Plan{Changes: []openapi.PlannedChange{{Field: "parameters.work_mem", To: &to, Takes: openapi.TakesReload}},
		Steps: []string{"configure", "reload", "record settings"}, Takes: openapi.TakesReload,
		Interruption: "None: the server takes the change up as it runs.", Fingerprint: "0a1b"}
}()

func (s *fakeServer) listParameters(w http.ResponseWriter, i *openapi.Instance) {
	list := openapi.ParameterList{Items: []openapi.Parameter{}, FromServer: true}
	reload, fixed := openapi.TakesReload, "can't be set: Toygres manages where the server listens"
	for _, p := range []openapi.Parameter{{Name: "port", Fixed: &fixed}, {Name: "work_mem", Takes: &reload}} {
		current := "4MB"
		p.Current = &current
		if value, set := i.Parameters[p.Name]; set {
			p.Set = &value
		}
		list.Items = append(list.Items, p)
	}
	answer(w, 200, list)
}

func changeMetadata(i *openapi.Instance, request openapi.UpdateInstanceRequest) {
	if request.DisplayName != nil {
		i.DisplayName = request.DisplayName
	}
	if request.Description != nil {
		i.Description = request.Description
	}
	if request.DeletionProtection != nil {
		i.DeletionProtection = *request.DeletionProtection
	}
	if request.Monitored != nil {
		i.Monitored = *request.Monitored
	}
	if request.Tags != nil {
		for name, value := range *request.Tags {
			if delete(i.Tags, name); value != nil {
				i.Tags[name] = *value
			}
		}
	}
}

func (s *fakeServer) forkInstance(w http.ResponseWriter, r *http.Request) {
	s.onInstance(func(w http.ResponseWriter, source *openapi.Instance) {
		var request openapi.ForkInstanceRequest
		_ = json.NewDecoder(r.Body).Decode(&request)
		fork := *source
		fork.Id, fork.Name, fork.State = uuid.New(), request.Name, openapi.InstanceStateCreating
		if request.MemoryMib != nil {
			fork.MemoryMib = *request.MemoryMib
		}
		s.instances = append(s.instances, fork)
		answer(w, 202, s.begin(openapi.Fork, request.Name, "copy data", "wait for ready", "test connection", "mark running"))
	})(w, r)
}

func (s *fakeServer) upgrade(w http.ResponseWriter, i *openapi.Instance) {
	i.State = openapi.InstanceStateUpdating
	answer(w, 202, s.begin(openapi.Upgrade, i.Name, "restart", "wait for ready", "test connection", "record version"))
}

func (s *fakeServer) rotatePassword(w http.ResponseWriter, i *openapi.Instance) {
	i.State = openapi.InstanceStateUpdating
	answer(w, 202, s.begin(openapi.Rotate, i.Name, "rotate password", "mark running"))
}

func (s *fakeServer) onInstance(handler func(http.ResponseWriter, *openapi.Instance)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if i := s.find(r.PathValue("name")); i != nil {
			handler(w, i)
			return
		}
		refuse(w, 404, openapi.ErrorCodeNotFound, fmt.Sprintf("there is no instance %q", r.PathValue("name")))
	}
}

func (s *fakeServer) find(name string) *openapi.Instance {
	for i := range s.instances {
		if s.instances[i].Name == name {
			return &s.instances[i]
		}
	}
	return nil
}

func (s *fakeServer) onOperation(handler func(http.ResponseWriter, *openapi.Operation)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if id, err := uuid.Parse(r.PathValue("id")); err == nil && s.operations[id] != nil {
			handler(w, s.operations[id])
			return
		}
		refuse(w, 404, openapi.ErrorCodeNotFound, "there is no such operation")
	}
}

func (s *fakeServer) listEvents(w http.ResponseWriter, r *http.Request) {
	list := openapi.EventList{Items: []openapi.Event{}}
	for _, event := range slices.Backward(s.events) {
		if event.InstanceName == r.PathValue("name") {
			list.Items = append(list.Items, event)
		}
	}
	answer(w, 200, list)
}

func (s *fakeServer) stream(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if !s.allowed(r) {
		s.mu.Unlock()
		refuse(w, 401, openapi.ErrorCodeUnauthenticated, "nobody is signed in")
		return
	}
	sent := len(s.events)
	if last, err := strconv.Atoi(r.Header.Get("Last-Event-ID")); err == nil {
		sent = last // ids count from 1
	}
	s.streams++
	cuts := s.cuts
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	for {
		s.mu.Lock()
		fresh, changed, over := s.events[sent:], s.changed, s.cuts > cuts
		sent = len(s.events)
		s.mu.Unlock()
		for _, event := range fresh {
			if operation := r.URL.Query().Get("operation"); operation != "" && (event.OperationId == nil || event.OperationId.String() != operation) {
				continue
			}
			data, _ := json.Marshal(event)
			_, _ = fmt.Fprintf(w, ": keep-alive\n\nid: %s\nevent: %s\ndata: %s\n\n", event.Id, event.Type, data)
		}
		_ = http.NewResponseController(w).Flush()
		if over {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}
