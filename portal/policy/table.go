package policy

import "zharia/portal/law"

// The acts: everything that can be asked of the portal.
const (
	Home        Act = "home"
	About       Act = "about"
	SignIn      Act = "sign-in"
	SessionOpen Act = "session-open"
	// SessionChallenge gives a page that was open long something fresh to sign.
	SessionChallenge Act = "session-challenge"
	SessionEnd       Act = "session-end"
	SessionStay      Act = "session-stay"
	Verify           Act = "verify"
	VerifyFile       Act = "verify-file"

	// Signing on a phone: the browser's side, then the phone's.
	PhoneAsk    Act = "phone-ask"
	PhoneRead   Act = "phone-read"
	PhoneState  Act = "phone-state"
	PhoneEvents Act = "phone-events"
	EgovInvite  Act = "egov-invite"
	EgovFetch   Act = "egov-fetch"
	EgovLogin   Act = "egov-login"
	EgovSign    Act = "egov-sign"

	// A signature checked by its files.
	VerifyAny   Act = "verify-any"
	VerifyFiles Act = "verify-files"

	SessionList   Act = "session-list"
	SessionEndOne Act = "session-end-one"
	SessionEndAll Act = "session-end-all"

	CaseList         Act = "case-list"
	CaseRead         Act = "case-read"
	DecisionRead     Act = "decision-read"
	DecisionCopy     Act = "decision-copy"
	DecisionNew      Act = "decision-new"
	DecisionDraft    Act = "decision-draft"
	DecisionEdit     Act = "decision-edit"
	DecisionPaper    Act = "decision-paper"
	DecisionCheck    Act = "decision-check"
	DecisionPublish  Act = "decision-publish"
	DecisionDiscard  Act = "decision-discard"
	ParticipantNew   Act = "participant-new"
	ParticipantAdd   Act = "participant-add"
	ParticipantView  Act = "participant-view"
	ParticipantGrant Act = "participant-confirm"
	ParticipantEnd   Act = "participant-end"

	// The papers by which a status is confirmed or ended.
	ParticipantDraft   Act = "participant-draft"
	ParticipantEnding  Act = "participant-ending"
	ParticipantCheck   Act = "participant-check"
	ParticipantPaper   Act = "participant-paper"
	ParticipantDiscard Act = "participant-discard"

	FilingList      Act = "filing-list"
	FilingNew       Act = "filing-new"
	FilingCreate    Act = "filing-create"
	FilingRead      Act = "filing-read"
	FilingEdit      Act = "filing-edit"
	FilingDiscard   Act = "filing-discard"
	FilingDocument  Act = "filing-document"
	FilingSignature Act = "filing-signature"
	FilingReceipt   Act = "filing-receipt"
	FilingSubmit    Act = "filing-submit"
	FilingWithdraw  Act = "filing-withdraw"
	WithdrawalDraft Act = "withdrawal-draft"
	WithdrawalCheck Act = "withdrawal-check"
	WithdrawalPaper Act = "withdrawal-paper"
	FilingConsider  Act = "filing-consider"
	FilingOverdue   Act = "filing-overdue"
	AnswerNew       Act = "answer-new"
	AnswerDraft     Act = "answer-draft"
	AnswerCheck     Act = "answer-check"
	AnswerPaper     Act = "answer-paper"
	AnswerDocument  Act = "answer-document"
	AnswerSignature Act = "answer-signature"
	FilingGrant     Act = "filing-grant"
	FilingGrantPart Act = "filing-grant-part"
	FilingRefuse    Act = "filing-refuse"

	TypedSave   Act = "typed-save"
	TypedForget Act = "typed-forget"

	DeskRead      Act = "desk-read"
	DeskDrafts    Act = "desk-drafts"
	DeskSign      Act = "desk-sign"
	OversightRead Act = "oversight-read"
	LedgerCheck   Act = "ledger-check"

	// SignatureConfirm asks the authority again about a key.
	SignatureConfirm Act = "signature-confirm"
)

type rule struct {
	who Standing
	by  law.Ref
}

// table is who may do each act, and by what law. What is not here is refused to
// everyone: forgetting closes, never opens.
var table = map[Act]rule{
	// Open to everyone.
	Home:             {Everyone, law.CPC(110)},
	About:            {Everyone, law.CPC(110)},
	SignIn:           {Everyone, law.Ref{}},
	SessionOpen:      {Everyone, law.Ref{}},
	SessionChallenge: {Everyone, law.Ref{}},
	SessionEnd:       {Everyone, law.Ref{}},
	SessionStay:      {Everyone, law.Ref{}},
	Verify:           {Everyone, law.Ref{}},
	VerifyFile:       {Everyone, law.Ref{}},

	// Signing on a phone: a page for the browser that asked, and what the phone
	// asks for with the secret of its code.
	PhoneAsk:    {Everyone, law.Ref{}},
	PhoneRead:   {Everyone, law.Ref{}},
	PhoneState:  {Everyone, law.Ref{}},
	PhoneEvents: {Everyone, law.Ref{}},
	EgovInvite:  {Everyone, law.Ref{}},
	EgovFetch:   {Everyone, law.Ref{}},
	EgovLogin:   {Everyone, law.Ref{}},
	EgovSign:    {Everyone, law.Ref{}},

	// A signature checked by its files, by anybody who holds them.
	VerifyAny:   {Everyone, law.Ref{}},
	VerifyFiles: {Everyone, law.Ref{}},

	// A person's own sessions.
	SessionList:   {Citizen, law.Ref{}},
	SessionEndOne: {Citizen, law.Ref{}},
	SessionEndAll: {Citizen, law.Ref{}},

	// Cases and what was decided in them. Which decisions, the matrix says.
	CaseList:        {Citizen, law.CPC(110)},
	CaseRead:        {Party | OnDuty, law.CPC(110)},
	DecisionRead:    {Party | OnDuty, law.CPC(198)},
	DecisionCopy:    {Party | OnDuty, law.CPC(198)},
	DecisionNew:     {Charge, law.CPC(198)},
	DecisionDraft:   {Charge, law.CPC(198)},
	DecisionEdit:    {Charge, law.CPC(198)},
	DecisionCheck:   {Charge, law.CPC(198)},
	DecisionPaper:   {Charge, law.CPC(198)},
	DecisionPublish: {Charge, law.CPC(198)},
	DecisionDiscard: {Charge, law.CPC(198)},

	// Who is what in the case: the person conducting the investigation says.
	ParticipantNew:   {Charge, law.CPC(110)},
	ParticipantAdd:   {Charge, law.CPC(110)},
	ParticipantView:  {Charge, law.CPC(110)},
	ParticipantGrant: {Charge, law.CPC(110)},
	ParticipantEnd:   {Charge, law.CPC(110)},

	ParticipantDraft:   {Charge, law.CPC(110)},
	ParticipantEnding:  {Charge, law.CPC(110)},
	ParticipantCheck:   {Charge, law.CPC(110)},
	ParticipantPaper:   {Charge, law.CPC(110)},
	ParticipantDiscard: {Charge, law.CPC(110)},

	// Petitions and complaints, by those who file them.
	FilingList:      {Citizen, law.CPC(100, 1)},
	FilingNew:       {Party, law.CPC(99, 1)},
	FilingCreate:    {Party, law.CPC(99, 1)},
	FilingRead:      {Author | Counsel | Decider | Supervisor | Unit | Office, law.CPC(105)},
	FilingEdit:      {Author, law.CPC(99, 1)},
	FilingDiscard:   {Author, law.CPC(99, 1)},
	FilingDocument:  {Author | Counsel | Decider | Supervisor | Unit | Office, law.CPC(105)},
	FilingSignature: {Author | Counsel | Decider | Supervisor | Unit | Office, law.CPC(105)},
	FilingReceipt:   {Author, law.CPC(105)},
	FilingSubmit:    {Author, law.CPC(99, 1)},
	WithdrawalDraft: {Author, law.CPC(100, 5)},
	WithdrawalCheck: {Author, law.CPC(100, 5)},
	WithdrawalPaper: {Author | Counsel | Decider | Supervisor | Unit | Office, law.CPC(100, 5)},
	FilingWithdraw:  {Author, law.CPC(100, 5)},

	// Their answers, by the official who must decide.
	FilingConsider:  {Decider, law.CPC(99)},
	AnswerNew:       {Decider, law.CPC(99)},
	AnswerDraft:     {Decider, law.CPC(99)},
	AnswerCheck:     {Decider, law.CPC(99)},
	AnswerPaper:     {Decider, law.CPC(99)},
	AnswerDocument:  {Author | Counsel | Decider | Supervisor | Unit | Office, law.CPC(105, 4)},
	AnswerSignature: {Author | Counsel | Decider | Supervisor | Unit | Office, law.CPC(105, 4)},
	FilingGrant:     {Decider, law.CPC(99)},
	FilingGrantPart: {Decider, law.CPC(99)},
	FilingRefuse:    {Decider, law.CPC(99)},

	// What a person typed and has not sent: his own, whoever he is.
	TypedSave:   {Citizen, law.Ref{}},
	TypedForget: {Citizen, law.Ref{}},

	// Officials at work.
	DeskRead:      {Investigator, law.CPC(60)},
	DeskDrafts:    {Investigator, law.CPC(60)},
	DeskSign:      {Investigator, law.CPC(60)}, // and each paper by the rule of its own act
	OversightRead: {Prosecutor, law.CPC(193)},

	// The portal at work, by its own jobs; no address leads here.
	FilingOverdue:    {0, law.CPC(99)},
	SignatureConfirm: {0, law.Ref{}},
	LedgerCheck:      {0, law.Ref{}},
}
