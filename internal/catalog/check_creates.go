package catalog

import (
	"context"

	"github.com/toygres/toygres"
)

// CheckCreates says of each new instance why [Store.BeginCreate] would refuse it
// if they were begun now, one after the other; nil where it would not. Another
// request may come first.
func (s *Store) CheckCreates(ctx context.Context, owner toygres.UserID, items []NewItem) ([]error, error) {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = clean(item.Name)
	}
	living, err := collect(ctx, s, ScanInstance, `SELECT `+instanceColumns+fromInstances+` WHERE i.state <> 'deleted' AND i.name = ANY ($1)`, names)
	if err != nil {
		return nil, err
	}
	who, quota, use, err := s.quotaOf(ctx, activeUser, owner)
	if err != nil {
		return nil, err
	}
	taken := make(map[string]error, len(living))
	for _, instance := range living {
		taken[instance.Spec.Name] = nameTaken(instance)
	}
	why := make([]error, len(items))
	for i, item := range items {
		if why[i] = toygres.ValidateName(item.Name); why[i] != nil {
			continue
		}
		if why[i] = taken[item.Name]; why[i] != nil {
			continue
		}
		if why[i] = overQuota(who, quota, use, Use{Instances: 1, StorageGiB: item.Spec.StorageGiB}); why[i] == nil {
			use.Instances++
			use.StorageGiB += item.Spec.StorageGiB
		}
	}
	return why, nil
}
