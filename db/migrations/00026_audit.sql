-- Who asked for what, and what became of it: append-only. A request's entry is
-- written before anything is done; one without an outcome was still at work, or
-- its API server died in it.

-- +goose Up
-- No foreign keys: what was done stays true after the user is gone.
CREATE TABLE audit_log (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at    timestamptz NOT NULL DEFAULT now(),
    user_id       uuid, -- null: nobody who is known
    user_name     text NOT NULL,
    credential    text NOT NULL, -- what showed who it was: session, token, password, or who vouched for it
    token_name    text NOT NULL,
    address       text NOT NULL,
    action        text NOT NULL CHECK (action <> ''), -- the operation of the contract
    target        text NOT NULL, -- instances/mydb
    instance_name text NOT NULL GENERATED ALWAYS AS (CASE WHEN starts_with(target, 'instances/') THEN split_part(target, '/', 2) ELSE '' END) STORED,
    request_id    text NOT NULL
);
CREATE INDEX audit_log_user ON audit_log (lower(user_name), id);
CREATE INDEX audit_log_instance ON audit_log (instance_name, id) WHERE instance_name <> '';
CREATE INDEX audit_log_action ON audit_log (action, id);

CREATE TABLE audit_outcomes (
    audit_id bigint PRIMARY KEY REFERENCES audit_log,
    ended_at timestamptz NOT NULL DEFAULT now(),
    status   integer NOT NULL, -- of the HTTP answer
    code     text NOT NULL -- of the error; '' for none
);

-- +goose StatementBegin
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_outcomes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_outcomes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- +goose Down
DROP TABLE audit_outcomes;
DROP TABLE audit_log;
DROP FUNCTION refuse_audit_change;
