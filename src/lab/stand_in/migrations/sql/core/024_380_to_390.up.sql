-- 3.9: data planes are sent what changed, by version.
ALTER TABLE clustering_data_planes ADD COLUMN IF NOT EXISTS rpc_capabilities text[];

CREATE TABLE IF NOT EXISTS clustering_sync_version (
    version serial PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS clustering_sync_delta (
    version integer NOT NULL,
    type text NOT NULL,
    pk json NOT NULL,
    ws_id uuid NOT NULL,
    entity json,
    CONSTRAINT clustering_sync_delta_version_fkey FOREIGN KEY (version) REFERENCES clustering_sync_version(version) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS clustering_sync_delta_version_idx ON clustering_sync_delta (version);
