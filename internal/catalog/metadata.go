package catalog

import (
	"context"
	"fmt"

	"github.com/toygres/toygres"
)

// changeMetadata finds no target for what is being deleted or in the trash, and
// changes nothing when there would be too many tags ($8). What is as it is asked
// to be is neither changed nor told. The tags of two requests at once are merged:
// the second waits for the row.
const changeMetadata = `
WITH target AS (
	SELECT id, name, display_name, description, tags, deletion_protection, monitored,
	       jsonb_strip_nulls(tags || $5::jsonb) AS new_tags
	FROM instances
	WHERE name = $1 AND state NOT IN ('deleted', 'deleting', 'trashed')
	FOR NO KEY UPDATE
), changes AS (
	SELECT target.id, ARRAY(
		SELECT change.field FROM (VALUES
			(1, 'display_name', display_name <> $3),
			(2, 'description', description <> $4),
			(3, 'tags', tags <> new_tags),
			(4, 'deletion_protection', deletion_protection <> $6),
			(5, 'monitored', monitored <> $7)) AS change (nr, field, made)
		WHERE change.made ORDER BY change.nr) AS fields
	FROM target
	WHERE new_tags = tags OR (SELECT count(*) FROM jsonb_object_keys(new_tags)) <= $8
), changed AS (
	UPDATE instances i SET
		display_name = coalesce($3, target.display_name),
		description = coalesce($4, target.description),
		tags = target.new_tags,
		deletion_protection = coalesce($6, target.deletion_protection),
		monitored = coalesce($7, target.monitored),
		updated_at = now()
	FROM target JOIN changes ON changes.id = target.id AND changes.fields <> '{}'
	WHERE i.id = target.id
	RETURNING i.id, i.name, changes.fields, i.deletion_protection, i.monitored
), logged AS (
	INSERT INTO events (type, instance_id, instance_name, actor, message, data)
	SELECT 'instance.updated', id, name, $2, 'Changed: ' || (
			SELECT string_agg(CASE field
				WHEN 'deletion_protection' THEN 'deletion protection is ' || CASE WHEN deletion_protection THEN 'on' ELSE 'off' END
				WHEN 'monitored' THEN 'monitoring is ' || CASE WHEN monitored THEN 'on' ELSE 'off' END
				ELSE replace(field, '_', ' ') END, ', ' ORDER BY nr)
			FROM unnest(fields) WITH ORDINALITY AS f (field, nr)) || '.',
	       jsonb_build_object('changed', array_to_string(fields, ','))
	FROM changed
)
SELECT (SELECT count(*) FROM target), (SELECT count(*) FROM changes)`

// ChangeMetadata changes what is said of an instance, with an event that names
// what is different by then, and returns the instance. CodeInvalid says that a
// rule is broken, CodeConflict that it is in the trash or on its way there.
func (s *Store) ChangeMetadata(ctx context.Context, name string, metadata toygres.MetadataChange, actor toygres.UserID) (toygres.Instance, error) {
	if err := metadata.Validate(); err != nil {
		return toygres.Instance{}, err
	}
	found, allowed, err := change(ctx, s.pool, name, metadata, actor)
	if err != nil {
		return toygres.Instance{}, wrap(err)
	}
	instance, err := s.Instance(ctx, name)
	switch {
	case err != nil:
		return toygres.Instance{}, err
	case found == 0:
		return toygres.Instance{}, &toygres.Error{Code: toygres.CodeConflict, Operation: instance.Operation, Message: fmt.Sprintf(
			"can't change %q while it is %s; bring it back with undelete first", name, instance.State)}
	case allowed == 0:
		return toygres.Instance{}, toygres.TooManyTags()
	}
	return instance, nil
}

// change counts the instances that it has found, and those that have got no
// more tags than they may.
func change(ctx context.Context, db querier, name string, c toygres.MetadataChange, actor toygres.UserID) (found, allowed int, err error) {
	tags := c.Tags
	if tags == nil {
		tags = map[string]*string{}
	}
	err = db.QueryRow(ctx, changeMetadata, name, actor, c.DisplayName, c.Description, tags,
		c.DeletionProtection, c.Monitored, toygres.MaxTags).Scan(&found, &allowed)
	return found, allowed, err
}

// protected says how an instance can be deleted all the same.
func protected(instance toygres.Instance) error {
	return toygres.Errorf(toygres.CodeConflict, "%q is protected against deletion; if it is really to go, turn that off first: "+
		"`toygres update %[1]s --unprotect`, or PATCH it with \"deletion_protection\": false", instance.Spec.Name)
}
