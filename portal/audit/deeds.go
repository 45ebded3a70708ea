package audit

import (
	"fmt"
	"slices"
	"strings"

	"zharia/portal/ledger"
	"zharia/portal/policy"
)

// deeds are the acts that change rows of protected tables, each with the tables whose rows
// it makes or changes; of one with a minus it takes rows away. The database lets whoever has
// its login write any act down for any change: this is what each of them may answer for.
// In a transaction of several acts the first answers for what was done before it. That
// somebody looked (opening) any act may write down, and drafts of what is final once it is
// signed (final.go) go by any act that writes them.
//
// An act of the portal that is not here changes nothing else; one that is not in
// portal/policy there is none. What the portal does no more stays in both lists: the record
// still has it.
var deeds = map[policy.Act]string{
	policy.SessionOpen:             "evidence known person",
	policy.ReportBegin:             "report",
	policy.ReportAnswer:            "document report",
	policy.ReportPrint:             "attachment- attachment_chunk- document report",
	policy.ReportSubmit:            "attachment document evidence report",
	policy.ReportDiscard:           "attachment- attachment_chunk- document report-",
	policy.ReportOverdue:           "report",
	policy.ReportFileAdd:           "attachment- attachment_chunk- document report",
	policy.ReportFileBegin:         "attachment- attachment_chunk- document report",
	policy.ReportComplain:          "attachment- attachment_chunk- document filing point-",
	policy.BookDraft:               "document report_decision",
	policy.BookDecide:              "attachment attachment_chunk document evidence report report_decision",
	policy.BookDiscard:             "document report_decision",
	policy.BookReceive:             "attachment attachment_chunk report",
	policy.EntryDraft:              "document report",
	policy.EntryChange:             "document report",
	policy.EntrySubmit:             "attachment document evidence known person report",
	policy.EntryDiscard:            "attachment- attachment_chunk- document report-",
	policy.DecisionDraft:           "decision decision_person- decision_text- document",
	policy.DecisionPublish:         "casefile decision decision_person decision_text document evidence familiarisation known participant person",
	policy.DecisionSubmit:          "casefile decision decision_person document evidence known participant",
	policy.DecisionDiscard:         "decision decision_person- decision_text- document",
	policy.AgreementDraft:          "assent document",
	policy.DecisionAgree:           "assent casefile decision decision_person document evidence known participant",
	policy.DecisionDecline:         "assent decision document evidence participant",
	policy.ExposureDraft:           "document exposure",
	policy.ExposureSign:            "document evidence exposure",
	policy.ExposureDiscard:         "document exposure",
	policy.ExposureEnd:             "exposure",
	policy.RedactionDraft:          "document redaction",
	policy.RedactionSign:           "document evidence redaction",
	policy.RedactionDiscard:        "document redaction",
	policy.ParticipantAdd:          "confirmation document known participant person",
	policy.ParticipantGrant:        "confirmation document evidence known participant person request",
	policy.ParticipantEnd:          "confirmation document evidence known participant request",
	policy.ParticipantDraft:        "confirmation document participant",
	policy.ParticipantEnding:       "confirmation document",
	policy.ParticipantDiscard:      "confirmation document participant-",
	policy.ParticipantChangeDraft:  "confirmation document participant",
	policy.ParticipantLapse:        "participant",
	policy.ParticipantReplace:      "confirmation document evidence known participant request",
	policy.ParticipantFollow:       "participant",
	policy.ParticipantJoin:         "known participant",
	policy.ParticipantSever:        "known participant",
	policy.CaseJoin:                "casefile decision document evidence filing known participant request",
	policy.CaseSever:               "casefile decision decision_person document evidence filing known participant request",
	policy.RevocationDraft:         "document revocation",
	policy.PowerRevoke:             "document evidence participant revocation",
	policy.PowerLapse:              "participant",
	policy.AccessDraft:             "document known request",
	policy.AccessSubmit:            "document evidence known participant request",
	policy.AccessWithdraw:          "participant request",
	policy.AccessDiscard:           "document request-",
	policy.AccessComplain:          "attachment- attachment_chunk- document filing known point-",
	policy.AccessOverdue:           "request",
	policy.DecisionOpen:            "service",
	policy.ServiceDraft:            "document service-",
	policy.ServiceSign:             "document evidence service",
	policy.ObjectionFile:           "objection",
	policy.ObjectionAnswer:         "objection",
	policy.CountObject:             "count_objection",
	policy.FilingRecount:           "filing recount",
	policy.FilingReseat:            "filing",
	policy.FilingHandOver:          "filing",
	policy.TermRecount:             "decision request service",
	policy.CalendarSet:             "day_off",
	policy.ComplainDraft:           "attachment- attachment_chunk- document filing known point-",
	policy.FilingCreate:            "attachment- attachment_chunk- document filing known point-",
	policy.FilingDiscard:           "attachment- attachment_chunk- document filing point-",
	policy.FilingSubmit:            "document evidence filing",
	policy.FilingWithdraw:          "document evidence filing",
	policy.WithdrawalDraft:         "document filing",
	policy.WithdrawalAsk:           "document evidence",
	policy.ConsentDraft:            "assent document",
	policy.WithdrawalConsent:       "assent document evidence filing",
	policy.WithdrawalDecline:       "assent document evidence filing",
	policy.SupplementDraft:         "addition document supplement",
	policy.SupplementSign:          "addition document evidence point supplement",
	policy.SupplementDiscard:       "addition document supplement",
	policy.PointDispute:            "dispute",
	policy.MessageList:             "message",
	policy.MessageSend:             "message",
	policy.FilingConsider:          "filing",
	policy.ForwardDraft:            "document forward",
	policy.FilingForward:           "document evidence filing forward",
	policy.ExtensionDraft:          "document extension",
	policy.FilingExtend:            "document evidence extension filing",
	policy.FilingAsk:               "addition addition_point filing",
	policy.ReplyDraft:              "addition addition_point document supplement",
	policy.FilingReply:             "addition document evidence filing supplement",
	policy.CancellationSettle:      "cancellation",
	policy.FilingOverdue:           "filing",
	policy.AttachmentAdd:           "attachment- attachment_chunk- document report",
	policy.AttachmentBegin:         "attachment- attachment_chunk- document report",
	policy.AttachmentFinish:        "attachment- attachment_chunk- document report",
	policy.AttachmentBind:          "attachment- attachment_chunk- document report",
	policy.AttachmentRemove:        "attachment- attachment_chunk- document report",
	policy.AttachmentScan:          "attachment",
	policy.MaterialRender:          "material material_page",
	policy.AnswerDraft:             "answer document resolution-",
	policy.AnswerDocument:          "answer",
	policy.FilingGrant:             "answer document evidence filing",
	policy.FilingGrantPart:         "answer document evidence filing",
	policy.FilingRefuse:            "answer document evidence filing",
	policy.AssistantLet:            "assistant person",
	policy.AssistantEnd:            "assistant",
	policy.ErrandGive:              "errand person",
	policy.ErrandWrite:             "errand",
	policy.ErrandHand:              "errand",
	policy.ErrandTake:              "errand",
	policy.LedgerRestore:           "restoration",
	policy.CaseUnseal:              "unsealing",
	policy.Reseal:                  "addition_point answer assent assistant attachment attachment_chunk cancellation casefile confirmation count_objection decision decision_text dispute document errand evidence exposure extension familiarisation filing forward known material material_page message objection opening participant person plea point redaction report report_decision request resolution supplement unsealing",
	policy.SignatureConfirm:        "evidence",
	policy.MaterialAdd:             "document material",
	policy.MaterialPut:             "material",
	policy.MaterialRemove:          "document material- material_page-",
	policy.FamiliarisationDraft:    "document familiarisation",
	policy.FamiliarisationOpen:     "document evidence familiarisation",
	policy.FamiliarisationDiscard:  "document familiarisation-",
	policy.FamiliarisationPlead:    "plea",
	policy.FamiliarisationPostpone: "familiarisation plea",
	policy.FamiliarisationEnd:      "familiarisation",
	policy.RecordDraft:             "document familiarisation",
	policy.RecordSign:              "document evidence familiarisation",
	policy.RecordAssent:            "assent document",
	policy.FamiliarisationClose:    "assent document evidence familiarisation",
	policy.AppointmentDraft:        "appointment document person",
	policy.AppointmentPropose:      "appointment document evidence",
	policy.AppointmentDiscard:      "appointment- document",
	policy.AppointmentReply:        "assent document",
	policy.AppointmentAgree:        "appointment assent body casefile document evidence filing officer person substitution",
	policy.AppointmentDecline:      "appointment assent document evidence",
	policy.AssignmentDraft:         "assignment document",
	policy.AssignmentSign:          "assignment casefile document evidence filing request",
	policy.AssignmentDiscard:       "assignment document",
	policy.SubstitutionDraft:       "document substitution",
	policy.SubstitutionDiscard:     "document substitution",
	policy.SubstitutionSign:        "document evidence substitution",
	policy.SubstitutionEnd:         "substitution",
	policy.OfficerFirst:            "body officer person",
	policy.RegisterTake:            "body casefile confirmation decision decision_person decision_text document evidence familiarisation filing known movement officer participant person request substitution warrant",
	policy.OfficerExpire:           "filing officer substitution",
	policy.SubstitutionExpire:      "substitution",
}

// deed is what one act may do.
type deed map[string]bool // by table: whether rows may go

// done is the list, taken apart.
var done = func() map[policy.Act]deed {
	out := make(map[policy.Act]deed, len(deeds))
	for act, tables := range deeds {
		d := deed{}
		for _, name := range strings.Fields(tables) {
			name, goes := strings.CutSuffix(name, "-")
			f, is := finalOf(name)
			d[name] = goes || is && f.since != ""
		}
		out[act] = d
	}
	return out
}()

// known says that there is such an act.
func known(act string) bool {
	_, is := policy.RuleOf(policy.Act(act))
	return is
}

// Misdeed says what is wrong with an act that made or changed a row of a table, or took one
// away; "" if nothing is.
func Misdeed(act, table string, gone bool) string {
	goes, writes := done[policy.Act(act)][table]
	switch {
	case !known(act):
		return "the portal knows no act " + act
	case !writes && (table != "opening" || gone):
		return fmt.Sprintf("the act %s has nothing to do with it", act)
	case gone && !goes:
		return fmt.Sprintf("the act %s took it away, and takes away none", act)
	}
	return ""
}

// strange finds acts that the portal does not know.
func (a *audit) strange(leaves []ledger.Row) {
	for _, r := range leaves {
		if !known(r.Act) {
			a.found(Finding{Table: "record", Row: fmt.Sprint(r.Seq), Column: "act", Leaf: r.Seq, What: Foreign, Why: "the portal knows no act " + r.Act})
		}
	}
}

// did looks whether an act may have done what a trace says it did.
func (a *audit) did(act string, t ledger.Trace) {
	if why := Misdeed(act, t.Tab, t.Gone); why != "" && known(act) { // the others were found already
		a.found(Finding{Table: t.Tab, Row: t.ID, Leaf: t.Seq, What: Broken, Why: why})
	}
}

// bound are the tables that an act changes together: where it changes the first, it
// changes the second as well. A term is moved by what says why, and what was signed brings
// the proof of it.
var bound = []struct {
	act           policy.Act
	table, brings string
}{
	{policy.FilingExtend, "filing", "extension"},
	{policy.FilingRecount, "filing", "recount"},
	{policy.FilingSubmit, "filing", "evidence"},
	{policy.FilingGrant, "answer", "evidence"},
	{policy.FilingGrantPart, "answer", "evidence"},
	{policy.FilingRefuse, "answer", "evidence"},
}

// together looks whether an act that changed these tables left one out.
func (a *audit) together(leaf ledger.Row, tables []string) {
	for _, b := range bound {
		if string(b.act) == leaf.Act && slices.Contains(tables, b.table) && !slices.Contains(tables, b.brings) {
			a.found(Finding{Table: b.table, Leaf: leaf.Seq, What: Broken, Why: fmt.Sprintf("the act %s changed it without a row of %s, which comes with it", leaf.Act, b.brings)})
		}
	}
}
