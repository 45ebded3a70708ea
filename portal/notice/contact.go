package notice

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"math/big"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Limits of codes: whoever may ask for them must not be able to pester others with them.
const (
	CodeLife     = 10 * time.Minute
	CodeTries    = 5           // wrong ones, then another code is needed
	CodePause    = time.Minute // between two of one contact
	CodesContact = 5           // to one contact, ever
	CodesPerson  = 8           // asked for by one person in a day
	CodesAddress = 5           // to one address in a day, whoever asks
	ContactsDay  = 10          // added by one person in a day: of each all his others are told
	day          = 24 * time.Hour
	digits       = 6
)

// MaxPush is the most that a subscription of web push has, in bytes.
const MaxPush = 2048

// Contact is where somebody is told, or will be once the code is typed.
type Contact struct {
	ID        uuid.UUID
	Channel   Channel
	Address   string // of web push: the name of the service that carries it
	Safe      bool   // nobody but he reads it
	Confirmed bool
	Coming    bool // a code is on its way and can be typed
	CanCode   bool // another one may be asked for
	MadeAt    time.Time
}

type contactRow struct {
	ID          uuid.UUID  `db:"id"`
	Channel     Channel    `db:"channel"`
	Address     []byte     `db:"address"`
	Tag         []byte     `db:"address_tag"`
	Code        []byte     `db:"code"`
	CodeAt      *time.Time `db:"code_at"`
	Tries       int        `db:"tries"`
	Codes       int        `db:"codes"`
	Safe        bool       `db:"safe"`
	MadeAt      time.Time  `db:"made_at"`
	ConfirmedAt *time.Time `db:"confirmed_at"`
}

const (
	// Those that wait for a code are listed for a day.
	selectContacts = `
SELECT id, channel, address, address_tag, code, code_at, tries, codes, safe, made_at, confirmed_at
  FROM contact
 WHERE person = $1 AND ended_at IS NULL AND (confirmed_at IS NOT NULL OR made_at > $2)
 ORDER BY made_at, id`

	lockContact = `
SELECT id, channel, address, address_tag, code, code_at, tries, codes, safe, made_at, confirmed_at
  FROM contact
 WHERE id = $1 AND person = $2 AND ended_at IS NULL
   FOR UPDATE`

	// Two that ask at once are counted one after the other.
	lockPerson = `SELECT id FROM person WHERE id = $1 FOR UPDATE`

	// A code is counted when it goes, however long ago its address was added.
	countCodes = `
SELECT (SELECT count(*) FROM delivery WHERE person = $1 AND notice IS NULL AND made_at > $3) AS mine, fence.codes($2, $3) AS there`

	countContacts = `SELECT count(*) FROM contact WHERE person = $1 AND made_at > $2`

	insertContact = `
INSERT INTO contact (id, person, channel, address, address_tag, code, code_at, codes, safe, made_at, confirmed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

	setCode        = `UPDATE contact SET code = $2, code_at = $3, codes = codes + 1, tries = 0 WHERE id = $1`
	missCode       = `UPDATE contact SET tries = tries + 1 WHERE id = $1`
	confirmContact = `UPDATE contact SET code = NULL, code_at = NULL, confirmed_at = $2 WHERE id = $1`

	// Of one channel there is one address: the new one takes the place of the old.
	endOthers = `
UPDATE contact SET ended_at = $4 WHERE person = $1 AND channel = $2 AND id <> $3 AND confirmed_at IS NOT NULL AND ended_at IS NULL`
)

func (r contactRow) contact(db *vault.DB, at time.Time) (Contact, error) {
	address, err := db.OpenHand("contact", "address", r.ID, r.Address)
	if err != nil {
		return Contact{}, err
	}
	c := Contact{ID: r.ID, Channel: r.Channel, Address: string(address), Safe: r.Safe, Confirmed: r.ConfirmedAt != nil, MadeAt: r.MadeAt}
	c.Coming = r.CodeAt != nil && at.Before(r.CodeAt.Add(CodeLife)) && r.Tries < CodeTries
	c.CanCode = r.ConfirmedAt == nil && r.Codes < CodesContact
	if r.Channel == Push {
		c.Address = serviceOf(c.Address)
	}
	return c, nil
}

// ContactsOf are the asker's own: those that are confirmed, and those of the last day that
// wait for their code.
func ContactsOf(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Contact, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []contactRow
	if err := db.Select(ctx, &rows, selectContacts, ask.Person, ask.At.Add(-day)); err != nil {
		return nil, err
	}
	out := make([]Contact, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = row.contact(db, ask.At); err != nil {
			return nil, err
		}
	}
	return out, nil
}

var telephone = regexp.MustCompile(`^(?:\+?7|8)(7\d{9})$`)

// Normal is an address as it is kept: an e-mail address, a mobile number of Kazakhstan
// as +77XXXXXXXXX, or a subscription of a known service of web push. Invalid at the field
// "address" for anything else.
func Normal(channel Channel, typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	switch channel {
	case Email:
		a, err := mail.ParseAddress(typed)
		_, host, _ := strings.Cut(typed, "@")
		if err != nil || a.Address != typed || a.Name != "" || len(typed) > 254 || !strings.Contains(host, ".") || !ascii(typed) {
			return "", fault.New(fault.Invalid, "form.email").At("address")
		}
		return typed, nil
	case SMS:
		plain := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" -()\u00A0", r) {
				return -1
			}
			return r
		}, typed)
		m := telephone.FindStringSubmatch(plain)
		if m == nil {
			return "", fault.New(fault.Invalid, "form.telephone").At("address")
		}
		return "+7" + m[1], nil
	case Push:
		if serviceOf(typed) == "" || len(typed) > MaxPush {
			return "", fault.New(fault.Invalid, "form.push").At("address")
		}
		return typed, nil
	}
	return "", fault.New(fault.Invalid, "form.choose").At("channel")
}

func ascii(s string) bool {
	return !slices.ContainsFunc([]rune(s), func(r rune) bool { return r <= ' ' || r > '~' })
}

// services are those that browsers are told to use: whatever else a subscription named,
// the portal would go and ask it.
var services = []string{"fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com"}

// serviceOf is the service of a subscription; "" for what is none.
func serviceOf(subscription string) string {
	var s struct {
		Endpoint string `json:"endpoint"`
	}
	if json.Unmarshal([]byte(subscription), &s) != nil {
		return ""
	}
	at, err := url.Parse(s.Endpoint)
	if err != nil || at.Scheme != "https" || at.User != nil || at.Port() != "" {
		return ""
	}
	for _, service := range services {
		if at.Hostname() == service || strings.HasSuffix(at.Hostname(), "."+service) {
			return service
		}
	}
	return ""
}

// AddContact takes an address of the asker's. A code goes there, and it is used once that
// was typed: a browser that subscribed to web push has proved itself and needs none.
func AddContact(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, channel Channel, typed string, safe bool) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	address, err := Normal(channel, typed)
	if err != nil {
		return err
	}
	tag := db.Tag("contact", string(channel)+" "+strings.ToLower(address))
	sealed, err := db.SealHand("contact", "address", id, []byte(address))
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		var locked []uuid.UUID
		if err := tx.Select(ctx, &locked, lockPerson, ask.Person); err != nil {
			return err
		}
		added := 0
		if err := tx.Get(ctx, &added, countContacts, ask.Person, ask.At.Add(-day)); err != nil {
			return err
		}
		if added >= ContactsDay {
			return fault.New(fault.TooMany, "fault.codes")
		}
		if channel == Push {
			if err := tx.Exec(ctx, insertContact, id, ask.Person, channel, sealed, tag, nil, nil, 0, safe, ask.At, nil); err != nil {
				return err
			}
			return confirm(ctx, tx, ask.To(policy.ContactConfirm), id, channel, tag)
		}
		if err := bounded(ctx, tx, ask, tag); err != nil {
			return err
		}
		code, err := newCode(tx, id)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, insertContact, id, ask.Person, channel, sealed, tag, code, ask.At, 1, safe, ask.At, nil); err != nil {
			return err
		}
		if err := sendCode(ctx, tx, ask, id, channel); err != nil {
			return err
		}
		return step(ctx, tx, ask, id, tag)
	})
}

// step leaves the record of what was done to an address, by a digest that says nothing.
func step(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID, tag []byte) error {
	digest := sha256.Sum256(tag)
	return ledger.Step(ctx, tx.DB, ask, "contact", id, uuid.Nil, digest[:])
}

// bounded refuses a code too many: of this person, or to this address.
func bounded(ctx context.Context, tx *vault.DB, ask policy.Ask, tag []byte) error {
	var locked []uuid.UUID
	if err := tx.Select(ctx, &locked, lockPerson, ask.Person); err != nil {
		return err
	}
	var n struct {
		Mine  int `db:"mine"`
		There int `db:"there"`
	}
	if err := tx.Get(ctx, &n, countCodes, ask.Person, tag, ask.At.Add(-day)); err != nil {
		return err
	}
	if n.Mine >= CodesPerson || n.There >= CodesAddress {
		return fault.New(fault.TooMany, "fault.codes")
	}
	return nil
}

func newCode(tx *vault.DB, id uuid.UUID) ([]byte, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return nil, err
	}
	return tx.SealHand("contact", "code", id, fmt.Appendf(nil, "%0*d", digits, n))
}

func sendCode(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID, channel Channel) error {
	delivery, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return tx.Exec(ctx, insertDelivery, delivery, nil, ask.Person, id, channel, nil, false, ask.At, ask.At, ask.At.Add(CodeLife), ask.At)
}

// SendCode has another code sent to an address of the asker's.
func SendCode(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		var c contactRow
		if err := tx.Get(ctx, &c, lockContact, id, ask.Person); err != nil {
			return err
		}
		if c.ConfirmedAt != nil {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if c.Codes >= CodesContact || c.CodeAt != nil && ask.At.Before(c.CodeAt.Add(CodePause)) {
			return fault.New(fault.TooMany, "fault.codes")
		}
		if err := bounded(ctx, tx, ask, c.Tag); err != nil {
			return err
		}
		code, err := newCode(tx, id)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, setCode, id, code, ask.At); err != nil {
			return err
		}
		if err := sendCode(ctx, tx, ask, id, c.Channel); err != nil {
			return err
		}
		return step(ctx, tx, ask, id, c.Tag)
	})
}

// ConfirmContact takes the code that came to an address: from then the asker is told
// there, and no longer at the one before over that channel. Invalid at "code" where it is
// wrong; after CodeTries of those another one is needed.
func ConfirmContact(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, typed string) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	var wrong error
	err := db.Within(ctx, func(tx *vault.DB) error {
		var c contactRow
		if err := tx.Get(ctx, &c, lockContact, id, ask.Person); err != nil {
			return err
		}
		if c.ConfirmedAt != nil || c.Code == nil {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if !ask.At.Before(c.CodeAt.Add(CodeLife)) || c.Tries >= CodeTries {
			wrong = fault.New(fault.Invalid, "form.code-over").At("code")
			return nil
		}
		code, err := tx.OpenHand("contact", "code", id, c.Code)
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare(code, []byte(strings.Join(strings.Fields(typed), ""))) != 1 {
			wrong = fault.New(fault.Invalid, "form.code").At("code")
			return tx.Exec(ctx, missCode, id) // counted, though it is refused
		}
		return confirm(ctx, tx, ask, id, c.Channel, c.Tag)
	})
	if err != nil {
		return err
	}
	return wrong
}

func confirm(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID, channel Channel, tag []byte) error {
	if err := tx.Exec(ctx, endOthers, ask.Person, channel, id, ask.At); err != nil {
		return err
	}
	if err := tx.Exec(ctx, confirmContact, id, ask.At); err != nil {
		return err
	}
	return step(ctx, tx, ask, id, tag)
}

// EndContact takes an address away: nothing goes there any more, but that it was taken
// away.
func EndContact(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		var c contactRow
		if err := tx.Get(ctx, &c, lockContact, id, ask.Person); err != nil {
			return err
		}
		if err := tx.Exec(ctx, endContact, id, ask.At); err != nil {
			return err
		}
		return step(ctx, tx, ask, id, c.Tag)
	})
}

// Manner is how somebody wishes to be told.
type Manner struct {
	Language string  `db:"language"`
	Channel  Channel `db:"channel"`      // first; "": the order of the house
	Silent   bool    `db:"silent"`       // what no law demands comes into the portal alone
	From     int     `db:"night_begins"` // hours of his night, in Almaty; equal: none
	To       int     `db:"night_ends"`
	Discreet bool    `db:"discreet"` // neutral words, and only where nobody else reads
}

const (
	selectManner = `SELECT language, channel, silent, night_begins, night_ends, discreet FROM manner WHERE person = $1`

	upsertManner = `
INSERT INTO manner (person, language, channel, silent, night_begins, night_ends, discreet, saved_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (person) DO UPDATE
   SET language = excluded.language, channel = excluded.channel, silent = excluded.silent, night_begins = excluded.night_begins,
       night_ends = excluded.night_ends, discreet = excluded.discreet,
       saved_at = CASE WHEN manner.discreet AND excluded.discreet THEN manner.saved_at ELSE excluded.saved_at END`

	makeDiscreet = `
INSERT INTO manner (person, language, channel, silent, night_begins, night_ends, discreet, saved_at)
VALUES ($1, $2, '', $3, $4, $5, true, $6)
    ON CONFLICT (person) DO UPDATE SET discreet = true, saved_at = CASE WHEN manner.discreet THEN manner.saved_at ELSE excluded.saved_at END`
)

// Discreet has the author of a report, which the asker signs or takes down, told in neutral
// words from now on, and only where nobody else reads: the paper says under that signature
// that others may. So that is not told anywhere either; his settings show it.
func Discreet(ctx context.Context, tx *vault.DB, ask policy.Ask, author uuid.UUID) error {
	return tx.Exec(ctx, makeDiscreet, author, usual.Language, usual.Silent, usual.From, usual.To, ask.At)
}

// MannerOf is how the asker is told.
func MannerOf(ctx context.Context, db *vault.DB, ask policy.Ask) (Manner, error) {
	if err := ask.Check(0); err != nil {
		return Manner{}, err
	}
	var rows []Manner
	if err := db.Select(ctx, &rows, selectManner, ask.Person); err != nil || len(rows) > 0 {
		return append(rows, Manner{})[0], err
	}
	return Manner(usual), nil
}

// SetManner changes it. That addresses fall silent because others read there is an act of
// its own, which is told there once: whoever does it in another's name does it to hide.
func SetManner(ctx context.Context, db *vault.DB, ask policy.Ask, m Manner) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	if m.Channel != "" && !slices.Contains(Outward, m.Channel) {
		return fault.New(fault.Invalid, "form.choose").At("channel")
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		var locked []uuid.UUID
		if err := tx.Select(ctx, &locked, lockPerson, ask.Person); err != nil {
			return err
		}
		before, err := MannerOf(ctx, tx, ask)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, upsertManner, ask.Person, m.Language, m.Channel, m.Silent, m.From, m.To, m.Discreet, ask.At); err != nil {
			return err
		}
		if m.Discreet && !before.Discreet {
			if err := ledger.Step(ctx, tx.DB, ask.To(policy.NoticeSilence), "manner", ask.Person, uuid.Nil, nil); err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "manner", ask.Person, uuid.Nil, nil)
	})
}
