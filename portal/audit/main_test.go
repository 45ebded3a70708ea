package audit_test

import (
	"os"
	"testing"

	"zharia/portal/portaltest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	portaltest.Strike()
	os.Exit(code)
}
