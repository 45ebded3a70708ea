package portal

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/register/inbound"
	"zharia/portal/web"
)

// machines are the acts by which the register of investigations speaks to the portal:
// it has no cookie and no language, and is known by its signature alone.
var machines = map[policy.Act]bool{policy.RegisterSend: true, policy.RegisterBatch: true, policy.RegisterContract: true,
	policy.ExchangeKey: true, policy.ExchangeEvents: true, policy.ExchangePaper: true}

// spoken are the acts by which a machine says something: it takes a place when that is all
// there. The others are asked in a header, which is there already.
var spoken = map[policy.Act]bool{policy.RegisterSend: true, policy.RegisterBatch: true}

// How long one message may take on its way in and out.
const lineTime = 2 * time.Minute

// machineGuard is all that stands between a machine and an act. Where no register is
// pinned nothing is there.
func (p *Portal) machineGuard(r route) echo.HandlerFunc {
	places := make(chan struct{}, atOnce)
	return func(c echo.Context) error {
		c.Set(actKey, string(r.act))
		if p.Register == nil {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		if p.strangers.wait(network(c)) {
			return fault.New(fault.TooMany, "fault.too-many")
		}
		if !spoken[r.act] {
			select {
			case places <- struct{}{}:
				defer func() { <-places }()
			default:
				return fault.New(fault.TooMany, "fault.too-many")
			}
		}
		err := r.answer(c, policy.Ask{Is: policy.Visitor, Act: r.act, At: p.Clock().UTC().Truncate(time.Microsecond)})
		if notSigned(err) {
			p.strangers.failed(network(c))
		}
		return err
	}
}

// notSigned tells that what came was not signed by the register, or nothing that it could
// have signed.
func notSigned(err error) bool {
	var he *echo.HTTPError
	var of *unsigned
	return errors.As(err, &of) || errors.As(err, &he)
}

// unsigned is the error of what nobody knows to be the register's.
type unsigned struct{ error }

func (u *unsigned) Unwrap() error { return u.error }

// sends refuses a request whose body is said to be something else.
func sends(c echo.Context, media string) error {
	got, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || got != media {
		return echo.NewHTTPError(http.StatusUnsupportedMediaType)
	}
	return nil
}

// registerSend takes one message.
func (p *Portal) registerSend(c echo.Context, _ policy.Ask) error {
	if err := sends(c, inbound.MediaMessage); err != nil {
		return err
	}
	body := &coming{http.MaxBytesReader(c.Response(), c.Request().Body, inbound.MaxLine), p.door.hold(network(c), p.strangers.never(network(c)))}
	defer body.free()
	raw, err := io.ReadAll(body)
	if err != nil {
		return tooLarge(err)
	}
	said, _, err := p.takeLine(c, raw)
	if err != nil {
		return err
	}
	return c.JSONBlob(http.StatusOK, said)
}

func tooLarge(err error) error {
	var long *http.MaxBytesError
	if errors.Is(err, fault.TooMany) {
		return err
	}
	if errors.As(err, &long) {
		return echo.ErrStatusRequestEntityTooLarge
	}
	return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
}

// What came of a message that a machine sent, for the figures.
const (
	lineStrange = "strange" // not the register's, or not to this portal
	lineTaken   = "taken"   // now or before
	lineAside   = "aside"   // refused, and those on duty see it
	lineRefused = "refused" // it may come again, and is kept nowhere
)

// takeLine judges a message that is all there; ours: it is known to be the register's.
func (p *Portal) takeLine(c echo.Context, raw []byte) (said []byte, ours bool, err error) {
	ctx := c.Request().Context()
	done, err := p.door.judge(ctx)
	if err != nil {
		return nil, false, err
	}
	defer done()
	came := lineStrange
	defer func() {
		p.Meter.Count("portal_register_messages_total", "Messages that came to the door of the register, by what came of them.", "outcome", came)
	}()
	e, err := inbound.ReadEnvelope(raw)
	if err != nil {
		return nil, false, &unsigned{err}
	}
	m, err := p.Register.Open(ctx, e)
	if inbound.Strange(err) {
		return nil, false, &unsigned{err}
	}
	came = lineRefused
	if err != nil {
		return nil, false, err
	}
	p.strangers.proved(network(c))
	said, err = p.Register.Take(ctx, m)
	switch {
	case err == nil:
		came = lineTaken
	case inbound.Kept(err):
		came = lineAside
	}
	return said, true, err
}

// lineAnswer is the answer to one line of a batch.
type lineAnswer struct {
	Line    int              `json:"line"`
	Status  int              `json:"status"`
	Answer  json.RawMessage  `json:"answer,omitempty"`
	Problem *inbound.Problem `json:"problem,omitempty"`
}

// registerBatch takes a line after another and answers each as soon as it is settled: who
// sends may stop anywhere and send the same again.
func (p *Portal) registerBatch(c echo.Context, _ policy.Ask) error {
	if err := sends(c, inbound.MediaBatch); err != nil {
		return err
	}
	ctx, wire := c.Request().Context(), http.NewResponseController(c.Response())
	wire.EnableFullDuplex() // HTTP/2 has it anyway
	who := network(c)
	register := p.strangers.never(who)
	buffer, body := p.door.hold(who, register), &coming{c.Request().Body, p.door.hold(who, register)}
	defer buffer.free()
	defer body.free()
	if err := buffer.add(lineHeld); err != nil {
		return err
	}
	lines := inbound.Lines(body)
	c.Response().Header().Set(echo.HeaderContentType, inbound.MediaBatch)
	c.Response().WriteHeader(http.StatusOK)
	out := bufio.NewWriter(c.Response())
	begun, known := time.Now(), false
	for n := 1; ; n++ {
		by := time.Now()
		if !known { // until one line was the register's, nobody is waited for longer than one line may take
			by = begun
		}
		wire.SetReadDeadline(by.Add(lineTime))
		wire.SetWriteDeadline(time.Now().Add(2 * lineTime))
		raw, err := lines()
		if errors.Is(err, io.EOF) {
			return nil
		}
		answer := lineAnswer{Line: n, Status: http.StatusOK}
		strange := err != nil && !errors.Is(err, fault.TooMany) // longer than any of the register's, or broken off
		if err == nil {
			var ours bool
			answer.Answer, ours, err = p.takeLine(c, raw)
			strange, known = notSigned(err), known || ours
		}
		body.free()
		if strange {
			p.strangers.failed(who)
		}
		if err != nil {
			problem := p.problem(c, err)
			answer.Status, answer.Problem = problem.Status, &problem
		}
		if err := json.NewEncoder(out).Encode(answer); err != nil {
			return nil // who asked has gone
		}
		if out.Flush() != nil || wire.Flush() != nil || ctx.Err() != nil || inbound.Cut(err) {
			return nil
		}
		if !known && n >= strangeUnread || p.strangers.wait(who) {
			return nil
		}
		select {
		case <-p.Leaving: // the rest comes again, to another process
			return nil
		default:
		}
	}
}

// registerContract is the description of all this, for whoever writes the other half.
func (p *Portal) registerContract(c echo.Context, _ policy.Ask) error {
	return c.JSONBlob(http.StatusOK, inbound.Contract(p.Origin, func(code string) map[string]string {
		return p.texts(code)
	}))
}

func (p *Portal) texts(code string) map[string]string {
	return map[string]string{"kk": p.Words.In("kk").T(code), "ru": p.Words.In("ru").T(code)}
}

// problem is the refusal of a message; the log has the same once.
func (p *Portal) problem(c echo.Context, err error) inbound.Problem {
	page := web.Fail(c, err)
	code, field := inbound.Code(err)
	status := inbound.StatusOf(code)
	var he *echo.HTTPError
	if errors.As(err, &he) && he.Code < http.StatusInternalServerError {
		if status, code = he.Code, page.Message; he.Code == http.StatusUnsupportedMediaType {
			code = "fault.register-media"
		}
	}
	out := inbound.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Field: field, Request: page.Number, Texts: p.texts(code)}
	var gap *inbound.Gap
	if errors.As(err, &gap) {
		out.Expected = gap.Expected
	}
	return out
}

// failMachine answers a machine.
func (p *Portal) failMachine(c echo.Context, err error) {
	problem := p.problem(c, err)
	c.Response().Header().Set(echo.HeaderContentType, "application/problem+json")
	body, _ := json.Marshal(problem)
	c.Blob(problem.Status, "application/problem+json", body)
}
