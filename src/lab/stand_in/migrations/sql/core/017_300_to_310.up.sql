-- 3.1: keys and their sets; upstreams may use the name in an SRV record.
CREATE TABLE IF NOT EXISTS key_sets (
    id uuid PRIMARY KEY,
    name text,
    tags text[],
    ws_id uuid,
    created_at timestamptz,
    updated_at timestamptz,
    CONSTRAINT key_sets_name_key UNIQUE (name),
    CONSTRAINT key_sets_ws_id_fkey FOREIGN KEY (ws_id) REFERENCES workspaces(id)
);
CREATE INDEX IF NOT EXISTS key_sets_tags_idx ON key_sets USING gin (tags);

CREATE TABLE IF NOT EXISTS keys (
    id uuid PRIMARY KEY,
    set_id uuid,
    name text,
    cache_key text,
    ws_id uuid,
    kid text,
    jwk text,
    pem jsonb,
    tags text[],
    created_at timestamptz,
    updated_at timestamptz,
    CONSTRAINT keys_cache_key_key UNIQUE (cache_key),
    CONSTRAINT keys_kid_set_id_key UNIQUE (kid, set_id),
    CONSTRAINT keys_name_key UNIQUE (name),
    CONSTRAINT keys_set_id_fkey FOREIGN KEY (set_id) REFERENCES key_sets(id) ON DELETE CASCADE,
    CONSTRAINT keys_ws_id_fkey FOREIGN KEY (ws_id) REFERENCES workspaces(id)
);
CREATE INDEX IF NOT EXISTS keys_fkey_key_sets ON keys (set_id);
CREATE INDEX IF NOT EXISTS keys_tags_idx ON keys USING gin (tags);

ALTER TABLE upstreams ADD COLUMN IF NOT EXISTS use_srv_name boolean DEFAULT false;
