package fence

import (
	"context"
	"errors"
	"fmt"

	"zharia/portal/database"
)

const (
	// They belong to the whole server, so another database may have made them, or be
	// making them at this moment. Whoever migrates becomes a member of those that things
	// will belong to, and of those that read everything, to prove a copy.
	makeRoles = `
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['portal_app', 'portal_work', 'portal_fence', 'portal_audit', 'portal_backup', 'portal_read', 'portal_rotate', 'portal_owner'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
    FOREACH name IN ARRAY ARRAY['portal_owner', 'portal_fence', 'portal_audit', 'portal_backup'] LOOP
        IF NOT pg_has_role(current_user, name, 'USAGE') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', name);
        END IF;
    END LOOP;
END $$`

	// Everything belongs to a role that nobody is, whoever put it in; the functions that
	// tell a row from a row without being asked why belong to one that only reads.
	own = `
DO $$
DECLARE
    f  text;
    me oid := (SELECT oid FROM pg_roles WHERE rolname = current_user);
BEGIN
    -- A table of somebody's own, of the name of one of ours, is what a query could be led to.
    IF pg_has_role(current_user, (SELECT datdba FROM pg_database WHERE datname = current_database()), 'USAGE') THEN
        EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    END IF;
    GRANT CREATE ON SCHEMA public TO portal_owner;
    GRANT CREATE ON SCHEMA public, fence TO portal_fence;
    GRANT CREATE ON SCHEMA ledger TO portal_owner;
    GRANT CREATE ON SCHEMA fence TO portal_owner;
    FOR f IN SELECT format('ALTER TABLE %s OWNER TO portal_owner', CAST(c.oid AS regclass)) FROM pg_class c
              WHERE c.relnamespace = CAST('public' AS regnamespace) AND c.relkind IN ('r', 'v') AND c.relowner = me
                AND (c.relkind = 'r' OR 'security_invoker=true' = ANY (c.reloptions))
             UNION ALL -- a view that reads as its owner (desk) is the fence's: portal_owner sees no row
             SELECT format('ALTER VIEW %1$s OWNER TO portal_fence; REVOKE ALL ON %1$s FROM portal_fence; GRANT SELECT ON %1$s TO portal_fence', CAST(c.oid AS regclass)) FROM pg_class c
              WHERE c.relnamespace = CAST('public' AS regnamespace) AND c.relkind = 'v' AND c.relowner = me
                AND ('security_invoker=true' = ANY (c.reloptions)) IS NOT TRUE
             UNION ALL
             SELECT format('ALTER SEQUENCE %s OWNER TO portal_owner', CAST(c.oid AS regclass)) FROM pg_class c
              WHERE c.relnamespace = CAST('public' AS regnamespace) AND c.relkind = 'S' AND c.relowner = me
                AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = CAST('pg_class' AS regclass) AND d.deptype IN ('a', 'i'))
             UNION ALL
             SELECT format('ALTER TYPE %s OWNER TO portal_owner', CAST(c.reltype AS regtype)) FROM pg_class c
              WHERE c.relnamespace = CAST('fence' AS regnamespace) AND c.relkind = 'c' AND c.relowner = me
             UNION ALL
             SELECT format('ALTER FUNCTION %s OWNER TO %s', CAST(p.oid AS regprocedure), CASE WHEN p.prosecdef AND n.nspname <> 'ledger' THEN 'portal_fence' ELSE 'portal_owner' END)
               FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
              WHERE n.nspname IN ('public', 'fence', 'ledger') AND p.proowner = me LOOP
        EXECUTE f;
    END LOOP;
    REVOKE CREATE ON SCHEMA public, fence FROM portal_fence;
    IF EXISTS (SELECT FROM pg_namespace WHERE nspname = 'fence' AND nspowner = me) THEN
        ALTER SCHEMA fence OWNER TO portal_owner;
        ALTER SCHEMA ledger OWNER TO portal_owner;
    END IF;
END $$`
)

// MakeRoles makes what a copy of a database needs before it can be put in: the roles it
// speaks of. Raise does it by itself.
func MakeRoles(ctx context.Context, db *database.DB) error {
	if err := db.Exec(ctx, makeRoles); err != nil {
		return fmt.Errorf("make the roles of the database, for which its login needs CREATEROLE: %w", err)
	}
	return nil
}

// giveUp gives all that the login of the owner made to the roles it is meant for.
func giveUp(ctx context.Context, db *database.DB) error {
	if err := db.Exec(ctx, own); err != nil {
		return fmt.Errorf("give what was made to its roles: %w", err)
	}
	return nil
}

// ErrUnproved says that the database came from a copy, and nobody has shown yet that
// the copy is whole.
var ErrUnproved = errors.New("the database was copied here and nothing has proved that it is whole: put the backup into an empty database with `portal restore`, which proves it")

const (
	selectHome = `
SELECT EXISTS (SELECT FROM home h
                WHERE h.cluster = (SELECT system_identifier FROM pg_control_system())
                  AND h.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`

	insertHome = `
INSERT INTO home (cluster, database)
SELECT (SELECT system_identifier FROM pg_control_system()), (SELECT oid FROM pg_database WHERE datname = current_database())
ON CONFLICT DO NOTHING`
)

// Settle declares the database whole where it stands, so that Guard lets it be served:
// it is new, or its proof has just succeeded. It is the owner's to say.
func Settle(ctx context.Context, db *database.DB) error {
	if err := db.Exec(ctx, insertHome); err != nil {
		return fmt.Errorf("note that the database is whole: %w", err)
	}
	return nil
}

// settled says whether it was declared whole here. A copy, however it was made, has
// another number in the server or stands in another server.
func settled(ctx context.Context, db *database.DB) error {
	var here bool
	if err := db.Get(ctx, &here, selectHome); err != nil {
		return fmt.Errorf("read whether the database was proved: %w", err)
	}
	if !here {
		return ErrUnproved
	}
	return nil
}
