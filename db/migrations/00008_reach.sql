-- From where an instance can be reached, and which image it runs.

-- +goose Up
ALTER TABLE instances
    ADD COLUMN runtime_image text NOT NULL DEFAULT '',
    ADD COLUMN public boolean NOT NULL DEFAULT false,
    ADD COLUMN allowed_cidrs text[] NOT NULL DEFAULT '{}',
    ADD CHECK (runtime_image = '' OR image_type = 'stock');

-- +goose Down
ALTER TABLE instances
    DROP COLUMN runtime_image,
    DROP COLUMN public,
    DROP COLUMN allowed_cidrs;
