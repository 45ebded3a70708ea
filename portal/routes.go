package portal

import (
	"cmp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"zharia/portal/policy"
)

// route is one address: the act it stands for and the page that answers.
type route struct {
	act    policy.Act
	answer func(echo.Context, policy.Ask) error
}

type routes map[string]route

// routes is the whole portal: every address, the act it stands for, and the page
// that answers. Whether the person may do the act, portal/policy says. Before
// every address stands the language, /kk or /ru.
func (p *Portal) routes() routes {
	return routes{
		// Open to everyone.
		"GET /":                   {policy.Home, p.home},
		"GET /about/:topic":       {policy.About, p.about},
		"GET /verify/:document":   {policy.Verify, p.verify},
		"POST /verify/:document":  {policy.VerifyFile, p.verifyFile},
		"GET /signin":             {policy.SignIn, p.signIn},
		"POST /session":           {policy.SessionOpen, p.sessionOpen},
		"POST /session/challenge": {policy.SessionChallenge, p.sessionChallenge},
		"POST /session/end":       {policy.SessionEnd, p.sessionEnd},
		"POST /session/stay":      {policy.SessionStay, p.sessionStay},

		// Signing on a phone; what the phone itself asks for has no language.
		"POST /phone":                 {policy.PhoneAsk, p.phoneAsk},
		"GET /phone/:request":         {policy.PhoneRead, p.phonePage},
		"GET /phone/:request/state":   {policy.PhoneState, p.phoneState},
		"GET /phone/:request/events":  {policy.PhoneEvents, p.phoneEvents},
		"GET /egov/:token":            {policy.EgovInvite, p.egovInvite},
		"GET /egov/:token/documents":  {policy.EgovFetch, p.egovFetch},
		"POST /egov/:token/documents": {policy.EgovLogin, p.egovLogin},
		"PUT /egov/:token/documents":  {policy.EgovSign, p.egovSign},

		// A signature checked by its files.
		"GET /verify":  {policy.VerifyAny, p.verifyAny},
		"POST /verify": {policy.VerifyFiles, p.verifyFiles},

		// A person's own sessions.
		"GET /sessions":               {policy.SessionList, p.sessionList},
		"POST /sessions/:session/end": {policy.SessionEndOne, p.sessionEndOne},
		"POST /sessions/end":          {policy.SessionEndAll, p.sessionEndAll},

		// Cases and what was decided in them.
		"GET /cases":                            {policy.CaseList, p.cases},
		"GET /cases/:case":                      {policy.CaseRead, p.casePage},
		"GET /decisions/:decision":              {policy.DecisionRead, p.decision},
		"GET /decisions/:decision/copy":         {policy.DecisionCopy, p.decisionCopy},
		"GET /cases/:case/decisions/new":        {policy.DecisionNew, p.decisionNew},
		"POST /cases/:case/decisions":           {policy.DecisionDraft, p.decisionDraft},
		"GET /decisions/:decision/draft":        {policy.DecisionEdit, p.decisionEdit},
		"GET /decisions/:decision/check":        {policy.DecisionCheck, p.decisionCheck},
		"GET /decisions/:decision/paper":        {policy.DecisionPaper, p.decisionPaper},
		"POST /decisions/:decision/publication": {policy.DecisionPublish, p.decisionPublish},
		"POST /decisions/:decision/discarding":  {policy.DecisionDiscard, p.decisionDiscard},

		// Who is what in a case.
		"GET /cases/:case/participants/new":            {policy.ParticipantNew, p.participantNew},
		"POST /cases/:case/participants":               {policy.ParticipantAdd, p.participantAdd},
		"GET /participants/:participant":               {policy.ParticipantView, p.participant},
		"POST /participants/:participant/draft":        {policy.ParticipantDraft, p.participantDraft},
		"POST /participants/:participant/ending":       {policy.ParticipantEnding, p.participantEnding},
		"GET /participants/:participant/check":         {policy.ParticipantCheck, p.participantCheck},
		"GET /participants/:participant/paper":         {policy.ParticipantPaper, p.participantPaper},
		"POST /participants/:participant/confirmation": {policy.ParticipantGrant, p.participantSettle},
		"POST /participants/:participant/end":          {policy.ParticipantEnd, p.participantSettle},
		"POST /participants/:participant/discarding":   {policy.ParticipantDiscard, p.participantDiscard},

		// Complaints and petitions.
		"GET /filings":                           {policy.FilingList, p.filings},
		"GET /cases/:case/filings/new":           {policy.FilingNew, p.filingNew},
		"POST /cases/:case/filings":              {policy.FilingCreate, p.filingCreate},
		"GET /filings/:filing":                   {policy.FilingRead, p.filing},
		"GET /filings/:filing/draft":             {policy.FilingEdit, p.filingEdit},
		"GET /filings/:filing/document":          {policy.FilingDocument, p.filingDocument},
		"GET /filings/:filing/signature":         {policy.FilingSignature, p.filingSignature},
		"GET /filings/:filing/receipt":           {policy.FilingReceipt, p.filingReceipt},
		"POST /filings/:filing/submission":       {policy.FilingSubmit, p.filingSubmit},
		"POST /filings/:filing/discarding":       {policy.FilingDiscard, p.filingDiscard},
		"POST /filings/:filing/withdrawal/draft": {policy.WithdrawalDraft, p.withdrawalDraft},
		"GET /filings/:filing/withdrawal":        {policy.WithdrawalCheck, p.withdrawalCheck},
		"GET /filings/:filing/withdrawal/paper":  {policy.WithdrawalPaper, p.withdrawalPaper},
		"POST /filings/:filing/withdrawal":       {policy.FilingWithdraw, p.filingWithdraw},

		// Their answers.
		"POST /filings/:filing/consideration":   {policy.FilingConsider, p.filingStep},
		"GET /filings/:filing/answer":           {policy.AnswerNew, p.answerNew},
		"POST /filings/:filing/answer":          {policy.AnswerDraft, p.answerDraft},
		"GET /filings/:filing/answer/check":     {policy.AnswerCheck, p.answerCheck},
		"GET /filings/:filing/answer/paper":     {policy.AnswerPaper, p.answerPaper},
		"GET /filings/:filing/answer/document":  {policy.AnswerDocument, p.answerDocument},
		"GET /filings/:filing/answer/signature": {policy.AnswerSignature, p.answerSignature},
		"POST /filings/:filing/grant":           {policy.FilingGrant, p.filingDecide},
		"POST /filings/:filing/grant-part":      {policy.FilingGrantPart, p.filingDecide},
		"POST /filings/:filing/refusal":         {policy.FilingRefuse, p.filingDecide},

		// What was typed and not sent.
		"POST /typed":        {policy.TypedSave, p.typedSave},
		"POST /typed/forget": {policy.TypedForget, p.typedForget},

		// Officials at work.
		"GET /desk":                   {policy.DeskRead, p.desk},
		"GET /desk/drafts":            {policy.DeskDrafts, p.deskDrafts},
		"POST /desk/drafts/signature": {policy.DeskSign, p.deskSign},
		"GET /oversight":              {policy.OversightRead, p.oversight},
	}
}

// Route is one row of the table, for printing and for the tests of access.
type Route struct {
	Method, Path string
	Act          policy.Act
}

// Routes lists the table by address.
func Routes() []Route {
	var out []Route
	for address, r := range new(Portal).routes() {
		method, path, _ := strings.Cut(address, " ")
		out = append(out, Route{method, path, r.act})
	}
	slices.SortFunc(out, func(a, b Route) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return out
}
