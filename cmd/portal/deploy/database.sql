-- The logins of one site, for psql as a superuser of PostgreSQL, before and after the
-- schema: run it, then `zharia migrate`, then run it again. Passwords come by the environment,
-- for whoever is on the machine reads what stands in arguments: MIGRATE, APP, AUDITOR, BACKUP, BASE.
-- BASE is for zharia-base.service, which copies the whole server; without it that login is not made.
\set ON_ERROR_STOP on
\getenv migrate MIGRATE
\getenv app APP
\getenv auditor AUDITOR
\getenv backup BACKUP
\getenv base BASE
SELECT format('CREATE ROLE %I LOGIN CREATEROLE PASSWORD %L', 'zharia_migrate', :'migrate')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'zharia_migrate') \gexec
SELECT 'CREATE DATABASE zharia OWNER zharia_migrate ENCODING ''UTF8'' TEMPLATE template0'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'zharia') \gexec
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_app') AS migrated \gset
\if :migrated
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L IN ROLE %s', name, password, roles)
  FROM (VALUES ('zharia', :'app', 'portal_app, portal_work, portal_audit'),
               ('zharia_auditor', :'auditor', 'portal_audit'),
               ('zharia_backup', :'backup', 'portal_backup')) AS one (name, password, roles)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
\if :{?base}
SELECT format('CREATE ROLE zharia_base LOGIN REPLICATION PASSWORD %L IN ROLE portal_backup', :'base')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'zharia_base') \gexec
\endif
\else
\echo 'The schema is not there yet: zharia migrate comes next, then this file once more.'
\endif
