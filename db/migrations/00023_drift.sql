-- What catalog, provider and Temporal do not agree about, and when they were compared.

-- +goose Up
CREATE TABLE drift_findings (
    id            uuid PRIMARY KEY,
    kind          text NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    instance_id   uuid NOT NULL, -- the catalog may not know it
    instance_name text NOT NULL,
    message       text NOT NULL,
    first_seen    timestamptz NOT NULL DEFAULT now(),
    last_seen     timestamptz NOT NULL DEFAULT now(),
    resolved_at   timestamptz
);

CREATE UNIQUE INDEX drift_findings_open ON drift_findings (kind, instance_id) WHERE resolved_at IS NULL;
CREATE INDEX drift_findings_newest ON drift_findings (first_seen DESC, id DESC);

CREATE TABLE drift_checks (
    id           uuid PRIMARY KEY,
    requested_by uuid REFERENCES users ON DELETE SET NULL, -- null: it was due
    requested_at timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    ended_at     timestamptz,
    found        integer NOT NULL DEFAULT 0,
    resolved     integer NOT NULL DEFAULT 0,
    error        text NOT NULL DEFAULT ''
);

CREATE INDEX drift_checks_newest ON drift_checks (requested_at DESC);
-- Whoever asks while one waits gets that one.
CREATE UNIQUE INDEX drift_checks_waiting ON drift_checks ((true)) WHERE started_at IS NULL;

-- +goose Down
DROP TABLE drift_checks;
DROP TABLE drift_findings;
