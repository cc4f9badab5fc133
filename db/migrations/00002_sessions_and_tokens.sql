-- What a user shows to prove who he is. Only SHA-256 sums are kept: a copy of
-- the catalog signs nobody in.

-- +goose Up
CREATE TABLE sessions (
    token_hash      bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id         uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at      timestamptz NOT NULL DEFAULT now(),
    last_used_at    timestamptz NOT NULL DEFAULT now(),
    idle_expires_at timestamptz NOT NULL, -- moves on with use, never past expires_at
    expires_at      timestamptz NOT NULL CHECK (expires_at > created_at AND idle_expires_at <= expires_at)
);

CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_idle_expiry ON sessions (idle_expires_at);

CREATE TABLE api_tokens (
    id           uuid PRIMARY KEY,
    token_hash   bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    prefix       text NOT NULL DEFAULT '' CHECK (length(prefix) <= 12), -- of the secret, to recognise it by
    role         text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')), -- at most; the user's own role limits it too
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at   timestamptz -- null: never
);

CREATE UNIQUE INDEX api_tokens_name ON api_tokens (user_id, lower(name));

-- API servers remember for a moment whom a token stands for. Whoever removes
-- one, by whatever way, has them told.
-- +goose StatementBegin
CREATE FUNCTION announce_revocation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('toygres_revocations', encode(OLD.token_hash, 'hex'));
    RETURN OLD;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER sessions_revoked AFTER DELETE ON sessions
    FOR EACH ROW EXECUTE FUNCTION announce_revocation();
CREATE TRIGGER api_tokens_revoked AFTER DELETE ON api_tokens
    FOR EACH ROW EXECUTE FUNCTION announce_revocation();

-- +goose Down
DROP TABLE api_tokens;
DROP TABLE sessions;
DROP FUNCTION announce_revocation;
