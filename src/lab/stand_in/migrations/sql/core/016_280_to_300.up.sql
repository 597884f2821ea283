-- 3.0: vaults leave their beta, routes get expressions, and a regular expression in a path must say so with `~`.
ALTER TABLE upstreams
    ADD COLUMN IF NOT EXISTS hash_on_query_arg text,
    ADD COLUMN IF NOT EXISTS hash_fallback_query_arg text,
    ADD COLUMN IF NOT EXISTS hash_on_uri_capture text,
    ADD COLUMN IF NOT EXISTS hash_fallback_uri_capture text;
ALTER TABLE targets ADD COLUMN IF NOT EXISTS cache_key text CONSTRAINT targets_cache_key_key UNIQUE;
ALTER TABLE routes
    ADD COLUMN IF NOT EXISTS expression text,
    ADD COLUMN IF NOT EXISTS priority bigint;

CREATE TABLE IF NOT EXISTS sm_vaults (
    id uuid PRIMARY KEY,
    ws_id uuid,
    prefix text,
    name text NOT NULL,
    description text,
    config jsonb NOT NULL,
    created_at timestamptz DEFAULT (CURRENT_TIMESTAMP(0) AT TIME ZONE 'UTC'),
    updated_at timestamptz,
    tags text[],
    CONSTRAINT sm_vaults_id_ws_id_key UNIQUE (id, ws_id),
    CONSTRAINT sm_vaults_prefix_key UNIQUE (prefix),
    CONSTRAINT sm_vaults_prefix_ws_id_key UNIQUE (prefix, ws_id),
    CONSTRAINT sm_vaults_ws_id_fkey FOREIGN KEY (ws_id) REFERENCES workspaces(id)
);
CREATE INDEX IF NOT EXISTS sm_vaults_tags_idx ON sm_vaults USING gin (tags);

DO $$
BEGIN
    IF to_regclass('vaults_beta') IS NOT NULL THEN
        INSERT INTO sm_vaults (id, ws_id, prefix, name, description, config, created_at, updated_at, tags)
        SELECT id, ws_id, prefix, name, description, config, created_at, updated_at, tags FROM vaults_beta
        ON CONFLICT DO NOTHING;
    END IF;
END $$;

-- A path of plain characters was a prefix in 2.8 and stays one; any other was a regular expression without saying so.
UPDATE routes
SET paths = ARRAY(
    SELECT CASE WHEN path ~ '^~' OR path ~ '^[a-zA-Z0-9._~/%-]*$' THEN path ELSE '~' || path END
    FROM unnest(paths) WITH ORDINALITY AS listed (path, place)
    ORDER BY place
)
WHERE EXISTS (SELECT FROM unnest(paths) AS path WHERE path !~ '^~' AND path !~ '^[a-zA-Z0-9._~/%-]*$');

DROP TABLE IF EXISTS ttls;
