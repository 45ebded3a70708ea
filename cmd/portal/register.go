package main

import (
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zharia/portal/cast"
	"zharia/portal/register/feed"
	"zharia/portal/register/standin"
)

// registerFlags are how the stand-in fails.
type registerFlags struct {
	slow      time.Duration
	down      time.Duration
	wrong     int
	lose      int
	duplicate bool
	shuffle   bool
	cases     int
}

// runRegister is a register of investigations that is none, with the key that the cast's
// has: it brings cases to a portal, takes its events into a diary and fetches the papers.
func runRegister(ctx context.Context, args []string, out io.Writer) error {
	var f registerFlags
	flags := flag.NewFlagSet("register", flag.ContinueOnError)
	to := flags.String("portal", "http://127.0.0.1:8080", "where the portal answers")
	origin := flags.String("origin", "", "what the portal calls itself, where that is another address (PORTAL_ORIGIN)")
	addr := flags.String("addr", "127.0.0.1:8090", "where events are taken")
	dir := flags.String("dir", "register", "folder of its diary, its letters, its papers and the key they are sealed to")
	people := flags.String("cast", filepath.Join(".portal", "cast"), "folder of the keys of the demonstration: that of the register is among them")
	flags.IntVar(&f.cases, "cases", 0, "bring so many cases to the portal")
	flags.DurationVar(&f.slow, "slow", 0, "answer so late")
	flags.DurationVar(&f.down, "down", 0, "do not answer for so long after the start")
	flags.IntVar(&f.wrong, "wrong", 0, "answer each so many-th event with rubbish")
	flags.IntVar(&f.lose, "lose", 0, "lose the answer to each so many-th event, so that it comes twice")
	flags.BoolVar(&f.duplicate, "duplicate", false, "send everything twice")
	flags.BoolVar(&f.shuffle, "shuffle", false, "send everything out of its order")
	if flags.Parse(args) != nil {
		return errMisuse
	}
	if flags.NArg() > 0 {
		return misused("register takes flags only, not " + flags.Arg(0))
	}
	if f.cases < 0 || f.cases > 10_000 || f.wrong < 0 || f.lose < 0 {
		return misused("-cases is from 0 to 10000, -wrong and -lose are no less than 0")
	}
	if _, err := os.Stat(filepath.Join(*people, "register.pem")); err != nil {
		return fmt.Errorf("the key of the register: %w", err)
	}
	troupe, err := cast.Keys(*people, now())
	if err != nil {
		return err
	}
	at := strings.TrimSuffix(*to, "/")
	if *origin == "" {
		*origin = at
	}
	line := standin.Line{
		Client: &http.Client{Timeout: time.Minute}, Portal: at, Origin: *origin, Troupe: troupe, Clock: now,
		Duplicate: f.duplicate, Shuffle: f.shuffle,
	}
	public, err := line.Key(ctx)
	if err != nil {
		return fmt.Errorf("the portal does not say by which key it signs: %w", err)
	}
	r, err := standin.Open(*dir, line.Origin, public, now)
	if err != nil {
		return err
	}
	defer r.Close()
	listener, err := listen(*addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "PORTAL_REGISTER_URL=http://%s/\nPORTAL_REGISTER_SEAL=%s\n", listener.Addr(), base64.StdEncoding.EncodeToString(r.Seal()))
	return playRegister(ctx, r, line, f, listener, *dir, out)
}

// playRegister takes events until the context ends, and brings the cases meanwhile.
func playRegister(ctx context.Context, r *standin.Register, line standin.Line, f registerFlags, listener net.Listener, dir string, out io.Writer) error {
	told := make(chan feed.Event, 10_000)
	r.Watch(func(e feed.Event) {
		select {
		case told <- e:
		default: // it is in the diary; only its paper is not fetched now
		}
	})
	faults := standin.Faults{Slow: f.slow, Wrong: f.wrong, Lose: f.lose}
	if f.down > 0 {
		r.Fail(standin.Faults{Down: true})
		step("the register is down for " + f.down.String())
		up := time.AfterFunc(f.down, func() { r.Fail(faults); step("the register is there again") })
		defer up.Stop()
	} else {
		r.Fail(faults)
	}
	server := newServer(r)
	defer server.Close()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if n, err := r.CatchUp(ctx, line); err != nil {
		step("what was told before cannot be read: " + err.Error())
	} else if n > 0 {
		step(fmt.Sprintf("%d events were read that had come before", n))
	}
	pushed := make(chan error, 1)
	go func() {
		if f.cases == 0 {
			return
		}
		got, err := r.Country(ctx, line, f.cases, func(done, all int) {
			if done%10 == 0 || done == all {
				step(fmt.Sprintf("%d of %d letters", done, all))
			}
		})
		for _, why := range got.Refused {
			step("refused: " + why)
		}
		step(fmt.Sprintf("%d letters taken, %d had to come again for a gap, %d refused", got.Taken, got.Gaps, len(got.Refused)))
		if err != nil {
			pushed <- err
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-served:
			return fmt.Errorf("take events: %w", err)
		case err := <-pushed:
			step("the letters: " + err.Error())
		case e := <-told:
			fmt.Fprintf(out, "%d %s %s %s%s\n", e.Position, e.At.Format(time.RFC3339), e.Kind, e.Subject.Number, paperOf(ctx, r, line, e, dir))
		}
	}
}

// paperOf fetches the paper of an event into the folder, and says so.
func paperOf(ctx context.Context, r *standin.Register, line standin.Line, e feed.Event, dir string) string {
	if e.Paper == nil {
		return ""
	}
	c, err := r.Fetch(ctx, line, *e.Paper)
	if err != nil {
		return " (" + err.Error() + ")"
	}
	folder := filepath.Join(dir, "papers")
	name := filepath.Join(folder, e.Paper.Document.String())
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return " (" + err.Error() + ")"
	}
	for end, content := range map[string][]byte{".pdf": c.PDF, ".cms": c.CMS} {
		if err := os.WriteFile(name+end, content, 0o600); err != nil {
			return " (" + err.Error() + ")"
		}
	}
	return " " + name + ".pdf"
}
