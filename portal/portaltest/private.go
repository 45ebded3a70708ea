package portaltest

import (
	"os"
	"path/filepath"
	"testing"

	"zharia"
	"zharia/portal/database"
	"zharia/portal/fence"
	"zharia/portal/vault"
)

// Private is a World on a PostgreSQL of its own, which writes to disk as one that is
// at work does, with these settings: for tests of what stays behind on a machine.
// The server and all it wrote lie in a folder that is gone when t ends; stopped
// earlier, by Server.Stop, its files can be looked at.
func Private(t testing.TB, settings ...string) (*W, *database.Server) {
	t.Helper()
	// Not t.TempDir: the user of the server must be able to come to it.
	dir, err := os.MkdirTemp("", "zharia-private-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	server, err := database.StartLocal(ctx, database.Local{Dir: dir, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Stop()
		os.RemoveAll(filepath.Dir(server.Data)) // it may stand elsewhere
	})
	const name = "portal"
	if err := server.Create(ctx, name); err != nil {
		t.Fatal(err)
	}
	// The keys are no part of what the machine of the database keeps.
	s := &stagehouse{bench: &bench{server: server}, name: name}
	own := t.TempDir()
	if err := s.equip(own); err != nil {
		t.Fatal(err)
	}
	db, err := database.Open(ctx, server.DSN(name))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := fence.Raise(ctx, db, zharia.Schema); err != nil {
		t.Fatal(err)
	}
	if err := s.troupe.Play(ctx, vault.New(db, s.keys), s.press, Afternoon); err != nil {
		t.Fatal(err)
	}
	return s.inhabit(t, name), server
}
