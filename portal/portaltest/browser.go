package portaltest

import (
	"errors"
	"os"
	"os/exec"
)

// Browser is the path of the program that shows pages to tests. Chromium's headless shell
// comes first: the same engine without the windows of a browser takes a third of the
// processor time.
func Browser() (string, error) {
	for _, name := range []string{
		"chromium-headless-shell", "headless-shell", "headless_shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	for _, name := range []string{"Google Chrome", "Chromium"} {
		path := "/Applications/" + name + ".app/Contents/MacOS/" + name
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no Chromium on this computer; make setup installs one")
}
