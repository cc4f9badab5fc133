-- An instance may begin with the data of another one, which may be gone since.

-- +goose Up
ALTER TABLE instances
    ADD COLUMN source_id uuid; -- null: it began empty

-- +goose Down
ALTER TABLE instances
    DROP COLUMN source_id;
