package portaltest

import (
	"errors"
	"os"
	"os/exec"
)

// Browser is the path of the program that shows pages to tests: Chromium's headless shell
// where there is one. It is the same engine without what a browser has around it, and takes a
// third of the processor time.
func Browser() (string, error) {
	for _, name := range []string{"chromium-headless-shell", "headless-shell", "headless_shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return WholeBrowser()
}

// WholeBrowser is that of a browser with all that is around the engine: notifications of the
// screen, and pages that are kept for the way back.
func WholeBrowser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
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
