package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// Quota is what a user may have at most; nil is no limit of its own.
type Quota struct {
	Instances  *int
	StorageGiB *int
}

// QuotaConfig is the quota of users for whom no administrator has set another,
// as the environment of API and worker says it; empty for none.
type QuotaConfig struct {
	Instances  *int `env:"QUOTA_INSTANCES"`
	StorageGiB *int `env:"QUOTA_STORAGE_GIB"`
}

// Quota returns the quota, if it makes sense.
func (c QuotaConfig) Quota() (Quota, error) {
	for name, limit := range map[string]*int{"TOYGRES_QUOTA_INSTANCES": c.Instances, "TOYGRES_QUOTA_STORAGE_GIB": c.StorageGiB} {
		if limit != nil && *limit < 0 {
			return Quota{}, fmt.Errorf("%s is %d, but must be at least 0; leave it out for no limit", name, *limit)
		}
	}
	return Quota(c), nil
}

// Use is what a user has. All instances count until they are removed for good,
// those in the trash and those that failed included: each holds its storage.
type Use struct {
	Instances  int
	StorageGiB int
}

// orElse fills what q leaves open.
func (q Quota) orElse(other Quota) Quota {
	if q.Instances == nil {
		q.Instances = other.Instances
	}
	if q.StorageGiB == nil {
		q.StorageGiB = other.StorageGiB
	}
	return q
}

// Quota returns what a user may have, and has.
func (s *Store) Quota(ctx context.Context, user toygres.UserID) (Quota, Use, error) {
	_, quota, use, err := s.quotaOf(ctx, `u.id = $1`, user)
	return quota, use, err
}

func (s *Store) quotaOf(ctx context.Context, condition string, args ...any) (owner string, q Quota, use Use, err error) {
	type found struct {
		owner string
		quota Quota
		use   Use
	}
	f, ok, err := one(ctx, s, func(row pgx.CollectableRow) (f found, err error) {
		return f, row.Scan(&f.owner, &f.quota.Instances, &f.quota.StorageGiB, &f.use.Instances, &f.use.StorageGiB)
	}, `SELECT u.name, u.max_instances, u.max_storage_gib, u.used_instances, u.used_storage_gib FROM users u WHERE `+condition, args...)
	if err == nil && !ok {
		err = notFound("user")
	}
	return f.owner, f.quota.orElse(s.options.Quota), f.use, err
}

// overQuota says which limit is in the way of so much more, or nil when none
// is any more.
func overQuota(owner string, quota Quota, use Use, more Use) error {
	refusal := func(field, what string, limit, used, asked int) error {
		text := fmt.Sprintf("%s may have %s, has %d and would get %d more", owner, what, used, asked)
		return &toygres.Error{Code: toygres.CodeForbidden,
			Message: text + "; remove some for good (those in the trash count), or ask an administrator for a larger quota",
			Fields:  []toygres.FieldError{{Field: field, Rule: "quota", Message: fmt.Sprintf("limit %d, used %d, asked %d", limit, used, asked)}}}
	}
	if limit := quota.Instances; limit != nil && more.Instances > 0 && use.Instances+more.Instances > *limit {
		return refusal("name", plural(*limit, "instance"), *limit, use.Instances, more.Instances)
	}
	if limit := quota.StorageGiB; limit != nil && more.StorageGiB > 0 && use.StorageGiB+more.StorageGiB > *limit {
		return refusal("storage_gib", fmt.Sprintf("%d GiB of storage", *limit), *limit, use.StorageGiB, more.StorageGiB)
	}
	return nil
}
