package portal_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal"
)

// readers are who finds a filing: its author, whom he acts for and who acts for him, who
// must answer it, the officials of the case.
const readers = `
		SELECT id, author AS person FROM filing UNION
		SELECT id, decider FROM filing WHERE status <> 'draft' UNION
		SELECT f.id, s.person FROM filing f JOIN duty s ON s.casefile = f.casefile WHERE f.status <> 'draft' UNION
		SELECT f.id, r.person FROM filing f JOIN participant r ON r.represents = f.participant WHERE r.status = 'confirmed' AND f.status <> 'draft' UNION
		SELECT f.id, r.person FROM filing f JOIN participant p ON p.id = f.participant JOIN participant r ON r.id = p.represents WHERE f.status <> 'draft'`

// reach says, for each parameter of an address, what there is of that kind and who of
// all people could conceivably be shown something of it; what exactly, the table of
// access and the matrix say. Everybody else must not learn that it is there.
var reach = map[string]string{
	":case":        `SELECT casefile AS id, person FROM standing`,
	":decision":    `SELECT d.id, s.person FROM decision d JOIN standing s ON s.casefile = d.casefile WHERE d.status <> 'draft' OR s.standing = 'charge'`,
	":exposure":    `SELECT e.document AS id, s.person FROM exposure e JOIN decision d ON d.id = e.decision JOIN duty s ON s.casefile = d.casefile`,
	":redaction":   `SELECT e.document AS id, s.person FROM redaction e JOIN decision d ON d.id = e.decision JOIN duty s ON s.casefile = d.casefile`,
	":participant": `SELECT p.id, s.person FROM participant p JOIN duty s ON s.casefile = p.casefile`,
	":power": `
		SELECT p.id, p.person FROM participant p UNION
		SELECT p.id, r.person FROM participant p JOIN participant r ON r.id = p.represents UNION
		SELECT p.id, s.person FROM participant p JOIN duty s ON s.casefile = p.casefile`,
	":access": `
		SELECT id, person FROM request UNION
		SELECT r.id, s.person FROM request r JOIN duty s ON s.casefile = r.casefile WHERE r.status <> 'draft'`,
	":opening": `SELECT o.id, s.person FROM opening o JOIN standing s ON s.casefile = o.casefile`,
	":objection": `
		SELECT id, person FROM objection UNION
		SELECT o.id, s.person FROM objection o JOIN duty s ON s.casefile = o.casefile`,
	":filing": readers,
	":attachment": `
		SELECT id, author AS person FROM attachment UNION
		SELECT a.id, f.person FROM attachment a JOIN (` + readers + `) f ON f.id = a.filing UNION
		SELECT a.id, o.person FROM attachment a JOIN report r ON r.id = a.report JOIN officer o ON o.body = r.body WHERE r.status <> 'draft'`,
	":supplement": `SELECT u.id, f.person FROM supplement u JOIN (` + readers + `) f ON f.id = u.filing`,
	":feed":       `SELECT id, person FROM feed`,
	":assistant":  `SELECT id, advocate AS person FROM assistant UNION SELECT id, person FROM assistant`,
	":report": `
		SELECT id, author AS person FROM report WHERE author IS NOT NULL UNION
		SELECT id, entered_by FROM report WHERE entered_by IS NOT NULL UNION
		SELECT r.id, o.person FROM report r JOIN officer o ON o.body = r.body WHERE r.status <> 'draft'`,
	":errand":   `SELECT id, advocate AS person FROM errand UNION SELECT e.id, a.person FROM errand e JOIN assistant a ON a.id = e.assistant`,
	":material": `SELECT m.id, s.person FROM material m JOIN duty s ON s.casefile = m.casefile`,
	":familiarisation": `
		SELECT f.id, p.person FROM familiarisation f JOIN participant p ON p.id = f.participant UNION
		SELECT f.id, s.person FROM familiarisation f JOIN duty s ON s.casefile = f.casefile`,
	":page": `
		SELECT g.id, p.person FROM material_page g JOIN material m ON m.id = g.material
		  JOIN familiarisation f ON f.casefile = m.casefile JOIN participant p ON p.id = f.participant UNION
		SELECT g.id, s.person FROM material_page g JOIN material m ON m.id = g.material JOIN duty s ON s.casefile = m.casefile`,
	":appointment":  `SELECT a.id, o.person FROM appointment a JOIN officer o ON o.post IN ('administrator', 'head', 'chief-prosecutor')`,
	":substitution": `SELECT s.id, o.person FROM substitution s JOIN officer o ON o.person IN (s.officer, s.deputy) OR o.post IN ('head', 'chief-prosecutor')`,
	":session":      `SELECT id, person FROM session WHERE person IS NOT NULL`,
	":request":      `SELECT id, NULL::uuid AS person FROM phone_request`,
	":notice":       `SELECT id, person FROM notice`,
	":contact":      `SELECT id, person FROM contact`,
	":key":          `SELECT key AS id, person FROM submission`,
	":tip":          `SELECT t.id, o.person FROM tip t JOIN officer o ON o.body = t.body AND o.post IN ('registrar', 'head')`,
	":file":         `SELECT f.id, o.person FROM tip_file f JOIN tip t ON t.id = f.tip JOIN officer o ON o.body = t.body AND o.post IN ('registrar', 'head')`,
}

// furnish puts one thing of every kind into both cases, as the superuser: nothing of
// it opens, and nobody who may not find it gets so far.
const furnish = `
INSERT INTO document (id, casefile, kind, language, author, content, size, digest, made_at)
SELECT md5(k || c.id)::uuid, c.id, k, 'kk', c.investigator, '\x00', 1, sha256(convert_to(k || c.id, 'UTF8')), now()
  FROM casefile c, unnest(ARRAY['exposure', 'redaction', 'request', 'material', 'familiarisation']) k;
INSERT INTO exposure (document, decision, participant, author, view, ground, reasons, made_at, signed_at)
SELECT DISTINCT ON (c.id) md5('exposure' || c.id)::uuid, d.id, p.id, c.investigator, 'read', 'truth', '\x00', now(), now()
  FROM casefile c JOIN decision d ON d.casefile = c.id JOIN participant p ON p.casefile = c.id;
INSERT INTO redaction (document, decision, part, author, made_at, signed_at)
SELECT DISTINCT ON (c.id) md5('redaction' || c.id)::uuid, d.id, 'personal-data', c.investigator, now(), now()
  FROM casefile c JOIN decision d ON d.casefile = c.id;
INSERT INTO request (id, casefile, person, role, words, named, language, document, participant, status, made_at, asked_at, term, due_raw, due_at)
SELECT DISTINCT ON (c.id) md5('the request' || c.id)::uuid, c.id, p.person, p.role, '\x00', '\x00', 'kk', md5('request' || c.id)::uuid, p.id, 'asked', now(), now(), 'status-request', now(), now()
  FROM casefile c JOIN participant p ON p.casefile = c.id;
INSERT INTO opening (id, casefile, person, standing, object, object_id, reason, at)
SELECT md5('opening' || id)::uuid, id, investigator, 'charge', 'decision', id, 'duty', now() FROM casefile;
INSERT INTO objection (id, opening, casefile, person, words, made_at)
SELECT DISTINCT ON (c.id) md5('objection' || c.id)::uuid, md5('opening' || c.id)::uuid, c.id, p.person, '\x00', now()
  FROM casefile c JOIN participant p ON p.casefile = c.id;
INSERT INTO material (id, casefile, volume, sheet, sheets, title, part, document, state, made_at)
SELECT md5('the material' || id)::uuid, id, 9, 1, 1, '\x00', 'case', md5('material' || id)::uuid, 'ready', now() FROM casefile;
INSERT INTO material_page (id, material, number, small, size, width, height, sharp, sharp_size)
SELECT md5('page' || id)::uuid, md5('the material' || id)::uuid, 1, '\x00', 1, 1, 1, '\x00', 1 FROM casefile;
INSERT INTO familiarisation (id, casefile, participant, author, document, opens_on, until, status, made_at, opened_at)
SELECT DISTINCT ON (c.id) md5('the familiarisation' || c.id)::uuid, c.id, p.id, c.investigator, md5('familiarisation' || c.id)::uuid, '2026-10-20', '2026-11-20', 'open', now(), now()
  FROM casefile c JOIN participant p ON p.casefile = c.id WHERE p.status = 'confirmed'
    ON CONFLICT DO NOTHING;
INSERT INTO document (id, casefile, kind, language, author, content, size, digest, made_at)
SELECT md5('supplement' || id)::uuid, casefile, 'supplement', 'kk', author, '\x00', 1, sha256(convert_to('supplement' || id, 'UTF8')), now()
  FROM filing WHERE status = 'filed';
INSERT INTO supplement (id, filing, n, kind, text, document, made_at, signed_at)
SELECT md5('the supplement' || id)::uuid, id, 50, 'added', '\x00', md5('supplement' || id)::uuid, now(), now()
  FROM filing WHERE status = 'filed';
INSERT INTO document (id, kind, language, author, content, size, digest, made_at)
SELECT md5(k)::uuid, k, 'kk', o.person, '\x00', 1, sha256(convert_to(k, 'UTF8')), now()
  FROM officer o, unnest(ARRAY['appointment', 'substitution']) k WHERE o.post = 'head';
INSERT INTO appointment (id, person, name, leaves, proposer, document, status, made_at, proposed_at)
SELECT md5('the appointment')::uuid, i.person, 'somebody', true, a.person, md5('appointment')::uuid, 'proposed', now(), now()
  FROM officer i, officer a WHERE i.post = 'investigator' AND a.post = 'administrator' LIMIT 1;
INSERT INTO substitution (id, officer, deputy, head, document, until, made_at)
SELECT md5('the substitution')::uuid, i.person, j.person, h.person, md5('substitution')::uuid, '2026-11-20', now()
  FROM officer i, officer j, officer h WHERE i.post = 'investigator' AND j.post = 'investigator' AND h.post = 'head' AND i.person < j.person LIMIT 1;
INSERT INTO tip (id, body, handle, key, day, status)
SELECT md5('tip' || id)::uuid, id, sha256(convert_to('tip' || id, 'UTF8')), sha256('key'), now(), 'sent' FROM body WHERE code IS NOT NULL;
INSERT INTO tip_message (id, tip, n, day, text, own, digest) SELECT md5('message' || id)::uuid, id, 50, now(), '\x00', '\x00', sha256('x') FROM tip;
INSERT INTO submission (key, person, session, act, of, document, digest, at)
SELECT md5('key' || id)::uuid, author, id, 'filing-submit', id, id, sha256('x'), now() FROM document WHERE author IS NOT NULL;
INSERT INTO tip_file (id, tip, message, n, kind, size, digest, content) SELECT md5('file' || id)::uuid, id, md5('message' || id)::uuid, 1, 'jpeg', 1, sha256('x'), '\x00' FROM tip;`

// crawlers are everybody who crawls: all roles of both cases, all posts, a stranger
// and somebody who has not signed in.
var crawlers = append(slices.Clone(members), "marat", "gulnar", "ermek", "bolat", "nurlan")

// tries is with how many things of a kind that are not his each address is tried by
// each; CRAWL=all (make campaigns) tries them all.
var tries = map[bool]int{false: 2, true: 1 << 30}[os.Getenv("CRAWL") == "all"]

// Security/THREATS T12: every address, asked for by everybody with the id of every
// thing there is, his own and all others', and with ids of other kinds. What he is
// nothing to answers as what is nowhere, byte by byte but for the id itself.
func TestNobodyReachesWhatHeIsNothingTo(t *testing.T) {
	t.Parallel()
	s := &stage{t: t}
	s.fresh()
	if _, err := s.SQL.Exec(furnish); err != nil {
		t.Fatal(err)
	}
	kinds, open := s.everything()
	nowhere := uuid.Must(uuid.NewV7())
	asked, before, leaks := 0, s.acts(), map[string]int{}
	for _, r := range portal.Routes() {
		parameters := parametersOf(r.Path)
		if len(parameters) == 0 || parameters[0] == ":topic" || parameters[0] == ":token" || parameters[0] == ":sample" || parameters[0] == ":document" {
			continue // no thing, or one that is public by its number
		}
		for _, p := range parameters {
			if kinds[p] == nil {
				t.Errorf("%s %s: nobody knows what things %s has, or there are none", r.Method, r.Path, p)
			}
		}
		for _, word := range crawlers {
			g, person := s.guest(word), uuid.Nil // a new browser each time: who asks too often is not answered
			if word != nobody {
				person = s.Actor(word).Person
			}
			for place, p := range parameters {
				missing := s.ask(g, r, kinds, place, nowhere)
				tried := 0
				for _, id := range s.ids(kinds, p) {
					if open[p][id][person] || tried == tries {
						continue
					}
					tried++
					asked++
					got := s.ask(g, r, kinds, place, id)
					if word == nobody && cell(got) == "in" {
						continue
					}
					if got.StatusCode < 400 || got.StatusCode != missing.StatusCode || strings.ReplaceAll(got.body, id.String(), nowhere.String()) != missing.body {
						leaks[fmt.Sprintf("%s %s as %s: %d, and %d for what is nowhere", r.Method, r.Path, word, got.StatusCode, missing.StatusCode)]++
					}
				}
			}
		}
	}
	if after := s.acts(); after != before {
		t.Errorf("the crawl left %d acts", after-before)
	}
	for _, leak := range slices.Sorted(maps.Keys(leaks)) {
		t.Errorf("%s, %d times", leak, leaks[leak])
	}
	t.Logf("%d requests for what is not theirs", asked)
	if asked < 5_000 {
		t.Errorf("only %d requests: the crawl is broken", asked)
	}
}

// parametersOf are those of an address, in order.
func parametersOf(path string) (out []string) {
	for _, part := range strings.Split(path, "/") {
		if strings.HasPrefix(part, ":") && part != ":question" { // a word of a closed list
			out = append(out, part)
		}
	}
	return out
}

// everything is what there is of each kind, and whom each could be shown.
func (s *stage) everything() (kinds map[string][]uuid.UUID, open map[string]map[uuid.UUID]map[uuid.UUID]bool) {
	s.t.Helper()
	kinds, open = map[string][]uuid.UUID{}, map[string]map[uuid.UUID]map[uuid.UUID]bool{}
	for p, query := range reach {
		var rows []struct {
			ID     uuid.UUID     `db:"id"`
			Person uuid.NullUUID `db:"person"`
		}
		if err := s.SQL.Select(&rows, fmt.Sprintf(`SELECT DISTINCT id, person FROM (%s) AS x ORDER BY id, person`, query)); err != nil {
			s.t.Fatalf("%s: %v", p, err)
		}
		open[p] = map[uuid.UUID]map[uuid.UUID]bool{}
		for _, row := range rows {
			if open[p][row.ID] == nil {
				open[p][row.ID] = map[uuid.UUID]bool{}
				kinds[p] = append(kinds[p], row.ID)
			}
			if row.Person.Valid {
				open[p][row.ID][row.Person.UUID] = true
			}
		}
	}
	return kinds, open
}

// ids are all of a kind, and one each of three other kinds.
func (s *stage) ids(kinds map[string][]uuid.UUID, p string) []uuid.UUID {
	var out []uuid.UUID
	for _, other := range []string{":case", ":filing", ":participant"} {
		if other != p {
			out = append(out, kinds[other][0])
		}
	}
	return slices.Concat(out[:1], kinds[p], out[1:])
}

// ask asks for an address with an id in one place and the first of its kind in the
// others; a POST brings nothing.
func (s *stage) ask(g *guest, r portal.Route, kinds map[string][]uuid.UUID, place int, id uuid.UUID) answer {
	s.t.Helper()
	path := strings.Replace(r.Path, ":question", "what", 1)
	for i, p := range parametersOf(r.Path) {
		with := id
		if i != place && kinds[p] != nil {
			with = kinds[p][0]
		}
		path = strings.Replace(path, p, with.String(), 1)
	}
	if r.Method == http.MethodGet {
		return g.get("/kk" + path)
	}
	if r.Method == http.MethodPut {
		return g.do(httptest.NewRequest(r.Method, "/kk"+path, nil))
	}
	return g.post("/kk"+path, nil)
}
