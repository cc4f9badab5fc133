-- What people say of an instance, and what they want done around it.

-- +goose Up
ALTER TABLE instances
    ADD COLUMN display_name text NOT NULL DEFAULT '',
    ADD COLUMN description text NOT NULL DEFAULT '',
    ADD COLUMN tags jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(tags) = 'object'),
    ADD COLUMN deletion_protection boolean NOT NULL DEFAULT false,
    ADD COLUMN monitored boolean NOT NULL DEFAULT true;

-- +goose Down
ALTER TABLE instances
    DROP COLUMN display_name,
    DROP COLUMN description,
    DROP COLUMN tags,
    DROP COLUMN deletion_protection,
    DROP COLUMN monitored;
