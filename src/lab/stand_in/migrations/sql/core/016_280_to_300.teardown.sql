-- Old nodes are gone: what only they read goes too, and targets get the key by which 3.0 caches them.
DROP TABLE IF EXISTS vaults_beta;
UPDATE targets SET cache_key = concat('targets:', upstream_id, ':', target, '::::', ws_id);
