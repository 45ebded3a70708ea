package portal_test

import (
	"go/ast"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"

	"zharia"
	"zharia/portal/agenda"
	"zharia/portal/attachment"
	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/materials"
	"zharia/portal/notice"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/report"
	"zharia/portal/sample"
	"zharia/portal/tip"
	"zharia/portal/web"
	"zharia/portal/words"
)

// families are the keys that a page puts together: a prefix, and what may follow
// it. A page that puts together a key of another prefix fails the test, and so
// does a word that nobody says.
func families(t *testing.T) map[string][]string {
	t.Helper()
	kinds, roles, filings := plain(policy.Kinds), plain(policy.Roles), plain(filing.Kinds)
	families := constants(t, "portal/policy", "Family")
	statuses := append(constants(t, "portal/casefile", "Status"), plain(filing.Statuses)...)
	var bases []string
	for _, list := range policy.Bases {
		for _, b := range list {
			bases = append(bases, b.Key)
		}
	}
	plainly := func(list []string) []string { return with(list, "", ".plain") }
	var views []string
	for _, v := range policy.Views {
		views = append(views, v.String())
	}
	return map[string][]string{
		"appointment.status.":         constants(t, "portal/directory", "Status"),
		"appointment_new.what.":       {"enters", "leaves"},
		"assignment.now.":             {"charge", "supervisor"},
		"assignment.title.":           {"charge", "supervisor"},
		"complain_new.":               {"point"}, // one of several: point-1, point-2
		"errand.":                     {"point"},
		"report.status.":              append(plain(report.Statuses), "overdue"),
		"report.event.":               append(plain(report.Statuses[2:]), "registered", "overdue"),
		"report.decided.":             plain(report.Statuses[2:]),
		"report.question.":            plain(report.Questions),
		"report.category.":            plain(report.Categories),
		"report.behalf.":              plain(report.Behalves),
		"report.reach.":               plain(report.Reaches),
		"report.language.":            {"kk", "ru"},
		"region.":                     plain(report.Regions),
		"report_start.danger.":        {"no", "yes"},
		"report_start.tell.":          {"offence", "home", "officer", "case", "other"},
		"report_question.known.":      {"known", "unknown"},
		"report_check.warned.":        {"yes"},
		"slip.text.":                  plain(report.Statuses[1:]),
		"book.show.":                  plain(report.Shows),
		"book.way.":                   constants(t, "portal/report", "Way"),
		"book.ground.":                constants(t, "portal/report", "Ground"),
		"book_decision.text.":         plain(report.Decisions),
		"book_decision.ready.":        plain(report.Decisions),
		"entry_new.warned.":           {"yes"},
		"filing_new.":                 {"point"},
		"supplement_new.":             {"point"},
		"guide.seat.":                 plain(guide.AllSeats),
		"guide.why.":                  guide.Whys(),
		"guide.file.":                 plain(guide.Files()),
		"guide.unit.":                 constants(t, "portal/deadline", "Unit"),
		"filing_kind.family.":         plain([]policy.Family{policy.Complaint, policy.Petition, policy.Application, policy.Challenge}),
		"home.post.":                  {"auditor"},
		"paper.remedy.":               plain(filing.AllRemedies),
		"remedy.":                     plain(filing.AllRemedies),
		"answer_new.":                 {"outcome", "why", "why.hint", "article", "article.hint"}, // of fields that are numbered
		"addition_new.":               {"asked"},
		"reply_new.":                  {"reply"},
		"phrase.":                     {"checked", "called", "explained", "confirmed", "unfounded", "restored"},
		"paper.assignment.text.":      {"charge", "supervisor"},
		"post.":                       policy.Posts,
		"case.related.":               constants(t, "portal/casefile", "Way"),
		"case.moved.":                 constants(t, "portal/casefile", "State"),
		"paper.agreement.post.":       {"prosecutor", "chief-prosecutor"},
		"samples.group.":              plain(sample.Groups),
		"about.":                      with([]string{"access", "signature", "terms", "protection"}, ".title", ".text"),
		"act.":                        constants(t, "portal/policy", "Act"),
		"access.status.":              plain(casefile.RequestStatuses),
		"basis.":                      bases,
		"filing.":                     with(filings, "", ".what"),
		"filing.count.":               constants(t, "portal/deadline", "Mark"),
		"count.":                      constants(t, "portal/deadline", "Mark"),
		"count.month.":                {"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"},
		"count.weekday.":              {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"},
		"count.amount.":               {"hours", "days", "months", "years"},
		"term.name.":                  plain(deadline.Names),
		"term.group.":                 {"answer", "own", "held", "officials"},
		"filing.outcome.":             plain(filing.Outcomes),
		"filing.supplement.":          constants(t, "portal/filing", "SupplementKind"),
		"paper.supplement.":           constants(t, "portal/filing", "SupplementKind"),
		"filing_check.circumstances.": families,
		"flag.":                       plain(policy.Flags),
		"scope.":                      plain(casefile.Scopes),
		"capacity.":                   plain(casefile.LegalCapacities),
		"closed.why.":                 with(plain(policy.Reasons), "", ".text", ".who", ".until"),
		"exposure.view.":              views[1:],
		"exposure.now.":               views,
		"exposure.ground.":            plain(policy.Grounds),
		"redaction.part.":             with(plain(policy.Parts), "", ".text", ".lead"),
		"redaction.other.":            plain(policy.Parts),
		"paper.redaction.part.":       plain(policy.Parts),
		"policy.row.":                 numbers(51),
		"file.part.":                  with(plain(materials.Parts), "", ".hint"),
		"file.status.":                plain(materials.Statuses),
		"file.opens.":                 plain([]policy.FilePart{policy.WholeFile, policy.ClaimPart}),
		"paper.familiarisation.text.": plain([]policy.FilePart{policy.WholeFile, policy.ClaimPart}),
		"ground.":                     plain(filing.Grounds),
		"kind.":                       plainly(kinds),
		"record.":                     constants(t, "portal/policy", "Act"),
		"role.":                       roles,
		"sign.cause.":                 with(causes(t), "", ".way"),
		"status.":                     append(statuses, "overdue"),
		"status.word.":                plain(filing.StatusWords),
		"status.now.":                 {"registered", "considered", "needs-you", "overdue", "answered", "withdrawn"},
		"client_terms.":               plain(agenda.Kinds),
		"tip_talk.status.":            plain(tip.Statuses),
		"tips.status.":                plain(tip.Statuses),
		"tip_talk.from.":              {"true", "false"},
		"errand.status.":              constants(t, "portal/assist", "Status"),
		"typed.say.":                  web.Says,
		"sessions.way.":               constants(t, "portal/identity", "Way"),
		"sent.channel.":               {"email", "sms"},
		"verify.kind.":                constants(t, "portal/document", "Kind"),
		"verify_files.state.":         {"valid", "pending", "past", "invalid"},
		"verify_files.text.":          {"valid", "pending", "past"},
		"verify_files.why.":           plain(eds.Reasons()),
		"verify_files.role.":          constants(t, "portal/eds", "Role"),
		"fault.eds.":                  plain(eds.Reasons()),
		"attachments.kind.":           plain(attachment.Kinds),
		"attachments.refused.":        plain(attachment.Reasons),
		"paper.withdrawal.text.":      families,
		"paper.purpose.":              append([]string{"answer", "ruling", "withdrawal", "confirmation", "ending", "request", "appointment", "assignment", "substitution", "exposure", "redaction", "service", "familiarisation", "record", "forward", "extension", "report", "report-taken", "report-decision"}, families...),
		"paper.ending.text.":          {"awaiting", "confirmed"},
		"openings.duty.":              (policy.OnDuty | policy.Decider | policy.Addressee).Names(),
		"openings.object.":            constants(t, "portal/opening", "Object"),
		"openings.reason.":            constants(t, "portal/opening", "Reason"),
		"offline.why.":                constants(t, "portal/receipt", "Reason"),
		"reason.why.":                 plain(opening.Asked),
		"service.way.":                constants(t, "portal/policy", "Receipt"),
		"service.waits.":              constants(t, "portal/policy", "Receipt"),
		"service.term.":               {string(deadline.CourtComplaint), string(deadline.JudgeComplaint)},
		"onward.":                     append(onwardTerms(), "line"),
		"form.bad-pdf.":               plain([]document.Reason{document.TooLarge, document.NotPDF, document.Damaged, document.Encrypted, document.TooManyPages}),
		"paper.resolved.":             plain(filing.Outcomes),
		"notice.say.":                 with(plain(notice.Kinds), "", ".numbered"),
		"notices.channel.":            append(plain(notice.Outward), string(notice.Portal)),
		"notices.state.":              plain(notice.States),
		"notice_settings.language.":   {"kk", "ru"},
		"paper.seat.":                 plain(guide.AllSeats),
		"paper.circumstances.":        families,
		"paper.answer.subtitle.":      families,
		"paper.appeal.":               append(plain(guide.AllSeats), string(deadline.StatusAppeal), string(deadline.RefusalAfterReading), "challenge", "security", "status-appeal-higher", "again"),
		"paper.receipt.text.":         {"judge", "appeal"},
		"paper.next.if-not.":          {"judge", "appeal"},
		"filing.overdue.":             {"judge", "appeal"},
		"paper.next.after.final.":     {"court", "challenge"},
		"next.final.":                 {"court", "challenge"},
		"paper.point.":                plain(filing.Outcomes),
		"signature.revocation.":       {"good", "listed", "pending", "refuted", "not-checked"},
		"date.month.":                 {"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"},
		"date.weekday.":               {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"},
		"paper.":                      append(with([]string{"answer", "ruling", "receipt"}, ".title", ".subtitle"), with(families, ".title")...),
		"cast.":                       nil, // of the demonstration; its test is in cast
		"law.day-off.":                nil, // of the calendar; its test is in deadline
		"law.":                        nil, // of the index; its test is in law
		"agent.":                      nil, // of the agent's window; its test is there
	}
}

// numbers are 1 to last.
func numbers(last int) (out []string) {
	for n := range last {
		out = append(out, strconv.Itoa(n+1))
	}
	return out
}

func with(list []string, ends ...string) []string {
	var out []string
	for _, word := range list {
		for _, end := range ends {
			out = append(out, word+end)
		}
	}
	return out
}

// causes are the reasons for which a script did not get a signature, as web
// lists them.
func causes(t *testing.T) (out []string) {
	t.Helper()
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && s.folder == "portal/web" && v.Names[0].Name == "causes" {
				for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
					out = append(out, text(e))
				}
			}
			return true
		})
	}
	return out
}

func bookOf(t *testing.T) *words.Book {
	t.Helper()
	files, err := fs.Sub(zharia.Words, "i18n")
	if err != nil {
		t.Fatal(err)
	}
	b, err := words.New(files, deadline.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// said is what the templates say: keys in full, and prefixes with an end.
type said struct {
	keys     map[string][]string // key → where
	families map[string][]string // prefix → where
	fields   map[string][]string // page → its fields, those that are hidden included
	dynamic  []string            // a whole key that the handler chose
}

// listen walks the parse trees of all templates.
func listen(t *testing.T) said {
	t.Helper()
	out := said{map[string][]string{}, map[string][]string{}, map[string][]string{}, nil}
	for _, file := range templates(t) {
		trees := map[string]*parse.Tree{}
		tree := parse.New(file)
		tree.Mode = parse.SkipFuncCheck
		if _, err := tree.Parse(template(t, file), "", "", trees); err != nil {
			t.Fatal(err)
		}
		for _, tree := range trees {
			out.walk(file, tree.Root)
		}
		for _, hidden := range unseen.FindAllStringSubmatch(template(t, file), -1) {
			out.fields[file] = append(out.fields[file], hidden[1])
		}
	}
	return out
}

// unseen are the fields that carry what the person did not type; a mistake in one
// is told by its label, too. What is signed has no form.
var unseen = regexp.MustCompile(`<input type="hidden" name="(id|kind|part|what|complained|to)"`)

func (s *said) walk(file string, n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, n := range n.Nodes {
				s.walk(file, n)
			}
		}
	case *parse.ActionNode:
		s.walk(file, n.Pipe)
	case *parse.IfNode:
		s.branch(file, &n.BranchNode)
	case *parse.RangeNode:
		s.branch(file, &n.BranchNode)
	case *parse.WithNode:
		s.branch(file, &n.BranchNode)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			s.walk(file, n.Pipe)
		}
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			s.call(file, c)
		}
	}
}

func (s *said) branch(file string, n *parse.BranchNode) {
	s.walk(file, n.Pipe)
	s.walk(file, n.List)
	s.walk(file, n.ElseList)
}

// call reads one call: t "key", t (print "prefix." .Word), field .Form "name".
func (s *said) call(file string, c *parse.CommandNode) {
	for _, arg := range c.Args {
		s.walk(file, arg)
	}
	f, ok := c.Args[0].(*parse.IdentifierNode)
	if !ok || len(c.Args) < 2 {
		return
	}
	switch f.Ident {
	case "field":
		if name, ok := c.Args[2].(*parse.StringNode); ok {
			s.fields[file] = append(s.fields[file], name.Text)
		}
	case "t":
		switch key := c.Args[1].(type) {
		case *parse.StringNode:
			s.keys[key.Text] = append(s.keys[key.Text], file)
		case *parse.PipeNode:
			if print := key.Cmds[0]; len(print.Args) > 1 && print.Args[0].String() == "print" {
				if prefix, ok := print.Args[1].(*parse.StringNode); ok {
					s.families[prefix.Text] = append(s.families[prefix.Text], file)
					return
				}
			}
			s.dynamic = append(s.dynamic, file+": "+key.String())
		default:
			s.dynamic = append(s.dynamic, file+": "+key.String())
		}
	}
}

// chosen are the keys that a handler chooses whole, each by a list of its own:
// the message of a failure, the label of a signing button, why it was refused.
var chosen = []string{`fail: .Message`, `fail: print .Message ".title"`, `part_sign: .Button`, `part_sign: .`, `phone: .`, `phone: .Button`, `desk_drafts: .Refusal`, `file: .`, `familiarisation_new: .`, `sample: .Title`, `tip_fail: .Message`, `tip_fail: print .Message ".title"`}

func TestEveryKeyAPageSaysIsThere(t *testing.T) {
	t.Parallel()
	b, pages, families := bookOf(t), listen(t), families(t)
	for key, files := range pages.keys {
		if !b.In("kk").Has(key) {
			t.Errorf("%v say %q, which has no words", files, key)
		}
	}
	for prefix, files := range pages.families {
		if _, ok := families[prefix]; !ok {
			t.Errorf("%v put together keys of %q: list what may follow", files, prefix)
		}
	}
	for _, at := range pages.dynamic {
		if !slices.Contains(chosen, at) {
			t.Errorf("%s says a key of which this test knows nothing", at)
		}
	}
	for page, fields := range pages.fields {
		for _, field := range fields {
			for _, form := range formsOf(page) {
				if key := form + "." + field; !b.In("kk").Has(key) {
					t.Errorf("%s has a field without a label: %q", page, key)
				}
			}
		}
	}
	if len(pages.keys) < 150 || len(pages.families) < 10 {
		t.Errorf("found only %d keys and %d families: the search is broken", len(pages.keys), len(pages.families))
	}
}

// formsOf are the names of the forms that stand on a page.
func formsOf(page string) []string {
	switch page {
	case "participant_new", "part_grant":
		return []string{"participant"}
	case "part_after":
		return []string{"filing"}
	}
	return []string{page}
}

// In Kazakh the end of a term is said as "until the end of Tuesday": it stands beside the
// name of a term, and neither "the last day:" nor "it is over:" goes before it.
func TestWhatEndsWithADayIsNotCalledADayInKazakh(t *testing.T) {
	kk, found := bookOf(t).In("kk"), 0
	wrong := regexp.MustCompile(`(?i)соңғы күн|(өтті|келді): END`)
	for _, file := range templates(t) {
		for _, said := range untilSaid.FindAllStringSubmatch(template(t, file), -1) {
			found++
			if text := kk.T(said[1], said[2], "END"); wrong.MatchString(text) {
				t.Errorf("%s: %s says %q of the end of a term", file, said[1], text)
			}
		}
	}
	for _, key := range []string{"service.would-end", "service.until", "client_terms.complain", "client_terms.file-by", "client_terms.reading", "client_terms.petition", "filing.due", "filing.was-due"} { // before it, in an element of their own
		if text := kk.T(key); wrong.MatchString(text) || strings.HasSuffix(text, "өтті") {
			t.Errorf("%s says %q before the end of a term", key, text)
		}
	}
	samples, err := filepath.Glob("sample/data/*.toml")
	if err != nil || len(samples) == 0 {
		t.Fatal("no samples: ", err)
	}
	for _, file := range samples {
		if text := regexp.MustCompile(`[^.\n]*күні?: \{\{\.Due\}\}`).Find(must(os.ReadFile(file))); text != nil {
			t.Errorf("%s says %q of the end of a term", file, text)
		}
	}
	if found < 15 {
		t.Errorf("found only %d ends of terms: the search is broken", found)
	}
}

var untilSaid = regexp.MustCompile(`\{\{t "([a-z_.-]+)" "([a-z]+)" \(until `)

func TestEveryFamilyIsWhole(t *testing.T) {
	t.Parallel()
	b, used := bookOf(t), listen(t).families
	only := map[string][]string{ // what is offered of a list that is longer
		"record.": {"filing-submit", "filing-consider", "filing-withdraw", "filing-grant", "filing-grant-part", "filing-refuse", "filing-overdue", "filing-read", "filing-document", "filing-forward", "filing-extend", "filing-ask", "filing-reply", "cancellation-settle"},
		"status.": append(plain([]casefile.Status{casefile.Unconfirmed, casefile.Confirmed, casefile.Ended}), append(plain(filing.Outcomes), "overdue")...),
	}
	for prefix, list := range families(t) {
		if only[prefix] != nil {
			list = only[prefix]
		}
		if prefix == "paper." || used[prefix] == nil && !strings.HasPrefix(prefix, "paper") {
			continue
		}
		for _, word := range list {
			if !b.In("kk").Has(prefix + word) {
				t.Errorf("%q has no words", prefix+word)
			}
		}
	}
}

// spoken are the words that Go says: literals, and those that end in a full stop
// and go on.
func spoken(t *testing.T) (keys map[string]bool, patterns []*regexp.Regexp) {
	t.Helper()
	keys = map[string]bool{}
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				keys[text(n)] = true
			case *ast.BinaryExpr:
				if p := pattern(n); p != "" {
					patterns = append(patterns, regexp.MustCompile("^"+p+"$"))
				}
			}
			return true
		})
	}
	return keys, patterns
}

// pattern is a sum of strings as an expression: "" unless it begins with a
// literal that has a full stop.
func pattern(e *ast.BinaryExpr) string {
	var out string
	var add func(e ast.Expr)
	add = func(e ast.Expr) {
		if sum, ok := e.(*ast.BinaryExpr); ok && sum.Op == token.ADD {
			add(sum.X)
			add(sum.Y)
		} else if s := text(e); s != "" {
			out += regexp.QuoteMeta(s)
		} else {
			out += `[a-z0-9-]+`
		}
	}
	add(e)
	if !regexp.MustCompile(`^[a-z_]+\\\.`).MatchString(out) {
		return ""
	}
	return out
}

func TestEveryWordIsSaidSomewhere(t *testing.T) {
	t.Parallel()
	b, pages, families := bookOf(t), listen(t), families(t)
	keys, patterns := spoken(t)
	fields := map[string]bool{}
	for page, names := range pages.fields {
		for _, form := range formsOf(page) {
			for _, name := range names {
				fields[form+"."+name], fields[form+"."+name+".hint"] = true, true
			}
		}
	}
	known := func(key string) bool {
		if pages.keys[key] != nil || keys[key] || fields[key] {
			return true
		}
		if title, ok := strings.CutSuffix(key, ".title"); ok && strings.HasPrefix(key, "fault.") && (keys[title] || known(title, families, patterns)) {
			return true
		}
		return known(key, families, patterns)
	}
	for _, key := range b.Keys("kk") {
		if strings.HasPrefix(key, "cast.") || strings.HasPrefix(key, "law.") {
			continue // each has a test beside its list
		}
		if !known(key) {
			t.Errorf("%q is said by nobody", key)
		}
	}
	t.Logf("%d keys, %d of them in templates, %d families", len(b.Keys("kk")), len(pages.keys), len(slices.Collect(maps.Keys(pages.families))))
}

// known says that a key belongs to a family or to a sum of strings in Go.
func known(key string, families map[string][]string, patterns []*regexp.Regexp) bool {
	for prefix, list := range families {
		if word, ok := strings.CutPrefix(key, prefix); ok && slices.Contains(list, word) {
			return true
		}
	}
	return slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(key) })
}

// onwardTerms are the terms to complain of any answer.
func onwardTerms() (out []string) {
	for _, kind := range filing.Kinds {
		for _, seat := range guide.AllSeats {
			out = append(out, plain(guide.TermsAfter(kind, seat))...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
