-- An upgrade says which release of PostgreSQL it is to bring.

-- +goose Up
ALTER TABLE operations
    ADD COLUMN release text NOT NULL DEFAULT '' CHECK (release ~ '^([0-9]+\.[0-9]+)?$'); -- '': it is no upgrade

-- +goose Down
ALTER TABLE operations
    DROP COLUMN release;
