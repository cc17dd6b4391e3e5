-- Roles and schemas on a PostgreSQL of your own: each service owns one schema and can read no other.
-- Run it as an administrator in the database of Darkroom, as often as you like; it also changes the passwords:
--   PLATFORM_DATABASE_PASSWORD=… WEBHOOKS_DATABASE_PASSWORD=… psql -d darkroom -v ON_ERROR_STOP=1 -f roles.sql
\getenv platform_password PLATFORM_DATABASE_PASSWORD
\getenv webhooks_password WEBHOOKS_DATABASE_PASSWORD

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['darkroom_platform', 'darkroom_webhooks']) AS name
WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name) \gexec

ALTER ROLE darkroom_platform PASSWORD :'platform_password';
ALTER ROLE darkroom_webhooks PASSWORD :'webhooks_password';
ALTER ROLE darkroom_platform SET search_path = platform;
ALTER ROLE darkroom_webhooks SET search_path = webhooks;

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO darkroom_platform, darkroom_webhooks', current_database()) \gexec

-- An administrator that is no superuser, as managed servers have it, must be a member of a role to give it a schema.
SELECT format('GRANT darkroom_platform, darkroom_webhooks TO %I', current_user)
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \gexec
SELECT format('CREATE SCHEMA %I AUTHORIZATION %I', name, owner)
FROM (VALUES ('platform', 'darkroom_platform'), ('webhooks', 'darkroom_webhooks')) AS wanted (name, owner)
WHERE NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = name) \gexec
