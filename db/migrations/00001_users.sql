-- Who may sign in.

-- +goose Up
CREATE TABLE users (
    id            uuid PRIMARY KEY,
    name          text NOT NULL CHECK (name = btrim(name) AND length(name) BETWEEN 1 AND 64),
    password_hash text NOT NULL, -- argon2id in PHC form; '' cannot sign in
    role          text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);

-- Names are compared without regard to case, so that Admin can't pose as admin.
CREATE UNIQUE INDEX users_name ON users (lower(name));

-- +goose Down
DROP TABLE users;
