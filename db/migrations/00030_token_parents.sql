-- What was made with a token that has leaked ends with it.

-- +goose Up
ALTER TABLE api_tokens ADD COLUMN parent_id uuid CONSTRAINT api_tokens_parent REFERENCES api_tokens ON DELETE CASCADE; -- null: made in a session
CREATE INDEX api_tokens_parent_id ON api_tokens (parent_id);

-- +goose Down
ALTER TABLE api_tokens DROP COLUMN parent_id;
