-- 3.3: a code belongs to the plugin that gave it.
ALTER TABLE oauth2_authorization_codes
    ADD COLUMN IF NOT EXISTS plugin_id uuid CONSTRAINT oauth2_authorization_codes_plugin_id_fkey REFERENCES plugins (id) ON DELETE CASCADE;
