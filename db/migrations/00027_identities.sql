-- Who an OpenID Connect provider says that a user is. The provider's own name
-- for a person counts, and never an e-mail address, which may come to belong to
-- somebody else.

-- +goose Up
CREATE TABLE identities (
    issuer          text NOT NULL,
    subject         text NOT NULL,
    user_id         uuid NOT NULL REFERENCES users,
    email           text NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    last_sign_in_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_user ON identities (user_id);

-- +goose Down
DROP TABLE identities;
