package agent_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zharia/portal/agent"
)

// publicClient is a folder with the client of NCALayer that public sites use, as
// npm has it, or "" where there is no npm or it cannot be had: then the test says
// so. It stays in .portal, which is nobody's source.
func publicClient(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Logf("passed over: there is no %s on this computer", program)
			return ""
		}
	}
	folder, err := filepath.Abs("../../.portal/node/ncalayer")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "ncalayer-js-client", "package.json")); err == nil {
		return folder
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	install := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = folder
	if said, err := install.CombinedOutput(); err != nil {
		t.Logf("passed over: npm has no ncalayer-js-client for us: %v\n%s", err, said)
		return ""
	}
	return folder
}

// A page that works with NCALayer by the client everybody uses works with our
// agent, and what it gets the portal accepts.
func TestThePublicClientOfNCALayerWorksWithTheAgent(t *testing.T) {
	folder := publicClient(t)
	if folder == "" {
		return
	}
	a := agent.New(aigul(t))
	a.Stamp(stamps(t))
	server := serve(t, a)
	type answer struct {
		Version   string
		Result    any
		Error     string
		Cancelled bool
	}
	ask := func(t *testing.T, what string) (got answer) {
		t.Helper()
		ctx, done := context.WithTimeout(t.Context(), 30*time.Second)
		defer done()
		said, err := exec.CommandContext(ctx, "node", "testdata/client.mjs", folder, "ws"+strings.TrimPrefix(server.URL, "http")+"/", what).Output()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if err := json.Unmarshal(said, &got); err != nil {
			t.Fatalf("%s said %s", what, said)
		}
		if got.Version != "1.4" {
			t.Errorf("%s: version %s", what, got.Version)
		}
		return got
	}
	signatures := func(t *testing.T, got answer) (list []string) {
		t.Helper()
		switch result := got.Result.(type) {
		case string:
			return []string{result}
		case []any:
			for _, one := range result {
				text, _ := one.(string)
				list = append(list, text)
			}
			return list
		}
		t.Fatalf("no signature: %+v", got)
		return nil
	}
	for _, c := range []struct {
		what, attached string
		stamped        bool
		contents       []string
	}{
		{"attached", "yes", true, []string{"one"}},
		{"detached", "no", true, []string{"one"}},
		{"unstamped", "no", false, []string{"one"}},
		{"array", "no", true, []string{"one", "two"}},
		{"older", "", false, []string{"one"}},
		{"olderStamped", "", true, []string{"one"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			list := signatures(t, ask(t, c.what))
			if len(list) != len(c.contents) {
				t.Fatalf("%d signatures", len(list))
			}
			for i, content := range c.contents {
				if at := stampedAt(t, list[i], content); at.IsZero() == c.stamped {
					t.Errorf("stamped at %s", at)
				}
				if c.attached != "" && signedBy(t, list[i], content, c.attached == "yes") != aigulIIN {
					t.Error("signed by somebody else")
				}
			}
		})
	}
	t.Run("cards in the reader", func(t *testing.T) {
		if got := ask(t, "tokens"); !slices.Equal(got.Result.([]any), []any{}) {
			t.Errorf("%+v", got)
		}
	})
	for what, code := range map[string]string{"xml": "INVALID_SIGNING_PARAMS", "digest": "INVALID_SIGNING_PARAMS"} {
		t.Run(what+" is refused", func(t *testing.T) {
			got := ask(t, what)
			if got.Result != nil || got.Cancelled || !strings.Contains(got.Error, code) {
				t.Errorf("%+v", got)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		a.Behave(agent.Cancel)
		defer a.Behave(agent.Honest)
		if got := ask(t, "detached"); got.Result != nil || !got.Cancelled {
			t.Errorf("%+v", got)
		}
		// Of the older module the client knows no cancelling: it shows the word.
		if got := ask(t, "older"); got.Result != nil || got.Error != "500: action.canceled" {
			t.Errorf("%+v", got)
		}
	})
}
