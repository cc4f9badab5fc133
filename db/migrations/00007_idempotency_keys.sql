-- Which request a client has already made, so that a repeat of it is answered
-- with the first one's operation. Kept for 24 hours.

-- +goose Up
CREATE TABLE idempotency_keys (
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    key          text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request_hash bytea NOT NULL, -- tells a repeat from another request under the same key
    operation_id uuid NOT NULL REFERENCES operations ON DELETE CASCADE,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);

CREATE INDEX idempotency_keys_operation ON idempotency_keys (operation_id);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- +goose Down
DROP TABLE idempotency_keys;
