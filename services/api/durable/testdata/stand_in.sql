-- Stands in for the extension pg_durable, whose image can't be had where Toygres is developed: the functions of its
-- documentation that we call, with the same arguments, columns and refusals. Nothing is executed; what is started stays
-- running until it is cancelled. It is registered as the extension, without a library or a script.
CREATE SCHEMA df;
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
SELECT oid, 'pg_durable', nspowner, 'public'::regnamespace, false, 'stand-in' FROM pg_namespace WHERE nspname = 'df';

CREATE TABLE df.instances (
    id text PRIMARY KEY, label text, graph jsonb NOT NULL, status text NOT NULL DEFAULT 'running', submitted_by name NOT NULL DEFAULT current_user,
    database text, vars jsonb NOT NULL, reason text, signals jsonb NOT NULL DEFAULT '{}', created_at timestamptz NOT NULL DEFAULT clock_timestamp(), completed_at timestamptz);
CREATE TABLE df.vars (name text NOT NULL, value text, owner name NOT NULL DEFAULT current_user, PRIMARY KEY (owner, name));
ALTER TABLE df.instances ENABLE ROW LEVEL SECURITY;
ALTER TABLE df.vars ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON df.instances USING (submitted_by = current_user);
CREATE POLICY own ON df.vars USING (owner = current_user);

CREATE FUNCTION df.grant_usage(p_role text, include_http boolean DEFAULT false, with_grant boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA df TO %I', p_role);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON df.instances TO %I', p_role);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON df.vars TO %I', p_role);
END $$;

CREATE FUNCTION df.ensure_durofut(val text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF val::jsonb ? 'node_type' THEN RETURN val::jsonb; END IF;
    RETURN jsonb_build_object('node_type', 'SQL', 'query', val);
EXCEPTION WHEN invalid_text_representation THEN
    RETURN jsonb_build_object('node_type', 'SQL', 'query', val);
END $$;
CREATE FUNCTION df.sleep(seconds bigint) RETURNS text LANGUAGE sql STRICT AS $$
    SELECT jsonb_build_object('node_type', 'SLEEP', 'query', seconds::text)::text $$;
CREATE FUNCTION df.seq(a text, b text) RETURNS text LANGUAGE sql STRICT AS $$
    SELECT jsonb_build_object('node_type', 'THEN', 'left_node', df.ensure_durofut(a), 'right_node', df.ensure_durofut(b))::text $$;
CREATE OPERATOR ~> (FUNCTION = df.seq, LEFTARG = text, RIGHTARG = text);

CREATE FUNCTION df.setvar(name text, value text) RETURNS text LANGUAGE sql STRICT AS $$
    INSERT INTO df.vars (name, value) VALUES ($1, $2) ON CONFLICT (owner, name) DO UPDATE SET value = excluded.value RETURNING vars.value $$;
CREATE FUNCTION df.getvar(name text) RETURNS text LANGUAGE sql STRICT AS $$
    SELECT v.value FROM df.vars v WHERE v.owner = current_user AND v.name = $1 $$;
CREATE FUNCTION df.unsetvar(name text) RETURNS text LANGUAGE sql STRICT AS $$
    DELETE FROM df.vars v WHERE v.owner = current_user AND v.name = $1 RETURNING v.name $$;

CREATE FUNCTION df.start(fut text, label text DEFAULT NULL, database text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    made text := substr(md5(random()::text), 1, 8);
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        RAISE EXCEPTION 'pg_durable.enable_superuser_instances is off: superuser "%" may not start durable functions', current_user;
    ELSIF NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = current_user) THEN
        RAISE EXCEPTION 'role "%" does not have the LOGIN attribute', current_user;
    ELSIF database IS NOT NULL AND NOT EXISTS (SELECT FROM pg_database WHERE datname = $3) THEN
        RAISE EXCEPTION 'database "%" does not exist', database;
    END IF;
    INSERT INTO df.instances (id, label, graph, database, vars)
    VALUES (made, $2, df.ensure_durofut(fut), $3, coalesce((SELECT jsonb_object_agg(name, value) FROM df.vars WHERE owner = current_user), '{}'));
    RETURN made;
END $$;

CREATE FUNCTION df.status(instance_id text) RETURNS text LANGUAGE sql STRICT AS $$ SELECT status FROM df.instances WHERE id = $1 $$;
CREATE FUNCTION df.cancel(instance_id text, reason text DEFAULT 'Cancelled by user') RETURNS text LANGUAGE sql STRICT AS $$
    UPDATE df.instances SET status = 'cancelled', reason = $2 WHERE id = $1 RETURNING 'Instance ' || id || ' cancelled' $$;
CREATE FUNCTION df.signal(instance_id text, signal_name text, signal_data text DEFAULT '{}') RETURNS text LANGUAGE sql STRICT AS $$
    UPDATE df.instances SET signals = signals || jsonb_build_object($2, $3::jsonb) WHERE id = $1 RETURNING 'Signal ' || $2 || ' sent' $$;

CREATE FUNCTION df.list_instances(status_filter text DEFAULT NULL, limit_count integer DEFAULT 100)
    RETURNS TABLE (instance_id text, label text, function_name text, status text, execution_count bigint, output text) LANGUAGE sql AS $$
    SELECT id, label, 'execute_function_graph', status, 1::bigint, NULL FROM df.instances
    WHERE status_filter IS NULL OR status = status_filter ORDER BY created_at DESC LIMIT limit_count $$;
CREATE FUNCTION df.list_instances(status_filter text, limit_count integer, label_filter text, after_cursor text DEFAULT NULL)
    RETURNS TABLE (instance_id text, label text, function_name text, status text, execution_count bigint, output text,
                   created_at timestamptz, completed_at timestamptz, next_cursor text) LANGUAGE plpgsql AS $$
BEGIN
    IF limit_count > 1000 THEN RAISE EXCEPTION 'limit_count is above pg_durable.list_instances_max_limit'; END IF;
    IF after_cursor !~ '^[0-9a-f]{8}$' THEN RAISE EXCEPTION 'malformed cursor'; END IF;
    RETURN QUERY
    WITH found AS (
        SELECT * FROM df.instances i
        WHERE (status_filter IS NULL OR i.status = status_filter) AND (label_filter IS NULL OR i.label = label_filter)
          AND (after_cursor IS NULL OR i.created_at < (SELECT c.created_at FROM df.instances c WHERE c.id = after_cursor))
        ORDER BY i.created_at DESC LIMIT limit_count + 1
    ), page AS (SELECT * FROM found f ORDER BY f.created_at DESC LIMIT limit_count)
    SELECT p.id, p.label, 'execute_function_graph', p.status, 1::bigint, CASE WHEN p.status = 'cancelled' THEN repeat(p.reason, 1000) END, p.created_at, p.completed_at,
           CASE WHEN (SELECT count(*) FROM found) > limit_count THEN (SELECT l.id FROM page l ORDER BY l.created_at LIMIT 1) END
    FROM page p ORDER BY p.created_at DESC;
END $$;
CREATE FUNCTION df.instance_info(instance_id text)
    RETURNS TABLE (instance_id text, label text, function_name text, function_version text, current_execution_id bigint, status text, output text) LANGUAGE sql STRICT AS $$
    SELECT id, label, 'execute_function_graph', '1.0.0', 1::bigint, status, reason FROM df.instances WHERE id = $1 $$;
CREATE FUNCTION df.instance_executions(instance_id text, limit_count integer DEFAULT 5)
    RETURNS TABLE (execution_id bigint, status text, event_count bigint, duration_ms bigint, output text) LANGUAGE sql STRICT AS $$
    SELECT n, CASE WHEN n = 3 THEN 'Running' ELSE 'ContinuedAsNew' END, 4 + n, 10 * n, NULL
    FROM generate_series(3, 1, -1) n WHERE EXISTS (SELECT FROM df.instances WHERE id = $1) LIMIT $2 $$;
CREATE FUNCTION df.instance_nodes(instance_id_param text)
    RETURNS TABLE (node_id text, node_type text, query text, result_name text, left_node text, right_node text, status text, result text,
                   status_details text, inferred_status text, inferred_status_from_ancestor_id text, updated_at timestamptz) LANGUAGE sql STRICT AS $$
    WITH RECURSIVE nodes AS (
        SELECT 'a' AS path, graph, created_at FROM df.instances WHERE id = $1
        UNION ALL
        SELECT path || side, graph -> side_of, created_at FROM nodes, (VALUES ('a', 'left_node'), ('b', 'right_node')) AS s (side, side_of) WHERE graph ? side_of
    )
    SELECT rpad(path, 8, '0'), graph ->> 'node_type', graph ->> 'query', NULL, CASE WHEN graph ? 'left_node' THEN rpad(path || 'a', 8, '0') END,
           CASE WHEN graph ? 'right_node' THEN rpad(path || 'b', 8, '0') END, 'pending', NULL, NULL, 'pending', NULL, created_at FROM nodes ORDER BY path $$;
CREATE FUNCTION df.metrics()
    RETURNS TABLE (total_instances bigint, running_instances bigint, completed_instances bigint, failed_instances bigint, total_executions bigint, total_events bigint) LANGUAGE sql STRICT AS $$
    SELECT count(*), count(*) FILTER (WHERE status = 'running'), 0::bigint, 0::bigint, count(*), 5 * count(*) FROM df.instances $$;
REVOKE EXECUTE ON FUNCTION df.metrics() FROM PUBLIC;
CREATE FUNCTION df.explain(input text) RETURNS text LANGUAGE plpgsql STRICT AS $$
BEGIN
    IF input ~ '^[0-9a-f]{8}$' THEN
        RETURN (SELECT 'Instance: ' || id || E'\n' || graph::text FROM df.instances WHERE id = input);
    END IF;
    RETURN df.ensure_durofut(input)::text;
END $$;
