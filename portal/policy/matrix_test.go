package policy_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"zharia/portal/law"
	"zharia/portal/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

// own is a viewer to whom a decision is as open as it can be: it names him.
func own(role, represented policy.Role) policy.Viewer {
	return policy.Viewer{Role: role, Represented: represented, Concerned: true, Reached: true}
}

// seats are the statuses as they are held: those who stand for another, with
// the one they stand for.
func seats() []policy.Viewer {
	var seats []policy.Viewer
	for _, role := range policy.Roles {
		rule, _ := policy.RoleOf(role)
		if rule.Represents == nil {
			seats = append(seats, own(role, ""))
		}
		for _, represented := range rule.Represents {
			seats = append(seats, own(role, represented))
		}
	}
	return seats
}

func seatName(v policy.Viewer) string {
	rule, _ := policy.RoleOf(v.Role)
	if v.Represented == "" {
		return rule.Code
	}
	other, _ := policy.RoleOf(v.Represented)
	return rule.Code + "/" + other.Code
}

// The golden file is the policy a lawyer reads: the matrix with its articles,
// and under it what the portal makes of it for every kind and every status.
func TestWhoSeesWhatIsAsTheGoldenFileSays(t *testing.T) {
	var s strings.Builder
	s.WriteString("THE MATRIX: what the Code opens to whom (cells as in portal/policy/matrix.go)\n\n")
	writeMatrix(&s)
	s.WriteString("\nWHAT THE PORTAL SHOWS when the precondition is met: to the person a decision names / to the others\n")
	s.WriteString("copy, read, fact; a dot is nothing. REP/VIC is a representative of a victim.\n\n")
	writeViews(&s)

	golden := filepath.Join("testdata", "matrix.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(s.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if s.String() != string(want) {
		t.Errorf("the matrix differs from %s; if that is meant, run the test with -update and read the difference", golden)
	}
}

func writeMatrix(s *strings.Builder) {
	fmt.Fprintf(s, "%-3s %-52s", "", "")
	for _, role := range policy.Columns {
		rule, _ := policy.RoleOf(role)
		fmt.Fprintf(s, " %-9s", rule.Code)
	}
	s.WriteString(" by\n")
	for _, row := range policy.Matrix() {
		fmt.Fprintf(s, "%-3d %-52s", row.Number, row.About)
		for _, cell := range row.Cells {
			fmt.Fprintf(s, " %-9s", cell)
		}
		fmt.Fprintf(s, " %s\n", refs(row.By))
		for _, kind := range row.Kinds {
			rule, _ := policy.KindOf(kind)
			fmt.Fprintf(s, "      %-26s %s%s\n", kind, rule.By, remarks(rule))
		}
	}
}

func refs(by []law.Ref) string {
	words := make([]string, len(by))
	for i, ref := range by {
		words[i] = ref.String()
	}
	return strings.Join(words, ", ")
}

func remarks(rule policy.KindRule) string {
	var s string
	if rule.Needs != policy.Nothing {
		s += ", after " + string(rule.Needs)
	}
	if rule.Sometimes {
		s += " where the Code asks it"
	}
	if rule.Answer {
		s += ", by answering the filing only"
	}
	if rule.Secret {
		s += ", never announced"
	}
	return s
}

func writeViews(s *strings.Builder) {
	head := fmt.Sprintf("%-23s", "")
	for _, seat := range seats() {
		head += fmt.Sprintf(" %-9s", seatName(seat))
	}
	s.WriteString(strings.TrimRight(head, " ") + "\n")
	for _, kind := range policy.Kinds {
		line := fmt.Sprintf("%-23s", kind)
		for _, seat := range seats() {
			named := policy.See(kind, seat).View
			seat.Concerned = false
			line += fmt.Sprintf(" %-9s", pair(named, policy.See(kind, seat).View))
		}
		s.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

func pair(named, others policy.View) string {
	words := map[policy.View]string{policy.Hidden: "·", policy.Fact: "fact", policy.Read: "read", policy.Copy: "copy"}
	if named == others {
		return words[named]
	}
	return words[named] + "/" + words[others]
}

// When the research on the law lies beside the tree, every cell is compared
// with it, and every row must cite an article that the research gives for it.
func TestTheMatrixIsTheOneOfTheResearch(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(moduleRoot(t), "..", "shared", "law", "ROLES.md"))
	if err != nil {
		t.Log("the research on roles is not here; the golden file stands alone")
		return
	}
	_, section, _ := strings.Cut(string(text), "## 4. Matrix")
	section, _, _ = strings.Cut(section, "## 5.")
	rows := map[int][]string{}
	for line := range strings.Lines(section) {
		fields := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		number, err := strconv.Atoi(strings.TrimSpace(fields[0]))
		if err != nil {
			continue
		}
		for i := range fields {
			fields[i] = strings.TrimSpace(strings.ReplaceAll(fields[i], "**", ""))
		}
		rows[number] = fields
	}
	ours := policy.Matrix()
	if len(rows) != 51 || len(ours) != 51 {
		t.Fatalf("the research has %d rows and the table %d, want 51", len(rows), len(ours))
	}
	for _, row := range ours {
		research := rows[row.Number]
		if len(research) != 12 {
			t.Fatalf("row %d of the research has %d fields", row.Number, len(research))
		}
		for i, cell := range row.Cells {
			if want := research[2+i]; string(cell) != want {
				t.Errorf("row %d, %s: %s, the research says %s", row.Number, policy.Columns[i], cell, want)
			}
		}
		basis := research[11]
		for _, ref := range row.By {
			// A summons rests on an order of the Prosecutor General, which is no
			// article; we cite the article on summoning.
			if row.Number != 51 && !strings.Contains(basis, ref.Article()) && !strings.Contains(within(basis), ref.Article()) {
				t.Errorf("row %d cites %s, the research says %q", row.Number, ref, basis)
			}
		}
	}
}

// within writes "75–77" out, so that 76 is found in it.
func within(basis string) string {
	return regexp.MustCompile(`(\d+)–(\d+)`).ReplaceAllStringFunc(basis, func(s string) string {
		from, to, _ := strings.Cut(s, "–")
		first, _ := strconv.Atoi(from)
		last, _ := strconv.Atoi(to)
		var out string
		for n := first; n <= last && n < first+20; n++ {
			out += strconv.Itoa(n) + " "
		}
		return out
	})
}

func TestTheKindsAreThoseOfTheCatalogue(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(moduleRoot(t), "..", "shared", "law", "LAW.md"))
	if err != nil {
		t.Log("the research on the law is not here; the golden file stands alone")
		return
	}
	_, section, _ := strings.Cut(string(text), "### 3.2 Catalogue")
	section, _, _ = strings.Cut(section, "Legacy names")
	var want []string
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| key") {
			continue
		}
		keys := strings.Split(line, "|")[1]
		for _, key := range strings.FieldsFunc(keys, func(r rune) bool { return strings.ContainsRune(" ,/", r) }) {
			want = append(want, strings.ReplaceAll(key, "_", "-"))
		}
	}
	var got []string
	for _, kind := range policy.Kinds {
		got = append(got, string(kind))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the kinds are\n%q\nthe catalogue has\n%q", got, want)
	}
}

func TestEveryKindHasARuleARowAndAnArticle(t *testing.T) {
	seen := map[policy.Kind]bool{}
	for _, kind := range policy.Kinds {
		rule, ok := policy.KindOf(kind)
		if !ok || seen[kind] || rule.By.IsZero() || rule.Row < 1 || rule.Row > 51 {
			t.Errorf("%s: %+v, known %t, listed twice %t", kind, rule, ok, seen[kind])
		}
		seen[kind] = true
		if rule.Publishable() == (kind == "petition-result" || kind == "complaint-result" || kind == "wanted") {
			t.Errorf("%s: publishable is %t", kind, rule.Publishable())
		}
	}
	if len(policy.Kinds) != 64 {
		t.Errorf("there are %d kinds, want 64", len(policy.Kinds))
	}
}

func TestNothingIsSeenBeforeItsTimeNorBehindAFlagNorByThoseItDoesNotConcern(t *testing.T) {
	for _, kind := range policy.Kinds {
		for _, seat := range seats() {
			for name, closed := range map[string]func(*policy.Viewer){
				"the precondition has not come":     func(v *policy.Viewer) { v.Reached = false },
				"the document is flagged":           func(v *policy.Viewer) { v.Flagged = true },
				"only others of his side are named": func(v *policy.Viewer) { v.OthersOfHisSideOnly = true },
			} {
				viewer := seat
				closed(&viewer)
				if view := policy.See(kind, viewer).View; view != policy.Hidden {
					t.Errorf("%s shows %s to %s though %s", kind, view, seatName(seat), name)
				}
			}
			less := seat
			less.Concerned = false
			if policy.See(kind, less).View > policy.See(kind, seat).View {
				t.Errorf("%s shows a stranger more than the %s it names", kind, seatName(seat))
			}
		}
	}
}

func TestWhatTheTablesDoNotKnowIsHidden(t *testing.T) {
	for _, viewer := range []policy.Viewer{
		{Concerned: true, Reached: true},
		own("judge", ""), own("", policy.Victim), own(policy.Representative, ""), own(policy.SuspectsLegalRep, ""),
		own(policy.Representative, policy.Suspect), own(policy.Victim, policy.Suspect), own(policy.DefendantsRep, policy.Victim),
		own(policy.Defender, policy.Victim), own(policy.Representative, policy.Representative),
	} {
		for _, kind := range policy.Kinds {
			if view := policy.See(kind, viewer).View; view != policy.Hidden {
				t.Errorf("%s shows %s to %+v", kind, view, viewer)
			}
		}
	}
	if view := policy.See("verdict", own(policy.Suspect, "")).View; view != policy.Hidden {
		t.Errorf("an unknown kind shows %s", view)
	}
	if cell := policy.CellOf("verdict", policy.Suspect); cell != "X" {
		t.Errorf("an unknown kind has the cell %s", cell)
	}
	if cell := policy.CellOf("term-interrupted", policy.PrivateProsecutor); cell != "C" {
		t.Errorf("the private prosecutor reads %s, want the victim's C", cell)
	}
	if policy.View(7).String() != "hidden" || policy.Read.String() != "read" {
		t.Error("views are misnamed")
	}
}

func TestTheRulesThatMatterMostHoldOneByOne(t *testing.T) {
	stranger := func(v policy.Viewer) policy.Viewer { v.Concerned = false; return v }
	for _, row := range []struct {
		says   string
		kind   policy.Kind
		viewer policy.Viewer
		want   policy.View
	}{
		{"the suspect has a copy of his recognition, CPC 64(9)(7)", "suspect-recognised", own(policy.Suspect, ""), policy.Copy},
		{"the victim learns that there is a suspect, not what is written of him, CPC 71(6)(1)", "suspect-recognised", stranger(own(policy.Victim, "")), policy.Fact},
		{"a witness learns nothing of it", "suspect-recognised", own(policy.Witness, ""), policy.Hidden},
		{"the victim has a copy of his recognition, CPC 71(6)(13)", "victim-recognised", own(policy.Victim, ""), policy.Copy},
		{"the defender would see the victim's data, which must be masked: the fact", "victim-recognised", own(policy.Defender, policy.Suspect), policy.Fact},
		{"whoever asked to be recognised has his answer, CPC 109(1)", "victim-refused", own(policy.Applicant, ""), policy.Copy},
		{"an applicant who did not ask has none", "victim-refused", stranger(own(policy.Applicant, "")), policy.Hidden},
		{"all hear that the terms are interrupted, CPC 45(8-1)", "term-interrupted", stranger(own(policy.CivilPlaintiff, "")), policy.Fact},
		{"the victim reads who interrupted them", "term-interrupted", stranger(own(policy.Victim, "")), policy.Copy},
		{"the victim has the termination, CPC 71(6)(13)", "terminated-full", stranger(own(policy.Victim, "")), policy.Copy},
		{"his representative has what he has, CPC 76(3)", "terminated-full", stranger(own(policy.Representative, policy.Victim)), policy.Copy},
		{"the plaintiff's has what the plaintiff has", "terminated-full", stranger(own(policy.Representative, policy.CivilPlaintiff)), policy.Fact},
		{"the civil claim is a part, and parts are not cut out: the fact", "property-arrest", stranger(own(policy.CivilDefendant, "")), policy.Fact},
		{"an examination is shown to a witness who is himself examined, CPC 274(2)", "expertise-set", own(policy.Witness, ""), policy.Read},
		{"and to no other witness", "expertise-set", stranger(own(policy.Witness, "")), policy.Hidden},
		{"a wanted notice is shown to nobody, CPC 292", "wanted", own(policy.Defender, policy.Suspect), policy.Hidden},
		{"an answer is for its author, CPC 99(6)", "petition-result", own(policy.Witness, ""), policy.Copy},
		{"and for nobody else", "petition-result", stranger(own(policy.Suspect, "")), policy.Hidden},
		{"each side sees its own representatives admitted", "rep-admitted", stranger(own(policy.Suspect, "")), policy.Hidden},
		{"a suspect not made civil defendant learns only who was", "defendant-recognised", stranger(own(policy.Suspect, "")), policy.Fact},
		{"of several suspects each sees his own rulings, CPC 43(6)", "qualified", stranger(own(policy.Suspect, "")), policy.Hidden},
		{"and each defender his client's", "restraint-set", stranger(own(policy.Defender, policy.Suspect)), policy.Hidden},
		{"of several victims each sees his own recognition", "victim-recognised", stranger(own(policy.Victim, "")), policy.Hidden},
		{"the victim learns that a restraint is set on somebody", "restraint-set", stranger(own(policy.Victim, "")), policy.Fact},
		{"the victim it protects has the ban on approach, CPC 71(6)(12)", "approach-ban", own(policy.Victim, ""), policy.Copy},
		{"a suspect's legal representative has his copies", "qualified", own(policy.SuspectsLegalRep, policy.Suspect), policy.Copy},
		{"a defender sees what the Code lists for him", "accepted", stranger(own(policy.Defender, policy.Suspect)), policy.Copy},
		{"but no more than the witness he defends", "accepted", stranger(own(policy.Defender, policy.ProtectedWitness)), policy.Hidden},
		{"the suspect sees a search once it is done", "search-done", own(policy.Suspect, ""), policy.Copy},
		{"the private prosecutor is a victim here, CPC 72(3)", "indictment", own(policy.PrivateProsecutor, ""), policy.Copy},
	} {
		if got := policy.See(row.kind, row.viewer).View; got != row.want {
			t.Errorf("%s: %s, want %s", row.says, got, row.want)
		}
	}
}

func TestEveryStatusHasItsArticleAndItsGrounds(t *testing.T) {
	for _, role := range policy.Roles {
		rule, ok := policy.RoleOf(role)
		if !ok || rule.Code == "" || rule.By.IsZero() {
			t.Errorf("%s has no rule", role)
		}
		if len(policy.Bases[role]) == 0 {
			t.Errorf("%s has no grounds", role)
		}
		for _, basis := range policy.Bases[role] {
			if basis.By.IsZero() {
				t.Errorf("%s, %s: no article", role, basis.Key)
			}
			if _, known := policy.KindOf(basis.Rests); known == basis.FallsBy.IsZero() {
				t.Errorf("%s, %s rests on %q and falls by %s", role, basis.Key, basis.Rests, basis.FallsBy)
			}
		}
	}
	if len(policy.Bases) != len(policy.Roles) || len(policy.Roles) != 15 {
		t.Errorf("%d statuses, %d with grounds", len(policy.Roles), len(policy.Bases))
	}
}

func TestWhoMayBringWhat(t *testing.T) {
	for _, role := range policy.Roles {
		petition, mayPetition := policy.MayFile(role, "", policy.FilingPetition)
		complaint, mayComplain := policy.MayFile(role, "", policy.FilingComplaintProsecutor)
		if mayPetition == (role == policy.Applicant) || mayPetition == petition.IsZero() {
			t.Errorf("%s and a petition: %t by %s", role, mayPetition, petition)
		}
		if !mayComplain || complaint.IsZero() {
			t.Errorf("%s may not complain", role)
		}
	}
	for _, row := range []struct {
		role policy.Role
		kind policy.FilingKind
		want law.Ref
	}{
		{policy.Victim, policy.FilingPetition, law.CPC(99, 1)},
		{policy.ProtectedWitness, policy.FilingPetition, law.CPCs("65-1", 2, 13)},
		{policy.Witness, policy.FilingPetition, law.CPC(78, 3, 6)},
		{policy.Defender, policy.FilingComplaintProsecutor, law.CPC(105, 1)},
		{policy.ProtectedWitness, policy.FilingComplaintProsecutor, law.CPCs("65-1", 2, 16)},
		{policy.Applicant, policy.FilingComplaintProsecutor, law.CPC(100, 1)},
		{policy.Victim, "verdict", law.Ref{}},
		{"judge", policy.FilingPetition, law.Ref{}},
	} {
		if got, may := policy.MayFile(row.role, "", row.kind); got != row.want || may != !row.want.IsZero() {
			t.Errorf("%s, %s: %s, %t", row.role, row.kind, got, may)
		}
	}
}

// Each kind has a name and one plain sentence, each status and ground a name,
// in both languages, and the files hold nothing else.
func TestEveryKindStatusAndGroundHasItsWords(t *testing.T) {
	want := map[string][]string{}
	for _, kind := range policy.Kinds {
		want["kind"] = append(want["kind"], "kind."+string(kind), "kind."+string(kind)+".plain")
	}
	for _, role := range policy.Roles {
		want["role"] = append(want["role"], "role."+string(role))
		for _, basis := range policy.Bases[role] {
			if key := "basis." + basis.Key; !slices.Contains(want["basis"], key) {
				want["basis"] = append(want["basis"], key)
			}
		}
	}
	for file, keys := range want {
		for _, lang := range []string{"kk", "ru"} {
			var words map[string]struct{ Other string }
			name := file + "." + lang + ".toml"
			if _, err := toml.DecodeFile(filepath.Join(moduleRoot(t), "i18n", name), &words); err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				said := words[key].Other
				if said == "" || said != strings.TrimSpace(said) {
					t.Errorf("%s: %s says %q", name, key, said)
				}
				if strings.HasSuffix(key, ".plain") != strings.HasSuffix(said, ".") {
					t.Errorf("%s: %s: a name has no full stop, a sentence has one", name, key)
				}
				delete(words, key)
			}
			for key := range words {
				t.Errorf("%s: nobody says %s", name, key)
			}
		}
	}
}

// moduleRoot is the folder of go.mod.
func moduleRoot(t *testing.T) string {
	t.Helper()
	for dir := "."; len(dir) < 200; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod above the test")
	return ""
}
