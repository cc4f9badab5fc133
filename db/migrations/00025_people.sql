-- Users who can be disabled and removed, what each may have, and how often
-- somebody has guessed in vain.

-- +goose Up
ALTER TABLE users
    ADD COLUMN disabled_at timestamptz, -- null: may sign in
    ADD COLUMN deleted_at timestamptz,  -- the record stays: what was done keeps the name of who did it
    ADD COLUMN max_instances integer CHECK (max_instances >= 0), -- null: as configured
    ADD COLUMN max_storage_gib integer CHECK (max_storage_gib >= 0),
    ADD COLUMN used_instances integer NOT NULL DEFAULT 0,
    ADD COLUMN used_storage_gib bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT users_quota CHECK (used_instances >= 0 AND used_storage_gib >= 0);
DROP INDEX users_name;
CREATE UNIQUE INDEX users_name ON users (lower(name)) WHERE deleted_at IS NULL;

-- What an instance counts for: its storage, or what it is growing to; null: it
-- does not count (any more).
ALTER TABLE instances ADD COLUMN counted_gib integer;
UPDATE instances i SET counted_gib = greatest(i.storage_gib,
    (SELECT o.storage_gib FROM operations o WHERE o.instance_id = i.id AND o.state IN ('pending', 'running')))
WHERE state <> 'deleted';
UPDATE users SET used_instances = held.instances, used_storage_gib = held.gib
FROM (SELECT owner_id, count(*) AS instances, sum(counted_gib) AS gib FROM instances WHERE state <> 'deleted' GROUP BY owner_id) held
WHERE held.owner_id = users.id;

-- Keeps what users have, whoever changes or removes instances and how; a create
-- counts for itself. The instance's row is locked before its owner's, always,
-- and both before the statement's events: see number_event. Owners do not change.
-- +goose StatementBegin
CREATE FUNCTION count_instance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE users SET used_instances = used_instances - 1, used_storage_gib = used_storage_gib - OLD.counted_gib
        WHERE id = OLD.owner_id AND OLD.counted_gib IS NOT NULL;
        RETURN OLD;
    END IF;
    IF OLD.counted_gib IS NULL THEN
        NEW.counted_gib := NULL;
        RETURN NEW;
    END IF;
    NEW.counted_gib := CASE NEW.state WHEN 'deleted' THEN NULL
                                      WHEN 'updating' THEN greatest(NEW.counted_gib, NEW.storage_gib)
                                      ELSE NEW.storage_gib END;
    IF NEW.counted_gib IS DISTINCT FROM OLD.counted_gib THEN
        UPDATE users SET used_instances = used_instances - CASE WHEN NEW.counted_gib IS NULL THEN 1 ELSE 0 END,
            used_storage_gib = used_storage_gib - OLD.counted_gib + coalesce(NEW.counted_gib, 0)
        WHERE id = OLD.owner_id;
    END IF;
    RETURN NEW;
END
$$;

-- A new role counts at once, and who is disabled or gone is out at once, in
-- every API server that remembers them.
CREATE FUNCTION announce_user_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('toygres_revocations', encode(held.token_hash, 'hex'))
    FROM (SELECT token_hash FROM sessions WHERE user_id = NEW.id UNION ALL SELECT token_hash FROM api_tokens WHERE user_id = NEW.id) held;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER instances_counted BEFORE DELETE OR UPDATE OF state, storage_gib, counted_gib ON instances
    FOR EACH ROW EXECUTE FUNCTION count_instance();
CREATE TRIGGER users_changed AFTER UPDATE ON users FOR EACH ROW
    WHEN ((OLD.role, OLD.disabled_at, OLD.deleted_at) IS DISTINCT FROM (NEW.role, NEW.disabled_at, NEW.deleted_at))
    EXECUTE FUNCTION announce_user_change();

-- Names of users are kept as sums: people type their passwords there.
CREATE TABLE sign_in_failures (
    kind         text NOT NULL CHECK (kind IN ('address', 'user')),
    key          bytea NOT NULL CHECK (length(key) = 32),
    failures     integer NOT NULL CHECK (failures >= 0), -- some are forgotten with time
    failed_at    timestamptz NOT NULL,
    locked_until timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX sign_in_failures_age ON sign_in_failures (failed_at);

-- +goose Down
DROP TABLE sign_in_failures;
DROP TRIGGER users_changed ON users;
DROP TRIGGER instances_counted ON instances;
DROP FUNCTION announce_user_change;
DROP FUNCTION count_instance;
ALTER TABLE instances DROP COLUMN counted_gib;
-- Who could not sign in still can't, and names are unique again.
UPDATE users SET password_hash = '' WHERE disabled_at IS NOT NULL OR deleted_at IS NOT NULL;
UPDATE users SET name = left(name, 27) || ' ' || id WHERE deleted_at IS NOT NULL;
DROP INDEX users_name;
ALTER TABLE users
    DROP COLUMN disabled_at,
    DROP COLUMN deleted_at,
    DROP COLUMN max_instances,
    DROP COLUMN max_storage_gib,
    DROP COLUMN used_instances,
    DROP COLUMN used_storage_gib;
CREATE UNIQUE INDEX users_name ON users (lower(name));
