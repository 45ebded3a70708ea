// Package reseal brings the texts of the database under the keeper's present epoch:
// the wraps before each text are made anew by the keeper, who alone can, and the text
// itself stays as it is, to the byte. Nothing is opened on the way.
package reseal

import "zharia/portal/vault"

// Column is one sealed column of schema.sql. The list below is all of them: a test
// compares it with the comments there and with what the role portal_rotate may change.
type Column struct {
	Table, Name string
	Key         string // the column whose value is the id of the place (vault.Where.ID)
	Of          Owner
}

// Owner is whose the texts of a column are, and how that is found from their row.
type Owner int

// Owners.
const (
	Brief         Owner = iota // under no key of the keeper: what lives no longer than a session (vault.SealBrief), and where people are told (vault.SealHand)
	Itself                     // of the case that the row is
	Case                       // of the column casefile
	OfPerson                   // of the person in the key
	OfPersonToo                // of the column person
	OfAdvocate                 // of the column advocate
	OfAuthor                   // of the column author; of entered_by where there is none: a registrar takes it down
	OfBody                     // of the column body: what it received while there is no case
	OfTip                      // of the body that got the tip
	OfReport                   // of the body that received the report
	OfDecision                 // of the case of the decision
	OfFiling                   // of the home of the filing: its case, or the body that received it
	OfPoint                    // of the home of the filing of the point
	OfAddition                 // of the home of the filing that something is to be added to
	OfMaterial                 // of the case of the material
	OfFiles                    // of the home of the filing that a file lies beside, or of the body that a report is for
	OfAttachment               // the same, by the file
	OfParticipant              // of the case of the participant
	AtHome                     // of the column casefile, or body; of the house where there is neither
	OfAssent                   // of the case of the paper, or of the house
	OfProof                    // with the paper that is proved; of the person, where it proves a sign-in
)

// Columns are all sealed columns, in the order of schema.sql.
var Columns = []Column{
	{"person", "iin", "id", OfPerson},
	{"person", "name", "id", OfPerson},
	{"session", "login", "id", Brief},
	{"phone_request", "kept", "id", Brief},
	{"phone_request", "cms", "id", Brief},
	{"phone_request", "content", "id", Brief},
	{"casefile", "number", "id", Itself},
	{"casefile", "offence_kk", "id", Itself},
	{"casefile", "offence_ru", "id", Itself},
	{"known", "name", "person", Case},
	{"known", "iin", "person", Case},
	{"participant", "advocate", "id", Case},
	{"document", "content", "id", AtHome},
	{"document", "cms", "id", AtHome},
	{"assent", "reasons", "document", OfAssent},
	{"confirmation", "advocate", "document", OfParticipant},
	{"confirmation", "reasons", "document", OfParticipant},
	{"request", "represented", "id", Case},
	{"request", "words", "id", Case},
	{"request", "named", "id", Case},
	{"evidence", "bundle", "id", OfProof},
	{"decision", "severs", "id", Case},
	{"decision_text", "established", "decision", OfDecision},
	{"decision_text", "resolved", "decision", OfDecision},
	{"exposure", "reasons", "document", OfDecision},
	{"redaction", "established", "document", OfDecision},
	{"redaction", "resolved", "document", OfDecision},
	{"opening", "words", "id", Case},
	{"unsealing", "ground", "id", Case},
	{"pretext", "words", "id", OfPersonToo},
	{"objection", "words", "id", Case},
	{"objection", "answer", "id", Case},
	{"tip_message", "text", "id", OfTip},
	{"tip_message", "own", "id", Brief}, // opens with the code of whoever wrote it
	{"tip_file", "content", "id", OfTip},
	{"contact", "address", "id", Brief},
	{"contact", "code", "id", Brief},
	{"report", "draft", "id", OfAuthor},
	{"report", "answers", "id", OfBody},
	{"report", "handed", "id", OfBody},
	{"report_decision", "terms", "document", OfReport},
	{"material", "title", "id", Case},
	{"material_page", "small", "id", OfMaterial},
	{"material_page", "sharp", "id", OfMaterial},
	{"material_page", "words", "id", OfMaterial},
	{"familiarisation", "motions", "id", Case},
	{"plea", "words", "id", Case},
	{"filing", "circumstances", "id", AtHome},
	{"filing", "named", "id", AtHome},
	{"filing", "filer", "id", AtHome},
	{"supplement", "text", "id", OfFiling},
	{"supplement", "points", "id", OfFiling},
	{"point", "text", "id", OfFiling},
	{"answer", "reasons", "filing", OfFiling},
	{"resolution", "reasons", "point", OfPoint},
	{"resolution", "article", "point", OfPoint},
	{"dispute", "text", "point", OfPoint},
	{"message", "text", "id", OfFiling},
	{"forward", "words", "id", OfFiling},
	{"extension", "reason", "filing", OfFiling},
	{"addition_point", "asked", "id", OfAddition},
	{"addition_point", "reply", "id", OfAddition},
	{"cancellation", "words", "filing", OfFiling},
	{"attachment", "name", "id", OfFiles},
	{"attachment_chunk", "content", "id", OfAttachment},
	{"count_objection", "words", "id", OfFiling},
	{"assistant", "name", "id", OfAdvocate},
	{"errand", "case_number", "id", OfAdvocate},
	{"errand", "advocate_name", "id", OfAdvocate},
	{"errand", "wish", "id", OfAdvocate},
	{"errand", "circumstances", "id", OfAdvocate},
	{"errand", "points", "id", OfAdvocate},
	{"typed", "fields", "id", OfPersonToo},
	{"job", "slip", "id", Brief},
}

// String is table.column.
func (c Column) String() string { return c.Table + "." + c.Name }

// where is the place of a row's text.
func (c Column) where(r row) vault.Where {
	w := vault.Where{Table: c.Table, Column: c.Name, ID: r.ID}
	if r.Person.Valid {
		return w.Own(r.Person.UUID)
	}
	return w.In(vault.HomeOf(r.Case.UUID, r.Body.UUID))
}
