package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// heldImage is the constraint that keeps an image for the instances that use
// it, whatever is asked at the same time.
const heldImage = "instances_runtime_image"

const runtimeImages = `
SELECT name, reference, digest, description, created_at, (SELECT count(*) FROM instances i WHERE i.runtime_image_held = runtime_images.name)
FROM runtime_images `

// RegisterRuntimeImage adds an image. If the very same is there already it is
// returned, and added is false; another one of that name is CodeConflict.
func (s *Store) RegisterRuntimeImage(ctx context.Context, i toygres.RuntimeImage) (_ toygres.RuntimeImage, added bool, err error) {
	for range maxTries {
		tag, err := s.pool.Exec(ctx, `
			INSERT INTO runtime_images (name, reference, digest, description) VALUES ($1, $2, $3, $4)
			ON CONFLICT (name) DO NOTHING`, i.Name, i.Reference, i.Digest, i.Description)
		if err != nil {
			return toygres.RuntimeImage{}, false, wrap(err)
		}
		there, err := s.RuntimeImage(ctx, i.Name)
		switch {
		case toygres.CodeOf(err) == toygres.CodeNotFound:
			continue // deleted in between
		case err != nil:
			return toygres.RuntimeImage{}, false, err
		case there.Pinned() != i.Pinned() || there.Description != i.Description:
			const message = "is that of another image"
			return toygres.RuntimeImage{}, false, &toygres.Error{Code: toygres.CodeConflict,
				Message: fmt.Sprintf("there is a runtime image %q already, %s; choose another name, or delete that one first", i.Name, there.Pinned()),
				Fields:  []toygres.FieldError{{Field: "name", Rule: "unique", Message: message}}}
		}
		return there, tag.RowsAffected() > 0, nil
	}
	return toygres.RuntimeImage{}, false, busy()
}

// RuntimeImages returns every image by name.
func (s *Store) RuntimeImages(ctx context.Context) ([]toygres.RuntimeImage, error) {
	return collect(ctx, s, scanRuntimeImage, runtimeImages+`ORDER BY name`)
}

// RuntimeImage returns the image of that name.
func (s *Store) RuntimeImage(ctx context.Context, name string) (toygres.RuntimeImage, error) {
	image, ok, err := one(ctx, s, scanRuntimeImage, runtimeImages+`WHERE name = $1`, name)
	if err == nil && !ok {
		err = toygres.Errorf(toygres.CodeNotFound, "there is no runtime image %q", name)
	}
	return image, err
}

// DeleteRuntimeImage removes an image. CodeConflict says that instances use it.
func (s *Store) DeleteRuntimeImage(ctx context.Context, name string) error {
	tag, err := s.pool.Exec(ctx, `DELETE FROM runtime_images WHERE name = $1`, name)
	switch {
	case violates(err, heldImage):
		return s.imageHeld(ctx, name)
	case err == nil && tag.RowsAffected() == 0:
		return toygres.Errorf(toygres.CodeNotFound, "there is no runtime image %q", name)
	}
	return wrap(err)
}

// imageHeld says who uses the image and what to do.
func (s *Store) imageHeld(ctx context.Context, name string) error {
	const most = 3
	held, err := collect(ctx, s, pgx.RowTo[string],
		`SELECT name FROM instances WHERE runtime_image_held = $1 ORDER BY name`, name)
	if err != nil {
		return err
	}
	users := strings.Join(held[:min(len(held), most)], ", ")
	if len(held) > most {
		users += fmt.Sprintf(" and %d more", len(held)-most)
	}
	return toygres.Errorf(toygres.CodeConflict,
		"instances use the runtime image %q: %s; delete them first, and purge those in the trash", name, users)
}

// noImage answers a create whose image was deleted while it was asked for.
func noImage(name string) error {
	const message = "is no runtime image, or not any more; see which there are"
	return &toygres.Error{Code: toygres.CodeInvalid, Message: fmt.Sprintf("the runtime image %q was deleted meanwhile; choose another one", name),
		Fields: []toygres.FieldError{{Field: "runtime_image", Rule: "exists", Message: message}}}
}

func scanRuntimeImage(row pgx.CollectableRow) (i toygres.RuntimeImage, err error) {
	return i, row.Scan(&i.Name, &i.Reference, &i.Digest, &i.Description, &i.CreatedAt, &i.Instances)
}
