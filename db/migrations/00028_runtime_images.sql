-- Container images that instances may run instead of their provider's own.

-- +goose Up
CREATE TABLE runtime_images (
    name        text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 63 AND name ~ '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'),
    reference   text NOT NULL CHECK (reference <> ''),
    digest      text NOT NULL CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
    pinned      text NOT NULL GENERATED ALWAYS AS (reference || '@' || digest) STORED,
    description text NOT NULL DEFAULT '',
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (name, pinned)
);

-- An instance keeps its image from being deleted until it is deleted itself,
-- and goes on naming it then. The pair says that the image which an instance
-- runs is the one that had the name when the instance came to be.
ALTER TABLE instances
    ADD COLUMN runtime_image_name text NOT NULL DEFAULT '',
    ADD COLUMN runtime_image_held text GENERATED ALWAYS AS (CASE WHEN state <> 'deleted' THEN nullif(runtime_image_name, '') END) STORED,
    ADD CONSTRAINT instances_runtime_image FOREIGN KEY (runtime_image_held, runtime_image) REFERENCES runtime_images (name, pinned);
CREATE INDEX instances_runtime_image_held ON instances (runtime_image_held) WHERE runtime_image_held IS NOT NULL;

-- +goose Down
ALTER TABLE instances
    DROP COLUMN runtime_image_held,
    DROP COLUMN runtime_image_name;
DROP TABLE runtime_images;
