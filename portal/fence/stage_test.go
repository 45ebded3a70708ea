package fence_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// crowd is a world with a case in which everybody is something: each status as it can
// be held, in each relation, and each kind of decision in each state. It is put there
// by SQL, for a thousand decisions need no thousand signatures.
type crowd struct {
	*portaltest.W
	t         testing.TB
	at        string
	own       uuid.UUID // the case
	other     uuid.UUID // another, of other officials
	people    []*somebody
	decisions []*ruling
}

// somebody stands in the case.
type somebody struct {
	person, participant uuid.UUID
	seat                policy.Viewer // role and represented
	relation            string
	subject             uuid.UUID // participant whose part he sees
	reads               bool      // the file is open to him
	duty                string    // of an official
}

func (s *somebody) name() string {
	if s.duty != "" {
		return s.duty
	}
	return strings.Trim(fmt.Sprintf("%s/%s %s", s.seat.Role, s.seat.Represented, s.relation), "/ ")
}

// ruling is a decision in a state.
type ruling struct {
	id, document  uuid.UUID
	kind          policy.Kind
	state         string
	status        string
	ready         bool
	flagged       bool
	named         []uuid.UUID
	masked, claim uuid.UUID // documents
	ground        policy.Ground
	exposed       policy.View
}

// states are what a decision can be.
var states = []string{
	"draft", "submitted", "declined", "waiting", "flagged", "of the case", "of a suspect", "of a victim", "of a plaintiff",
	"of a defendant", "of a protected witness", "of a witness", "redacted", "opened", "narrowed",
}

// perKind is in how many states each kind stands; they take turns, so that each state
// comes with every fifth kind or oftener.
const perKind = 3

// relations of a status to the case.
var relations = []string{"confirmed", "reading", "ended", "awaiting", "elsewhere"}

func gather(t testing.TB, kinds []policy.Kind) *crowd {
	w := portaltest.World(t)
	c := &crowd{W: w, t: t, own: w.Theft, other: w.Fraud, at: w.At.Format("2006-01-02 15:04:05Z07:00")}
	c.bring()
	for i, kind := range kinds {
		for n := range perKind {
			c.decide(kind, states[(i*perKind+n)%len(states)])
		}
	}
	c.write()
	c.exec(`ANALYZE`)
	return c
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// exec runs what the superuser runs.
func (c *crowd) exec(query string, args ...any) {
	c.t.Helper()
	if _, err := c.SQL.ExecContext(c.t.Context(), query, args...); err != nil {
		c.t.Fatalf("%.300s: %v", query, err)
	}
}

func (c *crowd) sealed(table, column string, id uuid.UUID, text string) []byte {
	c.t.Helper()
	where := vault.Where{Table: table, Column: column, ID: id, Case: c.own}
	if table == "person" {
		where.Case, where.Person = uuid.Nil, id
	}
	b, err := c.DB.SealText(where, text)
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// join makes a person and what he is in a case.
func (c *crowd) join(in uuid.UUID, role policy.Role, represents uuid.UUID, status string) (person, participant uuid.UUID) {
	c.t.Helper()
	person, participant = newID(), newID()
	tag := sha256.Sum256(person[:])
	c.exec(`INSERT INTO person (id, iin_tag, iin, name, made_at) VALUES ($1, $2, $3, $4, $5)`,
		person, tag[:], c.sealed("person", "iin", person, "900101300017"), c.sealed("person", "name", person, "Ахметов Арман"), c.at)
	basis := policy.Bases[role][0].Key
	c.exec(`INSERT INTO participant (id, casefile, person, role, represents, capacity, basis, status, asked_at, since, confirmed_at, confirmed_by, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, CAST($8 AS text), CAST($9 AS timestamptz), CAST($9 AS timestamptz), CAST($9 AS timestamptz), $10,
			CASE WHEN CAST($8 AS text) = 'ended' THEN CAST($9 AS timestamptz) END)`,
		participant, in, person, role, uuid.NullUUID{UUID: represents, Valid: represents != uuid.Nil}, capacity(role), basis, status, c.at, c.Daniyar.Person)
	return person, participant
}

// capacity makes those minors who may have a legal representative here.
func capacity(role policy.Role) string {
	for _, rep := range []policy.Role{policy.SuspectsLegalRep, policy.VictimsLegalRep} {
		rule, _ := policy.RoleOf(rep)
		if slices.Contains(rule.Represents, role) {
			return "minor"
		}
	}
	return "full"
}

// bring fills the case: for each seat and relation somebody of his own, and whoever
// he stands for.
func (c *crowd) bring() {
	for _, seat := range policy.Seats() {
		if seat.Role == policy.Applicant {
			continue
		}
		for _, relation := range relations {
			in, status := c.own, "confirmed"
			switch relation {
			case "ended", "awaiting":
				status = relation
			case "elsewhere":
				in = c.other
			}
			s := &somebody{seat: seat, relation: relation, reads: relation == "reading"}
			var client uuid.UUID
			if seat.Represented != "" {
				_, client = c.join(in, seat.Represented, uuid.Nil, "confirmed")
			}
			s.person, s.participant = c.join(in, seat.Role, client, status)
			s.subject = s.participant
			if client != uuid.Nil {
				s.subject = client
			}
			c.people = append(c.people, s)
		}
	}
	for word, a := range map[string]*portaltest.Actor{
		"charge": c.Daniyar, "supervisor": c.Zhanar, "unit": c.Marat, "office": c.Gulnar,
		"another investigator": c.Ermek, "administrator": c.Bolat, "stranger": c.Stranger,
	} {
		c.people = append(c.people, &somebody{person: a.Person, duty: word})
	}
	for _, post := range []string{"judge", "registrar", "auditor"} {
		person := newID()
		tag := sha256.Sum256(person[:])
		c.exec(`INSERT INTO person (id, iin_tag, iin, name, made_at) VALUES ($1, $2, $3, $4, $5)`,
			person, tag[:], c.sealed("person", "iin", person, "900101300017"), c.sealed("person", "name", person, "Ахметов Арман"), c.at)
		c.exec(`INSERT INTO officer (person, post, body) SELECT $1, $2, body FROM casefile WHERE id = $3`, person, post, c.own)
		c.people = append(c.people, &somebody{person: person, duty: post})
	}
	c.people = append(c.people, &somebody{duty: "visitor"})
}

// first is the participant of that status whom decisions name.
func (c *crowd) first(role policy.Role) uuid.UUID {
	i := slices.IndexFunc(c.people, func(s *somebody) bool { return s.seat.Role == role && s.relation == "confirmed" })
	return c.people[i].participant
}

func (c *crowd) decide(kind policy.Kind, state string) {
	rule, _ := policy.KindOf(kind)
	r := &ruling{id: newID(), document: newID(), kind: kind, state: state, status: "published", ready: rule.Needs != policy.Nothing}
	everybody := func() {
		for _, s := range c.people {
			if s.participant != uuid.Nil && (s.relation == "confirmed" || s.relation == "reading") {
				r.named = append(r.named, s.participant)
				if s.subject != s.participant {
					r.named = append(r.named, s.subject)
				}
			}
		}
	}
	switch state {
	case "draft", "submitted", "declined":
		r.status = state
		everybody()
	case "waiting":
		r.ready = false
		everybody()
	case "flagged":
		r.flagged = true
		everybody()
	case "of a suspect":
		r.named = []uuid.UUID{c.first(policy.Suspect)}
	case "of a victim":
		r.named = []uuid.UUID{c.first(policy.Victim)}
	case "of a plaintiff":
		r.named = []uuid.UUID{c.first(policy.CivilPlaintiff)}
	case "of a defendant":
		r.named = []uuid.UUID{c.first(policy.CivilDefendant)}
	case "of a protected witness":
		r.named = []uuid.UUID{c.first(policy.ProtectedWitness)}
	case "of a witness":
		r.named = []uuid.UUID{c.first(policy.Witness)}
	case "redacted":
		r.masked, r.claim = newID(), newID()
		everybody()
	case "opened":
		r.exposed, r.ground = policy.Copy, policy.ForDefence
		everybody()
	case "narrowed":
		r.exposed, r.ground = policy.Fact, policy.ForSecret
		everybody()
	}
	c.decisions = append(c.decisions, r)
}

// rows collects what is inserted at once.
type rows struct {
	table   string
	columns []string
	types   []string
	values  [][]any
}

func table(name string, columns ...string) *rows {
	r := &rows{table: name}
	for _, column := range columns {
		word, kind, _ := strings.Cut(column, " ")
		r.columns, r.types = append(r.columns, word), append(r.types, kind)
	}
	return r
}

func (r *rows) add(values ...any) { r.values = append(r.values, values) }

func (r *rows) insert(c *crowd) {
	c.t.Helper()
	const most = 4000
	for start := 0; start < len(r.values); start += most {
		part := r.values[start:min(start+most, len(r.values))]
		args, casts := make([]any, len(r.columns)), make([]string, len(r.columns))
		for i := range r.columns {
			column := make([]any, len(part))
			for n, row := range part {
				column[n] = row[i]
				if b, ok := row[i].([]byte); ok {
					column[n] = `\x` + hex.EncodeToString(b)
				}
			}
			args[i] = pq.Array(column)
			casts[i] = fmt.Sprintf("CAST($%d AS %s[])", i+1, r.types[i])
		}
		c.exec(`INSERT INTO `+r.table+` (`+strings.Join(r.columns, ", ")+`) SELECT * FROM unnest(`+strings.Join(casts, ", ")+`)`, args...)
	}
}

func (c *crowd) write() {
	documents := table("document", "id uuid", "casefile uuid", "kind text", "language text", "author uuid", "content bytea", "size int", "digest bytea", "made_at timestamptz", "cms bytea", "signer uuid", "signed_at timestamptz")
	decisions := table("decision", "id uuid", "casefile uuid", "kind text", "status text", "author uuid", "decided_on date", "ready_on date", "document uuid", "made_at timestamptz", "published_at timestamptz")
	named := table("decision_person", "decision uuid", "participant uuid")
	redactions := table("redaction", "document uuid", "decision uuid", "part text", "author uuid", "made_at timestamptz", "signed_at timestamptz")
	exposures := table("exposure", "document uuid", "decision uuid", "participant uuid", "author uuid", "view text", "ground text", "reasons bytea", "made_at timestamptz", "signed_at timestamptz")
	services := table("service", "decision uuid", "participant uuid", "person uuid", "way text", "at timestamptz")
	openFiles := table("familiarisation", "id uuid", "casefile uuid", "participant uuid", "author uuid", "document uuid", "opens_on date", "until date", "status text", "made_at timestamptz", "opened_at timestamptz")
	author := c.Daniyar.Person
	paper := func(id uuid.UUID, kind string, signed bool) uuid.UUID {
		sum := sha256.Sum256(id[:])
		var cms, signer, at any
		if signed {
			cms, signer, at = c.sealed("document", "cms", id, "a signature"), author.String(), c.at
		}
		documents.add(id.String(), c.own.String(), kind, "kk", author.String(), c.sealed("document", "content", id, "a paper"), 7, sum[:], c.at, cms, signer, at)
		return id
	}
	var flagged []string
	for _, d := range c.decisions {
		paper(d.document, "decision", d.status != "draft")
		var ready, published any
		if d.ready {
			ready = c.at
		}
		if d.status == "published" {
			published = c.at
		}
		decisions.add(d.id.String(), c.own.String(), string(d.kind), d.status, author.String(), c.at, ready, d.document.String(), c.at, published)
		if d.flagged {
			flagged = append(flagged, d.id.String())
		}
		for _, p := range d.named {
			named.add(d.id.String(), p.String())
		}
		if d.masked != uuid.Nil {
			redactions.add(paper(d.masked, "redaction", true).String(), d.id.String(), "personal-data", author.String(), c.at, c.at)
			redactions.add(paper(d.claim, "redaction", true).String(), d.id.String(), "civil-claim", author.String(), c.at, c.at)
		}
	}
	for _, s := range c.people {
		if s.participant == uuid.Nil || s.relation == "elsewhere" {
			continue
		}
		for _, d := range c.decisions {
			if d.ground != "" {
				x := paper(newID(), "exposure", true)
				exposures.add(x.String(), d.id.String(), s.participant.String(), author.String(), d.exposed.String(), string(d.ground),
					c.sealed("exposure", "reasons", x, "reasons"), c.at, c.at)
			}
			services.add(d.id.String(), s.participant.String(), s.person.String(), "opened", c.at)
		}
		if s.reads {
			openFiles.add(newID().String(), c.own.String(), s.participant.String(), author.String(), paper(newID(), "familiarisation", true).String(), c.at, c.at, "open", c.at, c.at)
		}
	}
	for _, r := range []*rows{documents, decisions, named, redactions, exposures, services, openFiles} {
		r.insert(c)
	}
	c.exec(`ALTER TABLE decision DISABLE TRIGGER is_final`) // they are published
	c.exec(`UPDATE decision SET flags = '{minor-privacy}' WHERE id = ANY (CAST($1 AS uuid[]))`, pq.StringArray(flagged))
	c.exec(`ALTER TABLE decision ENABLE TRIGGER is_final`)
}
