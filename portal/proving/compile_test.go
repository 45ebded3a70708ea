package proving

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestACompilerThatIsKilledLeavesNothing(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv("GOCACHE", t.TempDir()) // so that there is more than a second of work
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := Compile(ctx, filepath.Join(t.TempDir(), "portal"), "zharia/cmd/portal"); err == nil || ctx.Err() == nil {
		t.Fatalf("it came to its end: %v", err)
	}
	left, err := os.ReadDir(temporary)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("%s is left", entry.Name())
	}
}
