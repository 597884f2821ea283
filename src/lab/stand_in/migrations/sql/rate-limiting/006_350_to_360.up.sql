-- 3.6: the settings of Redis get an object of their own; the flat ones stay until `finish`, since old nodes read them.
UPDATE plugins
SET config = config || jsonb_build_object('redis', jsonb_build_object(
    'ssl', config -> 'redis_ssl',
    'host', config -> 'redis_host',
    'port', config -> 'redis_port',
    'timeout', config -> 'redis_timeout',
    'database', config -> 'redis_database',
    'password', config -> 'redis_password',
    'username', config -> 'redis_username',
    'ssl_verify', config -> 'redis_ssl_verify',
    'server_name', config -> 'redis_server_name'
))
WHERE name = 'rate-limiting' AND config ? 'redis_host' AND NOT config ? 'redis';
