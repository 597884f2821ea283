//! Settings that let code run, or change which code runs.
//!
//! Source: `conf_loader`, the templates of nginx's configuration and the loading of plugins, 2.8.5 to 3.9.1. Left out, each with why:
//! where entities come from (`pg_*`, `cluster_control_plane`), though they may hold Lua, for which database a node reads is proven by
//! the database's identity; whom a node trusts (`lua_ssl_trusted_certificate`, `*_ssl_verify`), which is no code; certificates, keys,
//! addresses and `admin_gui_path`, which nginx's configuration names too, but which Kong checks before it writes them there.

/// Lua modules are loaded by these names.
const MODULES: &str = "names Lua modules that Kong loads";
/// Lua modules are found there.
const SEARCHED: &str = "says where Lua modules and libraries are looked for";
/// Kong does not look at what a directive does.
const DIRECTIVE: &str =
    "is a directive of nginx, which may load modules, include files and hold Lua";
/// Kong puts the text into nginx's configuration unquoted.
const UNQUOTED: &str = "is written into nginx's configuration as it stands, where a semicolon begins another directive";
/// Lua of plugins and event hooks is held back by these.
const SANDBOX: &str = "says what Lua in entities may do";
/// Programs that Kong starts, or asks for plugins.
const PROGRAM: &str = "says which programs Kong starts for its plugins, or asks for them";
/// The nginx that Kong starts.
const NGINX: &str = "says which nginx Kong starts";
/// Filters of `WebAssembly`.
const FILTERS: &str = "says which WebAssembly filters and which engine Kong loads";
/// Entities with Lua in them.
const ENTITIES: &str = "gives entities, which may hold Lua (`pre-function`, `post-function`)";

/// Keys, and why they let code run.
const KEYS: [(&str, &str); 45] = [
    ("plugins", MODULES),
    ("vaults", MODULES),
    ("lua_package_path", SEARCHED),
    ("lua_package_cpath", SEARCHED),
    ("untrusted_lua", SANDBOX),
    ("untrusted_lua_sandbox_environment", SANDBOX),
    ("untrusted_lua_sandbox_requires", SANDBOX),
    // Enterprise: hooks of the kind `lambda` are Lua.
    ("event_hooks_enabled", SANDBOX),
    ("pluginserver_names", PROGRAM),
    ("go_pluginserver_exe", PROGRAM),
    ("go_plugins_dir", PROGRAM),
    ("openresty_path", NGINX),
    ("wasm", FILTERS),
    ("wasm_dynamic_module", FILTERS),
    ("wasm_filters", FILTERS),
    ("wasm_filters_path", FILTERS),
    ("declarative_config", ENTITIES),
    ("declarative_config_string", ENTITIES),
    // Settings that Kong itself makes directives of, the value as it was given.
    ("client_body_buffer_size", UNQUOTED),
    ("client_max_body_size", UNQUOTED),
    ("lua_ssl_protocols", UNQUOTED),
    ("real_ip_header", UNQUOTED),
    ("real_ip_recursive", UNQUOTED),
    ("ssl_dhparam", UNQUOTED),
    ("ssl_prefer_server_ciphers", UNQUOTED),
    ("ssl_protocols", UNQUOTED),
    ("ssl_session_tickets", UNQUOTED),
    ("ssl_session_timeout", UNQUOTED),
    // Settings that the templates name.
    ("admin_access_log", UNQUOTED),
    ("admin_error_log", UNQUOTED),
    ("admin_gui_access_log", UNQUOTED),
    ("admin_gui_error_log", UNQUOTED),
    ("lmdb_environment_path", UNQUOTED),
    ("lmdb_map_size", UNQUOTED),
    ("mem_cache_size", UNQUOTED),
    ("prefix", UNQUOTED),
    ("proxy_access_log", UNQUOTED),
    ("proxy_error_log", UNQUOTED),
    ("proxy_stream_access_log", UNQUOTED),
    ("proxy_stream_error_log", UNQUOTED),
    ("resolver_mem_cache_size", UNQUOTED),
    ("ssl_ciphers", UNQUOTED),
    ("ssl_session_cache_size", UNQUOTED),
    ("status_access_log", UNQUOTED),
    ("status_error_log", UNQUOTED),
];

/// How keys of plugin servers end that say which programs run.
const PROGRAMS: [&str; 3] = ["_start_cmd", "_query_cmd", "_socket"];

/// What in a text nginx takes for more than part of a word.
const BEYOND_WORDS: [char; 8] = [';', '{', '}', '"', '\'', '\\', '#', '\n'];

/// Why setting a key may run code, or change which code runs, as the end of a sentence that begins with the key. `None` where it
/// cannot.
#[must_use]
pub fn executes_code(key: &str) -> Option<&'static str> {
    if let Some((_, why)) = KEYS.iter().find(|(known, _)| *known == key) {
        return Some(why);
    }
    if key.starts_with("nginx_") {
        return Some(DIRECTIVE);
    }
    let rest = key.strip_prefix("pluginserver_")?;
    let is_program = PROGRAMS.iter().any(|ending| rest.ends_with(ending));
    is_program.then_some(PROGRAM)
}

/// The same where the value is known: what is merely written into nginx's configuration runs code only with a value that ends the
/// directive it stands in.
#[must_use]
pub fn executes_code_as(key: &str, value: &str) -> Option<&'static str> {
    executes_code(key).filter(|why| *why != UNQUOTED || value.contains(BEYOND_WORDS))
}

#[cfg(test)]
mod tests {
    use super::{KEYS, executes_code, executes_code_as};

    #[test]
    fn keys_that_run_code_are_known() {
        for key in [
            "plugins",
            "lua_package_path",
            "lua_package_cpath",
            "nginx_http_include",
            "nginx_main_load_module",
            "nginx_main_env",
            "nginx_http_init_by_lua_block",
            "nginx_daemon",
            "untrusted_lua",
            "untrusted_lua_sandbox_requires",
            "pluginserver_names",
            "pluginserver_go_start_cmd",
            "pluginserver_go_query_cmd",
            "pluginserver_go_socket",
            "go_plugins_dir",
            "vaults",
            "openresty_path",
            "declarative_config_string",
            "status_error_log",
            "mem_cache_size",
        ] {
            assert!(executes_code(key).is_some(), "{key}");
        }
        for key in [
            "pg_host",
            "pg_password",
            "log_level",
            "proxy_listen",
            "lua_ssl_trusted_certificate",
            "lua_socket_pool_size",
            "vault_env_prefix",
            "cluster_cert",
            "pluginserver_x_y",
            "ngin",
        ] {
            assert_eq!(executes_code(key), None, "{key}");
        }
        let unique: std::collections::BTreeSet<_> = KEYS.iter().map(|(key, _)| key).collect();
        assert_eq!(unique.len(), KEYS.len());
    }

    #[test]
    fn a_word_of_nginx_is_no_code() {
        assert_eq!(executes_code_as("mem_cache_size", "128m"), None);
        assert!(executes_code_as("mem_cache_size", "128m; load_module /x.so").is_some());
        assert_eq!(
            executes_code_as("proxy_access_log", "logs/access.log basic"),
            None
        );
        assert!(executes_code_as("plugins", "bundled").is_some());
    }
}
