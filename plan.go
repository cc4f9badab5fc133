package toygres

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Effect is what it takes for a change to be there.
type Effect string

// The effects, from the least to the most.
const (
	EffectNothing Effect = "nothing"
	EffectReload  Effect = "reload"  // the server reads its files again; no connection is cut
	EffectRestart Effect = "restart" // the server starts anew; connections are cut
)

// Change is one thing that an update changes.
type Change struct {
	Field    string // as in the request, for example "parameters.work_mem"
	From, To string // "" for what is not set
	Takes    Effect
}

// Plan is what an update would do, by what is known now.
type Plan struct {
	Changes []Change   // in no case empty fields; none when there is nothing to do
	Steps   []StepName // of the operation; none when it takes none
	Takes   Effect     // the most that a change takes
	basis   []part
}

// part is something that a plan was made from.
type part struct {
	name  string
	value any
}

// PlanUpdate plans to give the instance the settings to, and to change its
// metadata. server is what its server says of the parameters that change; one
// that it does not tell of is taken to need a restart.
func PlanUpdate(i Instance, to Settings, metadata MetadataChange, server map[string]Parameter) Plan {
	from, runs := i.Spec.Settings(), i.State == StateRunning
	p := Plan{Takes: EffectNothing, Changes: metadata.changes(i.Metadata)}
	add := func(field, was, becomes string, takes Effect) {
		if was == becomes {
			return
		}
		if !runs {
			takes = EffectNothing // until it starts
		}
		p.Changes = append(p.Changes, Change{Field: field, From: was, To: becomes, Takes: takes})
	}
	add("cpu_millis", strconv.Itoa(from.Size.CPUMillis), strconv.Itoa(to.Size.CPUMillis), EffectRestart)
	add("memory_mib", strconv.Itoa(from.Size.MemoryMiB), strconv.Itoa(to.Size.MemoryMiB), EffectRestart)
	add("storage_gib", strconv.Itoa(from.Size.StorageGiB), strconv.Itoa(to.Size.StorageGiB), EffectRestart)
	changed := to.Configuration.Changed(from.Configuration)
	var told []Parameter
	for _, name := range changed {
		takes := EffectRestart
		if known, ok := server[name]; ok {
			told = append(told, known)
			if !known.NeedsRestart() {
				takes = EffectReload
			}
		}
		add("parameters."+name, from.Configuration.Parameters[name], to.Configuration.Parameters[name], takes)
	}
	add("allowed_cidrs", strings.Join(from.Configuration.AllowedCIDRs, ", "), strings.Join(to.Configuration.AllowedCIDRs, ", "), EffectReload)
	for _, c := range p.Changes {
		if c.Takes == EffectRestart || c.Takes == EffectReload && p.Takes == EffectNothing {
			p.Takes = c.Takes
		}
	}
	p.Steps = updateSteps(from, to, runs, p.Takes == EffectRestart)
	p.basis = []part{{"instance", i.ID}, {"state", i.State}, {"size", from.Size}, {"parameters", stable(from.Configuration.Parameters)},
		{"allowed_cidrs", strings.Join(from.Configuration.AllowedCIDRs, " ")}, {"metadata", i.Metadata}, {"server", told}, {"request", p.Changes}}
	return p
}

// stable is m, the same for nil as for empty.
func stable(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// updateSteps are the steps of an update that goes well.
func updateSteps(from, to Settings, runs, restart bool) []StepName {
	if to.Equal(from) {
		return nil
	}
	var steps []StepName
	configured := !to.Configuration.Equal(from.Configuration)
	if configured {
		steps = append(steps, StepConfigure, StepReload)
	}
	switch {
	case to.Size != from.Size:
		steps = append(steps, StepResize, StepAwaitReady)
	case restart:
		steps = append(steps, StepRestart, StepAwaitReady)
	}
	if restart && runs {
		steps = append(steps, StepConnect)
	}
	if configured {
		return append(steps, StepRecordSettings)
	}
	return append(steps, StepRecord)
}

// Interruption says in one sentence what clients will notice.
func (p Plan) Interruption() string {
	switch p.Takes {
	case EffectRestart:
		return "The server starts anew once: connections are cut, and new ones are taken again when it is ready, usually within seconds."
	case EffectReload:
		return "None: the server takes the change up as it runs."
	default:
		return "None."
	}
}

// Fingerprint is short and differs for whatever the plan was made from.
func (p Plan) Fingerprint() string {
	parts := make([]string, len(p.basis))
	for i, b := range p.basis {
		text, err := json.Marshal(b.value)
		if err != nil {
			panic(err) // they are plain data
		}
		sum := sha256.Sum256(text)
		parts[i] = hex.EncodeToString(sum[:5])
	}
	return strings.Join(parts, "-")
}

// Differs names what is not as it was when the plan with that fingerprint was
// made; nothing for the same plan.
func (p Plan) Differs(fingerprint string) []string {
	were, are := strings.Split(fingerprint, "-"), strings.Split(p.Fingerprint(), "-")
	if len(were) != len(are) {
		return []string{"plan"}
	}
	var differs []string
	for i, b := range p.basis {
		if were[i] != are[i] {
			differs = append(differs, b.name)
		}
	}
	return differs
}

// changes are those that c would make to m.
func (c MetadataChange) changes(m Metadata) []Change {
	var changes []Change
	add := func(field, was, becomes string) {
		if was != becomes {
			changes = append(changes, Change{Field: field, From: was, To: becomes, Takes: EffectNothing})
		}
	}
	if c.DisplayName != nil {
		add("display_name", m.DisplayName, *c.DisplayName)
	}
	if c.Description != nil {
		add("description", m.Description, *c.Description)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Tags)) {
		value := ""
		if c.Tags[name] != nil {
			value = *c.Tags[name]
		}
		add("tags."+name, m.Tags[name], value)
	}
	if c.DeletionProtection != nil {
		add("deletion_protection", fmt.Sprint(m.DeletionProtection), fmt.Sprint(*c.DeletionProtection))
	}
	if c.Monitored != nil {
		add("monitored", fmt.Sprint(m.Monitored), fmt.Sprint(*c.Monitored))
	}
	return changes
}
