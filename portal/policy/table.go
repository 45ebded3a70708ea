package policy

import "zharia/portal/law"

// The acts: everything that can be asked of the portal.
const (
	Home        Act = "home"
	About       Act = "about"
	SampleList  Act = "sample-list"
	SampleRead  Act = "sample-read"
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

	// What the register of investigations sends: a machine, known by its signature alone.
	RegisterSend     Act = "register-send"
	RegisterBatch    Act = "register-batch"
	RegisterContract Act = "register-contract"

	// What the register is told: the key its messages are signed with, events and papers.
	ExchangeKey    Act = "exchange-key"
	ExchangeEvents Act = "exchange-events"
	ExchangePaper  Act = "exchange-paper"

	// A signature checked by its files.
	VerifyAny   Act = "verify-any"
	VerifyFiles Act = "verify-files"

	// A report of an offence: the questions before it, an answer a page, the paper.
	// ReportSubmit signs it and has it registered at once.
	ReportTriage   Act = "report-triage"
	ReportBegin    Act = "report-begin"
	ReportList     Act = "report-list"
	ReportRead     Act = "report-read"
	ReportQuestion Act = "report-question"
	ReportAnswer   Act = "report-answer"
	ReportCheck    Act = "report-check"
	ReportPrint    Act = "report-print"
	ReportSign     Act = "report-sign"
	ReportPaper    Act = "report-paper"
	ReportSubmit   Act = "report-submit"
	ReportDiscard  Act = "report-discard"
	ReportSlip     Act = "report-slip"
	ReportProof    Act = "report-proof"
	ReportOverdue  Act = "report-overdue"

	// Files beside a report: what is done with one of them goes by the acts of attachments.
	ReportFiles     Act = "report-files"
	ReportFileAdd   Act = "report-file-add"   // as a form sends them
	ReportFileBegin Act = "report-file-begin" // as a script does, piece by piece

	// The complaint that a report was not registered, or that nothing was decided in time.
	ReportComplaint Act = "report-complaint"
	ReportComplain  Act = "report-complain"
	// ReportDecided is the paper of what was decided, for the author of the report.
	ReportDecided Act = "report-decided"
	// The registrar's desk: the book of reports of his body, what is decided of each, and
	// what he takes down from people without a signature. BookReceive registers anew what
	// another body transferred. BooksRead is the prosecutor's: numbers and times.
	BookRead          Act = "book-read"
	BookOpen          Act = "book-open"
	BookPaper         Act = "book-paper"
	BookSlip          Act = "book-slip"
	BookSimilar       Act = "book-similar"
	BookChoose        Act = "book-choose"
	BookDraft         Act = "book-draft"
	BookCheck         Act = "book-check"
	BookDecisionPaper Act = "book-decision-paper"
	BookDecide        Act = "book-decide"
	BookDiscard       Act = "book-discard"
	BookDecided       Act = "book-decided"
	BookReceive       Act = "book-receive"
	EntryNew          Act = "entry-new"
	EntryDraft        Act = "entry-draft"
	EntryChange       Act = "entry-change"
	EntryCheck        Act = "entry-check"
	EntryPaper        Act = "entry-paper"
	EntrySubmit       Act = "entry-submit"
	EntryDiscard      Act = "entry-discard"
	BooksRead         Act = "books-read"
	// SlipRead is the status of a report for whoever holds its slip.
	SlipRead Act = "slip-read"

	// The anonymous lane: whoever comes, nobody asks who he is; then the desk of the body
	// that received it. TipDay writes down what came, TipForget destroys what is over.
	TipHome    Act = "tip-home"
	TipNew     Act = "tip-new"
	TipSend    Act = "tip-send"
	TipKept    Act = "tip-kept"
	TipReceipt Act = "tip-receipt"
	TipEnter   Act = "tip-enter"
	TipRead    Act = "tip-read"
	TipWrite   Act = "tip-write"
	TipList    Act = "tip-list"
	TipOpen    Act = "tip-open"
	TipAnswer  Act = "tip-answer"
	TipClose   Act = "tip-close"
	TipFile    Act = "tip-file"
	TipDay     Act = "tip-day"
	TipForget  Act = "tip-forget"

	// What anybody may have of the ledger: the receipt of a paper whose number he has,
	// the page that checks receipts without us, and the signed roots (portal/receipt).
	VerifyReceipt  Act = "verify-receipt"
	VerifyOffline  Act = "verify-offline"
	LogKey         Act = "log-key"
	LogCheckpoint  Act = "log-checkpoint"
	LogConsistency Act = "log-consistency"

	SessionList   Act = "session-list"
	SessionEndOne Act = "session-end-one"
	SessionEndAll Act = "session-end-all"

	CaseList        Act = "case-list"
	CaseRead        Act = "case-read"
	DecisionRead    Act = "decision-read"
	DecisionCopy    Act = "decision-copy"
	DecisionNew     Act = "decision-new"
	DecisionDraft   Act = "decision-draft"
	DecisionEdit    Act = "decision-edit"
	DecisionPaper   Act = "decision-paper"
	DecisionCheck   Act = "decision-check"
	DecisionPublish Act = "decision-publish"
	// DecisionSubmit signs a decision that waits for the prosecutor.
	DecisionSubmit  Act = "decision-submit"
	DecisionDiscard Act = "decision-discard"

	// What the prosecutor says of it: he agrees, or gives his reasons why not.
	AgreementRead   Act = "agreement-read"
	AgreementDraft  Act = "agreement-draft"
	AgreementCheck  Act = "agreement-check"
	AgreementPaper  Act = "agreement-paper"
	DecisionAgree   Act = "decision-agree"
	DecisionDecline Act = "decision-decline"

	// A decision opened to one person further than to his status, or less far; and
	// copies for those whom the Code opens a part of it.
	ExposureNew      Act = "exposure-new"
	ExposureDraft    Act = "exposure-draft"
	ExposureCheck    Act = "exposure-check"
	ExposurePaper    Act = "exposure-paper"
	ExposureSign     Act = "exposure-sign"
	ExposureDiscard  Act = "exposure-discard"
	ExposureEnd      Act = "exposure-end"
	RedactionNew     Act = "redaction-new"
	RedactionDraft   Act = "redaction-draft"
	RedactionCheck   Act = "redaction-check"
	RedactionPaper   Act = "redaction-paper"
	RedactionSign    Act = "redaction-sign"
	RedactionDiscard Act = "redaction-discard"

	// CaseClosed tells a participant what his status does not open, and why.
	CaseClosed Act = "case-closed"

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

	// ParticipantChange prepares a status that takes the place of another of the
	// same person.
	ParticipantChange      Act = "participant-change"
	ParticipantChangeDraft Act = "participant-change-draft"

	// What follows of itself, in the transaction of another act: a status ends
	// because the prosecutor refused, or because another took its place; who acted
	// for him goes on; cases are joined and severed, and people go with them.
	ParticipantLapse   Act = "participant-lapse"
	ParticipantReplace Act = "participant-replace"
	ParticipantFollow  Act = "participant-follow"
	ParticipantJoin    Act = "participant-join"
	ParticipantSever   Act = "participant-sever"
	CaseJoin           Act = "case-join"
	CaseSever          Act = "case-sever"

	// For whom somebody acts: he chooses one of several in a case, and sees all he
	// acts for; the one he acts for takes the power back.
	ActingChoose    Act = "acting-choose"
	ActingSet       Act = "acting-set"
	ClientList      Act = "client-list"
	PowerRead       Act = "power-read"
	RevocationDraft Act = "revocation-draft"
	RevocationCheck Act = "revocation-check"
	RevocationPaper Act = "revocation-paper"
	PowerRevoke     Act = "power-revoke"
	PowerLapse      Act = "power-lapse"

	// Asking that a status be confirmed, and what becomes of it.
	AccessNew       Act = "access-new"
	AccessDraft     Act = "access-draft"
	AccessEdit      Act = "access-edit"
	AccessRead      Act = "access-read"
	AccessCheck     Act = "access-check"
	AccessPaper     Act = "access-paper"
	AccessAuthority Act = "access-authority"
	AccessAnswer    Act = "access-answer"
	AccessSubmit    Act = "access-submit"
	AccessWithdraw  Act = "access-withdraw"
	AccessDiscard   Act = "access-discard"
	AccessComplaint Act = "access-complaint"
	AccessComplain  Act = "access-complain"
	AccessMiss      Act = "access-miss" // a number under which there is no case
	AccessOverdue   Act = "access-overdue"
	DeskConfirm     Act = "desk-confirm"

	// A decision is handed over: by opening it, or by a signed receipt.
	DecisionOpen Act = "decision-open"
	ServiceDraft Act = "service-draft"
	ServiceCheck Act = "service-check"
	ServicePaper Act = "service-paper"
	ServiceSign  Act = "service-sign"

	// Who opened a case, why, and "this looks wrong".
	OpeningList     Act = "opening-list"
	ReasonNew       Act = "reason-new"
	ReasonGive      Act = "reason-give"
	ObjectionNew    Act = "objection-new"
	ObjectionFile   Act = "objection-file"
	ObjectionList   Act = "objection-list"
	ObjectionRead   Act = "objection-read"
	ObjectionAnswer Act = "objection-answer"

	// TermRead is the calculator of terms; the others are the count of one filing.
	TermRead       Act = "term-read"
	FilingCount    Act = "filing-count"
	CountObject    Act = "count-object"
	FilingRecount  Act = "filing-recount"   // a day off moved the end
	FilingReseat   Act = "filing-reseat"    // who was to decide it sits there no more
	FilingHandOver Act = "filing-hand-over" // its case was given to another
	TermRecount    Act = "term-recount"     // the same, of any other term that runs
	CalendarSet    Act = "calendar-set"

	// The questions that lead to the right way, for everybody and in a case; a complaint
	// of one who has no status in the case and whom an act affects.
	Guide         Act = "guide"
	GuideCase     Act = "guide-case"
	ComplainNew   Act = "complain-new"
	ComplainDraft Act = "complain-draft"
	ComplainEdit  Act = "complain-edit"

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

	// What proves without us that it was filed, or taken back.
	FilingProof     Act = "filing-proof"
	WithdrawalProof Act = "withdrawal-proof"

	// WithdrawalAsk signs a withdrawal that waits for the consent of the one in whose
	// interest it was filed; he gives it or refuses it by a paper of his own.
	WithdrawalAsk     Act = "withdrawal-ask"
	ConsentDraft      Act = "consent-draft"
	ConsentCheck      Act = "consent-check"
	ConsentPaper      Act = "consent-paper"
	WithdrawalConsent Act = "withdrawal-consent"
	WithdrawalDecline Act = "withdrawal-decline"

	// What is said after a filing was filed: added or corrected, by a signed paper; a
	// point that was not answered; what both sides write to one another.
	SupplementNew     Act = "supplement-new"
	SupplementDraft   Act = "supplement-draft"
	SupplementCheck   Act = "supplement-check"
	SupplementPaper   Act = "supplement-paper"
	SupplementSign    Act = "supplement-sign"
	SupplementDiscard Act = "supplement-discard"
	FilingVersions    Act = "filing-versions"
	PointDispute      Act = "point-dispute"
	MessageList       Act = "message-list"
	MessageSend       Act = "message-send"

	FilingConsider Act = "filing-consider"

	// What an official does with what came to him before he decides it: hands it on,
	// makes the term longer, asks its author to add. FilingDisputed opens the decision
	// it is about.
	FilingDisputed  Act = "filing-disputed"
	ForwardNew      Act = "forward-new"
	ForwardDraft    Act = "forward-draft"
	ForwardCheck    Act = "forward-check"
	ForwardPaper    Act = "forward-paper"
	FilingForward   Act = "filing-forward"
	ExtensionNew    Act = "extension-new"
	ExtensionDraft  Act = "extension-draft"
	ExtensionCheck  Act = "extension-check"
	ExtensionPaper  Act = "extension-paper"
	FilingExtend    Act = "filing-extend"
	AdditionNew     Act = "addition-new"
	FilingAsk       Act = "filing-ask"
	ReplyNew        Act = "reply-new"
	ReplyDraft      Act = "reply-draft"
	ReplyCheck      Act = "reply-check"
	ReplyPaper      Act = "reply-paper"
	FilingReply     Act = "filing-reply"
	CancellationNew Act = "cancellation-new"
	// CancellationSettle is the prosecutor's word on a head's request to cancel a ruling.
	CancellationSettle Act = "cancellation-settle"

	FilingOverdue Act = "filing-overdue"

	// Files beside a filing.
	AttachmentList     Act = "attachment-list"
	AttachmentAdd      Act = "attachment-add"   // as a form sends them
	AttachmentBegin    Act = "attachment-begin" // as a script does, piece by piece
	AttachmentState    Act = "attachment-state"
	AttachmentPut      Act = "attachment-put"
	AttachmentFinish   Act = "attachment-finish"
	AttachmentBind     Act = "attachment-bind"
	AttachmentRemove   Act = "attachment-remove"
	AttachmentOpen     Act = "attachment-open"
	AttachmentOriginal Act = "attachment-original"
	AttachmentScan     Act = "attachment-scan"
	MaterialRender     Act = "material-render" // pages of the file are drawn

	AnswerNew       Act = "answer-new"
	AnswerDraft     Act = "answer-draft"
	AnswerCheck     Act = "answer-check"
	AnswerPaper     Act = "answer-paper"
	AnswerDocument  Act = "answer-document"
	AnswerSignature Act = "answer-signature"
	FilingGrant     Act = "filing-grant"
	FilingGrantPart Act = "filing-grant-part"
	FilingRefuse    Act = "filing-refuse"

	// FilingSheet is the page to print after filing. A feed is somebody's terms in a
	// calendar outside: made and ended by him, fetched by whoever has its address.
	FilingSheet Act = "filing-sheet"
	FeedList    Act = "feed-list"
	FeedMake    Act = "feed-make"
	FeedEnd     Act = "feed-end"
	FeedFetch   Act = "feed-fetch"
	ClientTerms Act = "client-terms"

	// An advocate has drafts written for him.
	AssistantList Act = "assistant-list"
	AssistantLet  Act = "assistant-let"
	AssistantEnd  Act = "assistant-end"
	ErrandNew     Act = "errand-new"
	ErrandGive    Act = "errand-give"
	ErrandList    Act = "errand-list"
	ErrandRead    Act = "errand-read"
	ErrandWrite   Act = "errand-write"
	ErrandHand    Act = "errand-hand"
	ErrandTake    Act = "errand-take"

	TypedSave   Act = "typed-save"
	TypedForget Act = "typed-forget"

	DeskRead      Act = "desk-read"
	DeskDrafts    Act = "desk-drafts"
	DeskSign      Act = "desk-sign"
	OversightRead Act = "oversight-read"
	ChamberRead   Act = "chamber-read"
	LedgerCheck   Act = "ledger-check"
	LedgerRestore Act = "ledger-restore" // acts that others have seen were given up with a restored copy

	// CaseUnseal tells that the custodians of the keys opened a case for an official.
	CaseUnseal Act = "case-unseal"

	// KeyNew tells that somebody signed in with a key he never signed in with before.
	KeyNew Act = "key-new"

	// OpeningAlarm tells that more cases were opened in the name of an official than work explains.
	OpeningAlarm Act = "opening-alarm"

	// Reseal puts wraps of the keeper's new epoch around the keys of texts (portal/reseal).
	Reseal Act = "reseal"

	// KeeperRecall writes down how far the keeper's memory goes, so that it shows when
	// somebody takes something out of it.
	KeeperRecall Act = "keeper-recall"

	// What a person was told of, and where he wishes to be told; DutyRead is the page that
	// shows whether telling works.
	NoticeList     Act = "notice-list"
	NoticeRead     Act = "notice-read"
	NoticeReadAll  Act = "notice-read-all"
	NoticeResend   Act = "notice-resend"
	NoticeSettings Act = "notice-settings"
	NoticeSet      Act = "notice-set"
	NoticeSilence  Act = "notice-silence" // with NoticeSet: where others read nothing is sent any more
	ContactNew     Act = "contact-new"
	ContactAdd     Act = "contact-add"
	ContactRead    Act = "contact-read"
	ContactCode    Act = "contact-code"
	ContactConfirm Act = "contact-confirm"
	ContactEnd     Act = "contact-end"
	DutyRead       Act = "duty-read"
	JobAgain       Act = "job-again"       // what was given up is tried again
	SubmissionRead Act = "submission-read" // whether a signature was taken
	EventAgain     Act = "event-again"     // what the register refused is sent anew

	// SignatureConfirm asks the authority again about a key.
	SignatureConfirm Act = "signature-confirm"

	// The file of a case, and familiarisation with it.
	FileRead       Act = "file-read"
	MaterialNew    Act = "material-new"
	MaterialAdd    Act = "material-add"
	MaterialPut    Act = "material-put"
	MaterialOpen   Act = "material-open"
	MaterialRemove Act = "material-remove"

	FamiliarisationNew      Act = "familiarisation-new"
	FamiliarisationDraft    Act = "familiarisation-draft"
	FamiliarisationCheck    Act = "familiarisation-check"
	FamiliarisationPaper    Act = "familiarisation-paper"
	FamiliarisationOpen     Act = "familiarisation-open"
	FamiliarisationDiscard  Act = "familiarisation-discard"
	FamiliarisationRead     Act = "familiarisation-read"
	FamiliarisationPage     Act = "familiarisation-page"
	FamiliarisationPicture  Act = "familiarisation-picture"
	FamiliarisationTime     Act = "familiarisation-time"
	FamiliarisationNote     Act = "familiarisation-note"
	FamiliarisationSearch   Act = "familiarisation-search"
	FamiliarisationCopy     Act = "familiarisation-copy"
	FamiliarisationPlead    Act = "familiarisation-plead"
	FamiliarisationPostpone Act = "familiarisation-postpone"
	FamiliarisationEnd      Act = "familiarisation-end"
	RecordEdit              Act = "record-edit"
	RecordDraft             Act = "record-draft"
	RecordCheck             Act = "record-check"
	RecordPaper             Act = "record-paper"
	RecordSign              Act = "record-sign"
	RecordAssent            Act = "record-assent"
	RecordAssentPaper       Act = "record-assent-paper"
	FamiliarisationClose    Act = "familiarisation-close"

	// The directory of officials: whoever comes in or goes out, two people sign it.
	DirectoryRead      Act = "directory-read"
	DirectoryFind      Act = "directory-find"
	AppointmentNew     Act = "appointment-new"
	AppointmentDraft   Act = "appointment-draft"
	AppointmentRead    Act = "appointment-read"
	AppointmentPaper   Act = "appointment-paper"
	AppointmentPropose Act = "appointment-propose"
	AppointmentDiscard Act = "appointment-discard"
	AppointmentReply   Act = "appointment-reply"
	AppointmentCheck   Act = "appointment-check"
	AppointmentAnswer  Act = "appointment-answer"
	AppointmentAgree   Act = "appointment-agree"
	AppointmentDecline Act = "appointment-decline"

	// Who does whose work: what heads and chiefs decide.
	UnitRead            Act = "unit-read"
	OfficeRead          Act = "office-read"
	AssignmentNew       Act = "assignment-new"
	AssignmentDraft     Act = "assignment-draft"
	AssignmentCheck     Act = "assignment-check"
	AssignmentPaper     Act = "assignment-paper"
	AssignmentSign      Act = "assignment-sign"
	AssignmentDiscard   Act = "assignment-discard"
	SubstitutionNew     Act = "substitution-new"
	SubstitutionDraft   Act = "substitution-draft"
	SubstitutionRead    Act = "substitution-read"
	SubstitutionPaper   Act = "substitution-paper"
	SubstitutionSign    Act = "substitution-sign"
	SubstitutionEnd     Act = "substitution-end"
	SubstitutionDiscard Act = "substitution-discard"

	// OfficerFirst enters the first two administrators, when there is nobody yet to sign it.
	OfficerFirst       Act = "officer-first"
	RegisterTake       Act = "register-take" // what came from the register of investigations
	RegisterRefuse     Act = "register-refuse"
	OfficerExpire      Act = "officer-expire"
	SubstitutionExpire Act = "substitution-expire"
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
	SampleList:       {Everyone, law.CPC(110)},
	SampleRead:       {Everyone, law.CPC(110)},
	TermRead:         {Everyone, law.CPC(48)},
	SignIn:           {Everyone, law.Ref{}},
	SessionOpen:      {Everyone, law.Ref{}},
	SessionChallenge: {Everyone, law.Ref{}},
	SessionEnd:       {Everyone, law.Ref{}},
	SessionStay:      {Everyone, law.Ref{}},
	Verify:           {Everyone, law.Ref{}},
	VerifyFile:       {Everyone, law.Ref{}},

	// Reports of offences. Whoever received one, or holds its slip, sees no more of it
	// than his rule says; the desk of the registrar has acts of its own.
	ReportTriage:    {Everyone, law.CPC(185)},
	SlipRead:        {Everyone, law.CPC(185, 2)},
	ReportBegin:     {Citizen, law.CPC(181, 1)},
	ReportList:      {Citizen, law.CPC(185, 2)},
	ReportRead:      {Author, law.CPC(185, 2)},
	ReportQuestion:  {Author, law.CPC(181, 1)},
	ReportAnswer:    {Author, law.CPC(181, 1)},
	ReportCheck:     {Author, law.CPC(181, 4)},
	ReportPrint:     {Author, law.CPC(181, 4)},
	ReportSign:      {Author, law.CPC(181, 4)},
	ReportPaper:     {Author, law.CPC(181, 1)},
	ReportSubmit:    {Author, law.CPC(185, 1)},
	ReportDiscard:   {Author, law.CPC(181, 1)},
	ReportSlip:      {Author, law.CPC(185, 2)},
	ReportProof:     {Author, law.CPC(185, 2)},
	ReportOverdue:   {0, law.CPC(185, 1)},
	ReportFiles:     {Author | Addressee, law.CPC(181, 1)},
	ReportFileAdd:   {Author, law.CPC(181, 1)},
	ReportFileBegin: {Author, law.CPC(181, 1)},
	ReportComplaint: {Author, law.CPC(185, 2)},
	ReportComplain:  {Author, law.CPC(185, 2)},
	ReportDecided:   {Author, law.CPC(185, 2)},

	// The book of reports: he who keeps it decides; the head of the body reads. The
	// prosecutor sees that each report was received and what became of it, not what it says.
	BookRead:          {Registrar | Head, law.CPC(185, 1)},
	BookOpen:          {Registrar | Head, law.CPC(185, 1)},
	BookPaper:         {Registrar | Head, law.CPC(185, 1)},
	BookSlip:          {Registrar, law.CPC(185, 1)},
	BookSimilar:       {Registrar, law.CPC(180, 3)},
	BookChoose:        {Registrar, law.CPC(179)},
	BookDraft:         {Registrar, law.CPC(179)},
	BookCheck:         {Registrar, law.CPC(179)},
	BookDecisionPaper: {Registrar, law.CPC(179)},
	BookDecide:        {Registrar, law.CPC(179)},
	BookDiscard:       {Registrar, law.CPC(179)},
	BookDecided:       {Registrar | Head, law.CPC(179)},
	BookReceive:       {0, law.CPC(185, 1)},
	EntryNew:          {Registrar, law.CPC(181, 1)},
	EntryDraft:        {Registrar, law.CPC(181, 1)},
	EntryChange:       {Registrar, law.CPC(181, 1)},
	EntryCheck:        {Registrar, law.CPC(181, 1)},
	EntryPaper:        {Registrar, law.CPC(181, 1)},
	EntrySubmit:       {Registrar, law.CPC(185, 1)},
	EntryDiscard:      {Registrar, law.CPC(181, 1)},
	BooksRead:         {Prosecutor | Chief, law.CPC(185, 2)},

	// The anonymous lane. An anonymous message is no ground for an investigation.
	TipHome:    {Everyone, law.CPC(181, 6)},
	TipNew:     {Everyone, law.CPC(181, 6)},
	TipSend:    {Everyone, law.CPC(181, 6)},
	TipKept:    {Everyone, law.CPC(181, 6)},
	TipReceipt: {Everyone, law.CPC(181, 6)},
	TipEnter:   {Everyone, law.CPC(181, 6)},
	TipRead:    {Everyone, law.CPC(181, 6)},
	TipWrite:   {Everyone, law.CPC(181, 6)},
	TipList:    {Registrar | Head, law.CPC(181, 6)},
	TipOpen:    {Registrar | Head, law.CPC(181, 6)},
	TipAnswer:  {Registrar | Head, law.CPC(181, 6)},
	TipClose:   {Registrar | Head, law.CPC(181, 6)},
	TipFile:    {Registrar | Head, law.CPC(181, 6)},
	TipDay:     {0, law.CPC(181, 6)},
	TipForget:  {0, law.CPC(181, 6)},

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

	VerifyReceipt:  {Everyone, law.Ref{}},
	VerifyOffline:  {Everyone, law.Ref{}},
	LogKey:         {Everyone, law.Ref{}},
	LogCheckpoint:  {Everyone, law.Ref{}},
	LogConsistency: {Everyone, law.Ref{}},

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
	DecisionSubmit:  {Charge, law.CPC(198)},
	DecisionDiscard: {Charge, law.CPC(198)},

	// A decision that waits for the prosecutor: the one who supervises, his deputy,
	// the head of his office.
	AgreementRead:   {Supervisor | Office, law.CPC(193)},
	AgreementDraft:  {Supervisor | Office, law.CPC(193)},
	AgreementCheck:  {Supervisor | Office, law.CPC(193)},
	AgreementPaper:  {Supervisor | Office, law.CPC(193)},
	DecisionAgree:   {Supervisor | Office, law.CPC(193)},
	DecisionDecline: {Supervisor | Office, law.CPC(193)},

	// One document further to one person, or on a ground of law less far; a copy
	// without what is not for everybody. The paper is the officials' to read.
	ExposureNew:      {Charge, law.CPC(201)},
	ExposureDraft:    {Charge, law.CPC(201)},
	ExposureCheck:    {Charge, law.CPC(201)},
	ExposurePaper:    {OnDuty, law.CPC(201)},
	ExposureSign:     {Charge, law.CPC(201)},
	ExposureDiscard:  {Charge, law.CPC(201)},
	ExposureEnd:      {Charge, law.CPC(201)},
	RedactionNew:     {Charge, law.CPC(70, 2, 5)},
	RedactionDraft:   {Charge, law.CPC(70, 2, 5)},
	RedactionCheck:   {Charge, law.CPC(70, 2, 5)},
	RedactionPaper:   {OnDuty, law.CPC(70, 2, 5)},
	RedactionSign:    {Charge, law.CPC(70, 2, 5)},
	RedactionDiscard: {Charge, law.CPC(70, 2, 5)},
	CaseClosed:       {Party, law.CPC(110)},

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
	ParticipantChange:  {Charge, law.CPC(110)},

	ParticipantChangeDraft: {Charge, law.CPC(110)},

	// For whom somebody acts. The one he acts for is the author of the power.
	ActingChoose:    {Party, law.CPC(66, 4)},
	ActingSet:       {Citizen, law.CPC(66, 4)},
	ClientList:      {Citizen, law.CPC(70, 2)},
	PowerRead:       {Author | Counsel | OnDuty, law.CPC(76)},
	RevocationDraft: {Author, law.CPC(68)},
	RevocationCheck: {Author, law.CPC(68)},
	RevocationPaper: {Author | Counsel | OnDuty, law.CPC(68)},
	PowerRevoke:     {Author, law.CPC(68)},
	PowerLapse:      {0, law.CPC(76)},

	// Asking that a status be confirmed: anybody may demand it; the person who
	// conducts the investigation answers, the prosecutor watches the term.
	AccessNew:       {Citizen, law.CPC(109)},
	AccessDraft:     {Citizen, law.CPC(109)},
	AccessEdit:      {Author, law.CPC(109)},
	AccessRead:      {Author | OnDuty, law.CPC(109)},
	AccessCheck:     {Author, law.CPC(109)},
	AccessPaper:     {Author | OnDuty, law.CPC(109)},
	AccessAuthority: {Author | OnDuty, law.CPC(109)},
	AccessAnswer:    {Author | OnDuty, law.CPC(109)},
	AccessSubmit:    {Author, law.CPC(109)},
	AccessWithdraw:  {Author, law.CPC(109)},
	AccessDiscard:   {Author, law.CPC(109)},
	AccessComplaint: {Author, law.CPC(100, 1)},
	AccessComplain:  {Author, law.CPC(100, 1)},
	DeskConfirm:     {Investigator, law.CPC(109)}, // and each paper by the rule of its own act

	// A decision is handed over to whom the Code names, and he to himself.
	DecisionOpen: {Party, law.CPC(49, 2)},
	ServiceDraft: {Party, law.CPC(49, 2)},
	ServiceCheck: {Party, law.CPC(49, 2)},
	ServicePaper: {Party, law.CPC(49, 2)},
	ServiceSign:  {Party, law.CPC(49, 2)},

	// Who opened a case: for all who are in it. Officials say why they open what is
	// not before them, CPC 201; the prosecutor answers for what looks wrong.
	OpeningList:     {Party | OnDuty, law.Ref{}},
	ReasonNew:       {OnDuty, law.CPC(201)},
	ReasonGive:      {OnDuty, law.CPC(201)},
	ObjectionNew:    {Party, law.CPC(100)},
	ObjectionFile:   {Party, law.CPC(100)},
	ObjectionList:   {Prosecutor | Chief, law.CPC(193)},
	ObjectionRead:   {Decider, law.CPC(193)},
	ObjectionAnswer: {Decider, law.CPC(193)},

	// Petitions and complaints, by those who file them.
	FilingList:      {Citizen, law.CPC(100, 1)},
	Guide:           {Everyone, law.CPC(110)},
	GuideCase:       {Party, law.CPC(110)},
	ComplainNew:     {Citizen, law.CPC(100, 1)},
	ComplainDraft:   {Citizen, law.CPC(100, 1)},
	ComplainEdit:    {Author, law.CPC(100, 1)},
	FilingNew:       {Party, law.CPC(99, 1)},
	FilingCreate:    {Party, law.CPC(99, 1)},
	FilingRead:      {Author | Counsel | Client | Decider | Addressee | Supervisor | Unit | Office, law.CPC(105)},
	FilingEdit:      {Author, law.CPC(99, 1)},
	FilingDiscard:   {Author, law.CPC(99, 1)},
	FilingDocument:  {Author | Counsel | Client | Decider | Addressee | Supervisor | Unit | Office, law.CPC(105)},
	FilingSignature: {Author | Counsel | Client | Decider | Addressee | Supervisor | Unit | Office, law.CPC(105)},
	FilingReceipt:   {Author, law.CPC(105)},
	FilingProof:     {Author, law.CPC(105)},
	FilingCount:     {Author | Counsel | Client | Decider | Supervisor | Unit | Office, law.CPC(48)},
	CountObject:     {Author | Decider, law.CPC(48)},
	FilingSubmit:    {Author, law.CPC(99, 1)},

	// Materials may be attached (CPC 100(3)); who reads the filing reads them.
	AttachmentList:     {Author | Counsel | Client | Decider | Addressee | Supervisor | Unit | Office, law.CPC(105)},
	AttachmentAdd:      {Author, law.CPC(100, 3)},
	AttachmentBegin:    {Author, law.CPC(100, 3)},
	AttachmentState:    {Author, law.CPC(100, 3)},
	AttachmentPut:      {Author, law.CPC(100, 3)},
	AttachmentFinish:   {Author, law.CPC(100, 3)},
	AttachmentBind:     {Author, law.CPC(100, 3)},
	AttachmentRemove:   {Author, law.CPC(100, 3)},
	AttachmentOpen:     {Author | Counsel | Client | Decider | Addressee | Supervisor | Unit | Office, law.CPC(105)},
	AttachmentOriginal: {Author | Counsel | Client | Decider | Addressee | Supervisor | Unit | Office, law.CPC(105)},

	WithdrawalDraft: {Author | Client, law.CPC(100, 5)}, // whose, filing/withdrawal.go says
	WithdrawalCheck: {Author | Client, law.CPC(100, 5)},
	WithdrawalProof: {Author | Counsel | Client, law.CPC(100, 5)},
	WithdrawalPaper: {Author | Counsel | Client | Decider | Addressee | Supervisor | Unit | Office, law.CPC(100, 5)},
	FilingWithdraw:  {Author | Client, law.CPC(100, 5)},

	WithdrawalAsk:     {Author, law.CPC(100, 5)},
	ConsentDraft:      {Client, law.CPC(100, 5)},
	ConsentCheck:      {Client, law.CPC(100, 5)},
	ConsentPaper:      {Author | Counsel | Client | Decider | Supervisor | Unit | Office, law.CPC(100, 5)},
	WithdrawalConsent: {Client, law.CPC(100, 5)},
	WithdrawalDecline: {Client, law.CPC(100, 5)},

	// After it was filed. All arguments are looked into (CPC 104(2)); what both sides
	// write to one another is no paper of the Code.
	SupplementNew:     {Author, law.CPC(100, 3)},
	SupplementDraft:   {Author, law.CPC(100, 3)},
	SupplementCheck:   {Author, law.CPC(100, 3)},
	SupplementPaper:   {Author | Counsel | Client | Decider | Addressee | Supervisor | Unit | Office, law.CPC(100, 3)},
	SupplementSign:    {Author, law.CPC(100, 3)},
	SupplementDiscard: {Author, law.CPC(100, 3)},
	FilingVersions:    {Author | Counsel | Client | Decider | Supervisor | Unit | Office, law.CPC(105)},
	PointDispute:      {Author, law.CPC(104, 2)},
	MessageList:       {Author | Counsel | Client | Decider | Supervisor | Unit | Office, law.Ref{}},
	MessageSend:       {Author | Decider, law.Ref{}},

	// Before it is decided. Whom it concerns himself hands it on and does nothing else
	// with it: he is its addressee, not the one who decides (CPC 104(1), 105(1)).
	FilingDisputed:     {Decider, law.CPC(104, 2)},
	ForwardNew:         {Decider | Addressee, law.CPC(105, 1)},
	ForwardDraft:       {Decider | Addressee, law.CPC(105, 1)},
	ForwardCheck:       {Decider | Addressee, law.CPC(105, 1)},
	ForwardPaper:       {Author | Counsel | Client | Decider | Addressee | Supervisor | Unit | Office, law.CPC(105, 1)},
	FilingForward:      {Decider | Addressee, law.CPC(105, 1)},
	ExtensionNew:       {Decider, law.CPC(105, 2)},
	ExtensionDraft:     {Decider, law.CPC(105, 2)},
	ExtensionCheck:     {Decider, law.CPC(105, 2)},
	ExtensionPaper:     {Author | Counsel | Client | Decider | Supervisor | Unit | Office, law.CPC(105, 2)},
	FilingExtend:       {Decider, law.CPC(105, 2)},
	AdditionNew:        {Decider, law.CPC(104, 2)},
	FilingAsk:          {Decider, law.CPC(104, 2)},
	ReplyNew:           {Author, law.CPC(100, 3)},
	ReplyDraft:         {Author, law.CPC(100, 3)},
	ReplyCheck:         {Author, law.CPC(100, 3)},
	ReplyPaper:         {Author | Counsel | Client | Decider | Supervisor | Unit | Office, law.CPC(100, 3)},
	FilingReply:        {Author, law.CPC(100, 3)},
	CancellationNew:    {Supervisor | Office, law.CPC(105, 3)},
	CancellationSettle: {Supervisor | Office, law.CPC(105, 3)},

	// Their answers, by the official who must decide.
	FilingConsider:  {Decider, law.CPC(99)},
	AnswerNew:       {Decider, law.CPC(99)},
	AnswerDraft:     {Decider, law.CPC(99)},
	AnswerCheck:     {Decider, law.CPC(99)},
	AnswerPaper:     {Decider, law.CPC(99)},
	AnswerDocument:  {Author | Counsel | Client | Decider | Addressee | Supervisor | Unit | Office, law.CPC(105, 4)},
	AnswerSignature: {Author | Counsel | Client | Decider | Addressee | Supervisor | Unit | Office, law.CPC(105, 4)},
	FilingGrant:     {Decider, law.CPC(99)},
	FilingGrantPart: {Decider, law.CPC(99)},
	FilingRefuse:    {Decider, law.CPC(99)},

	// What ends when: his own, on a sheet, in a list, in a calendar. Who has the secret
	// of a feed is answered without asking who he is.
	FilingSheet: {Author | Counsel, law.CPC(105)},
	FeedList:    {Citizen, law.Ref{}},
	FeedMake:    {Citizen, law.Ref{}},
	FeedEnd:     {Citizen, law.Ref{}},
	FeedFetch:   {Everyone, law.Ref{}},
	ClientTerms: {Citizen, law.CPC(70, 2)},

	// Drafts by an assistant: the advocate gives and takes, the assistant writes.
	// Nothing of the case is opened by it.
	AssistantList: {Citizen, law.Ref{}},
	AssistantLet:  {Citizen, law.Ref{}},
	AssistantEnd:  {Citizen, law.Ref{}},
	ErrandNew:     {Party, law.CPC(99, 1)},
	ErrandGive:    {Party, law.CPC(99, 1)},
	ErrandList:    {Citizen, law.Ref{}},
	ErrandRead:    {Author | Addressee, law.Ref{}},
	ErrandWrite:   {Author, law.Ref{}},
	ErrandHand:    {Author, law.Ref{}},
	ErrandTake:    {Addressee, law.Ref{}},

	// What a person typed and has not sent: his own, whoever he is.
	TypedSave:   {Citizen, law.Ref{}},
	TypedForget: {Citizen, law.Ref{}},

	// What he was told of is everybody's own.
	NoticeList:     {Citizen, law.Ref{}},
	NoticeRead:     {Citizen, law.Ref{}},
	NoticeReadAll:  {Citizen, law.Ref{}},
	NoticeResend:   {Citizen, law.Ref{}},
	NoticeSettings: {Citizen, law.Ref{}},
	NoticeSet:      {Citizen, law.Ref{}},
	ContactNew:     {Citizen, law.Ref{}},
	ContactAdd:     {Citizen, law.Ref{}},
	ContactRead:    {Citizen, law.Ref{}},
	ContactCode:    {Citizen, law.Ref{}},
	ContactConfirm: {Citizen, law.Ref{}},
	ContactEnd:     {Citizen, law.Ref{}},
	DutyRead:       {Administrator | Registrar, law.Ref{}},
	JobAgain:       {Administrator | Registrar, law.Ref{}},
	EventAgain:     {Administrator | Registrar, law.Ref{}},
	SubmissionRead: {Citizen, law.Ref{}},

	// Officials at work.
	DeskRead:      {Investigator, law.CPC(60)},
	DeskDrafts:    {Investigator, law.CPC(60)},
	DeskSign:      {Investigator, law.CPC(60)}, // and each paper by the rule of its own act
	OversightRead: {Prosecutor, law.CPC(193)},
	ChamberRead:   {Judge, law.CPC(106, 6)},

	// The file of a case: who conducts the investigation puts it together, opens it
	// for a term and closes the record; the reader reads. What of it a status may
	// read, the matrix says (file.go).
	FileRead:       {OnDuty, law.CPC(296)},
	MaterialNew:    {Charge, law.CPC(296)},
	MaterialAdd:    {Charge, law.CPC(296)},
	MaterialPut:    {Charge, law.CPC(296)},
	MaterialOpen:   {OnDuty, law.CPC(296)},
	MaterialRemove: {Charge, law.CPC(296)},

	FamiliarisationNew:      {Charge, law.CPC(294)},
	FamiliarisationDraft:    {Charge, law.CPC(294)},
	FamiliarisationCheck:    {Charge, law.CPC(294)},
	FamiliarisationPaper:    {Party | OnDuty, law.CPC(294)},
	FamiliarisationOpen:     {Charge, law.CPC(294)},
	FamiliarisationDiscard:  {Charge, law.CPC(294)},
	FamiliarisationRead:     {Party | OnDuty, law.CPC(295)},
	FamiliarisationPage:     {Party, law.CPC(295)},
	FamiliarisationPicture:  {Party, law.CPC(295)},
	FamiliarisationTime:     {Party, law.CPC(295)},
	FamiliarisationNote:     {Party, law.CPC(295)},
	FamiliarisationSearch:   {Party, law.CPC(295)},
	FamiliarisationCopy:     {Party, law.CPC(296)},
	FamiliarisationPlead:    {Party, law.CPC(294)},
	FamiliarisationPostpone: {Charge, law.CPC(294)},
	FamiliarisationEnd:      {Charge, law.CPC(294)},
	RecordEdit:              {Party, law.CPC(294, 4)},
	RecordDraft:             {Party, law.CPC(294, 4)},
	RecordCheck:             {Party, law.CPC(294, 4)},
	RecordPaper:             {Party | OnDuty, law.CPC(294, 4)},
	RecordSign:              {Party, law.CPC(294, 4)},
	RecordAssent:            {Charge, law.CPC(294, 4)},
	RecordAssentPaper:       {Party | OnDuty, law.CPC(294, 4)},
	FamiliarisationClose:    {Charge, law.CPC(294, 4)},

	// The directory of officials. No article: who is in what post is the affair of
	// each body; two signatures are ours.
	DirectoryRead:      {Administrator | Head | Chief, law.Ref{}},
	DirectoryFind:      {Administrator, law.Ref{}},
	AppointmentNew:     {Administrator, law.Ref{}},
	AppointmentDraft:   {Administrator, law.Ref{}},
	AppointmentRead:    {Administrator | Author | Addressee, law.Ref{}},
	AppointmentPaper:   {Administrator | Author | Addressee, law.Ref{}},
	AppointmentPropose: {Author, law.Ref{}},
	AppointmentDiscard: {Author, law.Ref{}},
	AppointmentReply:   {Addressee, law.Ref{}},
	AppointmentCheck:   {Addressee, law.Ref{}},
	AppointmentAnswer:  {Addressee, law.Ref{}},
	AppointmentAgree:   {Addressee, law.Ref{}},
	AppointmentDecline: {Addressee, law.Ref{}},

	// Heads and chiefs: who conducts which case, and who does the work of those who
	// are away. Of a chief the record says article 193 (portal/directory).
	UnitRead:            {Head, law.CPC(59)},
	OfficeRead:          {Chief, law.CPC(193)},
	AssignmentNew:       {Unit | Office, law.CPC(59)},
	AssignmentDraft:     {Unit | Office, law.CPC(59)},
	AssignmentCheck:     {Unit | Office, law.CPC(59)},
	AssignmentPaper:     {Unit | Office, law.CPC(59)},
	AssignmentSign:      {Unit | Office, law.CPC(59)},
	AssignmentDiscard:   {Unit | Office, law.CPC(59)},
	SubstitutionNew:     {Head | Chief, law.CPC(59)},
	SubstitutionDraft:   {Head | Chief, law.CPC(59)},
	SubstitutionRead:    {Head | Chief, law.CPC(59)},
	SubstitutionPaper:   {Head | Chief, law.CPC(59)},
	SubstitutionSign:    {Head | Chief, law.CPC(59)},
	SubstitutionEnd:     {Head | Chief, law.CPC(59)},
	SubstitutionDiscard: {Head | Chief, law.CPC(59)},

	// The portal at work, by its own jobs; no address leads here.
	ParticipantLapse:   {0, law.CPC(202, 1).Dash(2)}, // or the article of the ground that fell
	ParticipantReplace: {0, law.CPC(110)},
	ParticipantFollow:  {0, law.CPC(110)},
	ParticipantJoin:    {0, law.CPC(43, 6)},
	ParticipantSever:   {0, law.CPC(44)},
	CaseJoin:           {0, law.CPC(43)},
	CaseSever:          {0, law.CPC(44)},

	FilingOverdue:      {0, law.CPC(99)},
	FilingRecount:      {0, law.CPC(48, 4)},
	FilingReseat:       {0, law.CPC(105, 1)},
	FilingHandOver:     {0, law.CPC(59)},
	TermRecount:        {0, law.CPC(48, 4)},
	CalendarSet:        {0, law.CPC(48, 4)},
	AttachmentScan:     {0, law.Ref{}},
	MaterialRender:     {0, law.Ref{}},
	AccessOverdue:      {0, law.CPC(109)},
	AccessMiss:         {0, law.Ref{}}, // told with asking, counted so that numbers are not guessed
	CaseUnseal:         {0, law.Ref{}},
	KeyNew:             {0, law.Ref{}},
	NoticeSilence:      {0, law.Ref{}},
	OpeningAlarm:       {0, law.Ref{}},
	Reseal:             {0, law.Ref{}},
	KeeperRecall:       {0, law.Ref{}},
	SignatureConfirm:   {0, law.Ref{}},
	LedgerCheck:        {0, law.Ref{}},
	LedgerRestore:      {0, law.Ref{}},
	OfficerFirst:       {0, law.Ref{}},
	RegisterTake:       {0, law.CPC(179)},
	RegisterRefuse:     {0, law.CPC(179)},
	RegisterSend:       {Everyone, law.CPC(179)}, // whoever has the key of the register: the handler asks for its signature
	RegisterBatch:      {Everyone, law.CPC(179)},
	RegisterContract:   {Everyone, law.Ref{}},
	ExchangeKey:        {Everyone, law.Ref{}},
	ExchangeEvents:     {Everyone, law.CPC(179)}, // whoever has the key of the register, as above
	ExchangePaper:      {Everyone, law.CPC(179)},
	OfficerExpire:      {0, law.Ref{}},
	SubstitutionExpire: {0, law.CPC(59)},
}
