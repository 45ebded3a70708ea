package notice

import (
	"zharia/portal/law"
	"zharia/portal/policy"
)

// Kind is what sort of news it is: all that a notice says of the act. The words of a
// kind are notice.say.KIND; none names an offence, a person or an article.
type Kind string

// The kinds of news.
const (
	Filing   Kind = "filing"   // a petition or a complaint of his, or filed for him
	Work     Kind = "work"     // something waits for an official
	Decision Kind = "decision" // something was decided in a case of his
	Status   Kind = "status"   // what he is in a case has changed
	Request  Kind = "request"  // his request that a status be confirmed
	File     Kind = "file"     // the file of a case is opened to him
	Access   Kind = "access"   // who opened his case
	Drafts   Kind = "draft"    // between an advocate and his assistant
	Office   Kind = "office"   // posts and substitutions
	Contacts Kind = "contacts" // where he is told has changed
	Report   Kind = "report"   // his report of an offence
	Key      Kind = "key"      // he signed in with a key that was not seen before
	Alarm    Kind = "alarm"    // an official whose superior he is opened unusually much

	LastDays Kind = "last-days" // a term ends tomorrow
	LastDay  Kind = "last-day"  // a term ends today
)

// Kinds are all of them; schema.sql lists the same.
var Kinds = []Kind{Filing, Work, Decision, Status, Request, File, Access, Drafts, Office, Contacts, Report, Key, Alarm, LastDays, LastDay}

// Urgency is what the person may change about a notice.
type Urgency string

// The urgencies.
const (
	Urgent    Urgency = "urgent"    // not even the night holds it back: somebody may be doing him harm now
	Statutory Urgency = "statutory" // the Code demands it: it cannot be silenced, but it does not wake anybody, for no term of the Code begins with our message
	Plain     Urgency = "plain"     // he may have it in the portal alone
)

// Urgencies are all of them; schema.sql lists the same.
var Urgencies = []Urgency{Urgent, Statutory, Plain}

// Audience is who is told, as he stands to the thing; audience.go finds the people.
type Audience string

// The audiences.
const (
	FilingAuthor     Audience = "filing-author"
	FilingClient     Audience = "filing-client"  // for whom its author acts
	FilingCounsel    Audience = "filing-counsel" // who acts for its author
	FilingDecider    Audience = "filing-decider"
	FilingSupervisor Audience = "filing-supervisor" // the prosecutor of the case, unless it complains of him
	FileFound        Audience = "file-found"        // the author of a filing with a file in which something harmful was found

	RequestAuthor Audience = "request-author"

	Participant Audience = "participant"
	Represented Audience = "represented" // for whom the participant acts

	CaseInvestigator Audience = "case-investigator"
	CaseSupervisor   Audience = "case-supervisor"
	CaseParties      Audience = "case-parties" // whose status is confirmed

	DecisionReaders Audience = "decision-readers" // who are shown at least that it is there
	ExposedPerson   Audience = "exposed-person"
	CopyReaders     Audience = "copy-readers" // of a redacted copy

	FileReader Audience = "file-reader"

	ObjectionAuthor   Audience = "objection-author"
	ObjectionAnswerer Audience = "objection-answerer" // the supervising prosecutor, or the head of his office where it was he who looked

	Assistant      Audience = "assistant"
	ErrandAdvocate Audience = "errand-advocate"

	AppointmentPerson   Audience = "appointment-person"
	AppointmentProposer Audience = "appointment-proposer"
	Administrators      Audience = "administrators" // who may agree to an appointment
	AssignedOfficers    Audience = "assigned-officers"
	Substitutes         Audience = "substitutes" // the official and his deputy
	Himself             Audience = "himself"     // the person that the record names
	Superiors           Audience = "superiors"   // of the official that the record names: the head of his body, and the administrators
	ContactOwner        Audience = "contact-owner"
	Signer              Audience = "signer" // whose signature was found bad afterwards

	ReportAuthor  Audience = "report-author"
	ReportOfficer Audience = "report-officer"
	UpheldOfficer Audience = "upheld-officer" // who deals with the report that a complaint is about
	JoinedAuthors Audience = "joined-authors" // of those that were joined to the report, each as of his own
)

// Rule says of one act whom it tells and how.
type Rule struct {
	Kind    Kind
	Urgency Urgency
	Tells   []Audience
	Doer    bool    // also him who did it: a proof that it was received
	By      law.Ref // the article that demands the notice, where one does
}

func tells(to ...Audience) []Audience { return to }

// Officials are told of work, whatever the kind is to the others.
var officials = map[Audience]bool{
	FilingDecider: true, FilingSupervisor: true, CaseInvestigator: true, CaseSupervisor: true, ObjectionAnswerer: true,
	AppointmentProposer: true, Administrators: true, AssignedOfficers: true, ReportOfficer: true, UpheldOfficer: true, Superiors: true,
}

// Table is whom each act tells. What the portal keeps is only that there is news and of
// which thing; whether somebody may know even that, audience.go asks the fence.
var Table = map[policy.Act]Rule{
	// Petitions and complaints. Their author learns each step (CPC 105).
	policy.FilingSubmit:       {Filing, Statutory, tells(FilingAuthor, FilingClient, FilingCounsel, FilingDecider), true, law.CPC(99, 1)},
	policy.FilingWithdraw:     {Filing, Statutory, tells(FilingAuthor, FilingClient, FilingCounsel, FilingDecider), true, law.CPC(100, 5)},
	policy.WithdrawalAsk:      {Filing, Statutory, tells(FilingClient, FilingDecider), false, law.CPC(100, 5)},
	policy.WithdrawalConsent:  {Filing, Statutory, tells(FilingAuthor, FilingDecider), false, law.CPC(100, 5)},
	policy.WithdrawalDecline:  {Filing, Statutory, tells(FilingAuthor, FilingDecider), false, law.CPC(100, 5)},
	policy.SupplementSign:     {Filing, Statutory, tells(FilingAuthor, FilingClient, FilingDecider), true, law.CPC(100, 3)},
	policy.PointDispute:       {Filing, Plain, tells(FilingDecider, FilingSupervisor), false, law.Ref{}},
	policy.MessageSend:        {Filing, Plain, tells(FilingAuthor, FilingDecider), false, law.Ref{}},
	policy.CountObject:        {Filing, Plain, tells(FilingAuthor, FilingDecider), false, law.Ref{}},
	policy.FilingConsider:     {Filing, Plain, tells(FilingAuthor, FilingClient, FilingCounsel), false, law.Ref{}},
	policy.FilingForward:      {Filing, Statutory, tells(FilingAuthor, FilingClient, FilingCounsel, FilingDecider), false, law.CPC(105, 1)},
	policy.FilingExtend:       {Filing, Statutory, tells(FilingAuthor, FilingClient, FilingCounsel), false, law.CPC(105, 2)},
	policy.FilingAsk:          {Filing, Statutory, tells(FilingAuthor, FilingClient, FilingCounsel), false, law.CPC(104, 2)},
	policy.FilingReply:        {Filing, Statutory, tells(FilingAuthor, FilingDecider), true, law.CPC(100, 3)},
	policy.CancellationSettle: {Filing, Statutory, tells(FilingAuthor, FilingClient, FilingCounsel, FilingDecider), false, law.CPC(105, 3)},
	policy.FilingGrant:        {Filing, Statutory, tells(FilingAuthor, FilingClient, FilingCounsel, UpheldOfficer), false, law.CPC(105, 4)},
	policy.FilingGrantPart:    {Filing, Statutory, tells(FilingAuthor, FilingClient, FilingCounsel, UpheldOfficer), false, law.CPC(105, 4)},
	policy.FilingRefuse:       {Filing, Statutory, tells(FilingAuthor, FilingClient, FilingCounsel), false, law.CPC(105, 4)},
	policy.FilingOverdue:      {Filing, Statutory, tells(FilingAuthor, FilingClient, FilingCounsel, FilingDecider, FilingSupervisor), false, law.CPC(105, 2)},
	policy.FilingRecount:      {Filing, Statutory, tells(FilingAuthor, FilingDecider), false, law.CPC(48, 4)},
	policy.FilingReseat:       {Filing, Statutory, tells(FilingAuthor, FilingClient, FilingCounsel, FilingDecider), false, law.CPC(105, 1)},
	policy.FilingHandOver:     {Filing, Statutory, tells(FilingAuthor, FilingClient, FilingCounsel, FilingDecider), false, law.CPC(105, 1)},
	policy.AttachmentScan:     {Filing, Plain, tells(FileFound), false, law.Ref{}},
	policy.SignatureConfirm:   {Filing, Statutory, tells(Signer), false, law.Ref{}},

	// Asking that a status be confirmed (CPC 109), and statuses (CPC 110).
	policy.AccessSubmit:       {Request, Statutory, tells(RequestAuthor, CaseInvestigator), true, law.CPC(109)},
	policy.AccessWithdraw:     {Request, Plain, tells(CaseInvestigator), false, law.Ref{}},
	policy.AccessOverdue:      {Request, Statutory, tells(RequestAuthor, CaseInvestigator, CaseSupervisor), false, law.CPC(109)},
	policy.ParticipantGrant:   {Status, Statutory, tells(Participant, Represented), false, law.CPC(110)},
	policy.ParticipantEnd:     {Status, Statutory, tells(Participant, Represented), false, law.CPC(110)},
	policy.ParticipantLapse:   {Status, Statutory, tells(Participant), false, law.CPC(110)},
	policy.ParticipantReplace: {Status, Statutory, tells(Participant), false, law.CPC(110)},
	policy.ParticipantFollow:  {Status, Statutory, tells(Participant), false, law.CPC(110)},
	policy.ParticipantJoin:    {Status, Statutory, tells(Participant), false, law.CPC(43)},
	policy.ParticipantSever:   {Status, Statutory, tells(Participant), false, law.CPC(44)},
	policy.PowerRevoke:        {Status, Statutory, tells(Participant, CaseInvestigator), false, law.CPC(68)},
	policy.PowerLapse:         {Status, Statutory, tells(Participant, Represented), false, law.CPC(76)},

	// Decisions: whoever is shown at least that there is one.
	policy.DecisionPublish: {Decision, Statutory, tells(DecisionReaders), false, law.CPC(110)},
	policy.DecisionSubmit:  {Decision, Plain, tells(CaseSupervisor), false, law.Ref{}},
	policy.DecisionAgree:   {Decision, Statutory, tells(DecisionReaders, CaseInvestigator), false, law.CPC(110)},
	policy.DecisionDecline: {Decision, Plain, tells(CaseInvestigator), false, law.Ref{}},
	policy.ExposureSign:    {Decision, Statutory, tells(ExposedPerson), false, law.CPC(110)},
	policy.ExposureEnd:     {Decision, Statutory, tells(ExposedPerson), false, law.CPC(110)},
	policy.RedactionSign:   {Decision, Statutory, tells(CopyReaders), false, law.CPC(110)},
	policy.ServiceSign:     {Decision, Plain, tells(CaseInvestigator), false, law.Ref{}},

	// The file of a case.
	policy.FamiliarisationOpen:     {File, Statutory, tells(FileReader), false, law.CPC(294)},
	policy.FamiliarisationPostpone: {File, Statutory, tells(FileReader), false, law.CPC(294)},
	policy.FamiliarisationEnd:      {File, Statutory, tells(FileReader), false, law.CPC(294)},
	policy.FamiliarisationPlead:    {File, Plain, tells(CaseInvestigator), false, law.Ref{}},
	policy.RecordSign:              {File, Plain, tells(CaseInvestigator), false, law.Ref{}},
	policy.FamiliarisationClose:    {File, Statutory, tells(FileReader), false, law.CPC(294, 4)},

	// Who opened a case.
	policy.CaseUnseal:      {Access, Urgent, tells(CaseParties, CaseInvestigator, CaseSupervisor), false, law.Ref{}},
	policy.ObjectionFile:   {Work, Plain, tells(ObjectionAnswerer), false, law.Ref{}},
	policy.ObjectionAnswer: {Access, Statutory, tells(ObjectionAuthor), false, law.CPC(100)},

	// Advocates and their assistants.
	policy.AssistantLet: {Drafts, Plain, tells(Assistant), false, law.Ref{}},
	policy.AssistantEnd: {Drafts, Plain, tells(Assistant), false, law.Ref{}},
	policy.ErrandGive:   {Drafts, Plain, tells(Assistant), false, law.Ref{}},
	policy.ErrandHand:   {Drafts, Plain, tells(ErrandAdvocate), false, law.Ref{}},
	policy.ErrandTake:   {Drafts, Plain, tells(Assistant), false, law.Ref{}},

	// Posts.
	policy.AppointmentPropose: {Office, Plain, tells(Administrators), false, law.Ref{}},
	policy.AppointmentAgree:   {Office, Plain, tells(AppointmentPerson, AppointmentProposer), false, law.Ref{}},
	policy.AppointmentDecline: {Office, Plain, tells(AppointmentProposer), false, law.Ref{}},
	policy.AssignmentSign:     {Status, Plain, tells(AssignedOfficers, CaseParties), false, law.Ref{}},
	policy.SubstitutionSign:   {Office, Plain, tells(Substitutes), false, law.Ref{}},
	policy.SubstitutionEnd:    {Office, Plain, tells(Substitutes), false, law.Ref{}},
	policy.SubstitutionExpire: {Office, Plain, tells(Substitutes), false, law.Ref{}},
	policy.OfficerExpire:      {Office, Plain, tells(Himself), false, law.Ref{}},

	// Reports of offences (CPC 185).
	policy.ReportSubmit:  {Report, Statutory, tells(ReportAuthor, ReportOfficer), true, law.CPC(185, 1)},
	policy.ReportOverdue: {Report, Statutory, tells(ReportAuthor, ReportOfficer), false, law.CPC(185, 2)},
	policy.EntrySubmit:   {Report, Statutory, tells(ReportAuthor, ReportOfficer), false, law.CPC(185, 1)},
	policy.BookDecide:    {Report, Statutory, tells(ReportAuthor, JoinedAuthors), false, law.CPC(185, 2)},
	policy.BookReceive:   {Report, Statutory, tells(ReportAuthor, ReportOfficer), false, law.CPC(185, 1)},

	// Where he is told: whoever changes it in his name must not do so in silence.
	policy.ContactConfirm: {Contacts, Urgent, tells(ContactOwner), true, law.Ref{}},
	policy.ContactEnd:     {Contacts, Urgent, tells(ContactOwner), true, law.Ref{}},
	policy.NoticeSilence:  {Contacts, Statutory, tells(Himself), true, law.Ref{}}, // not at night: others hear it ring

	// Whoever uses another's name must not do so in silence (ASVS 6.3.7, 8.2.4).
	policy.KeyNew:       {Key, Urgent, tells(Himself), true, law.Ref{}},
	policy.OpeningAlarm: {Alarm, Urgent, tells(Superiors), false, law.Ref{}},
}

// Why an act tells nobody.
const (
	draft    = "what nobody but its author sees yet"
	looked   = "somebody looked: the list of who opened a case says so"
	own      = "his own affair, and nobody else's"
	follows  = "the act that it follows from tells"
	itself   = "the work of the portal itself, which changes nothing of anybody"
	settings = "the setting shows on its page"
	unnamed  = "whoever wrote has no name, and what is new stands on the desk of the body"
	answered = "it is answered on the page at once, and keeps nothing"
)

// Nobody are the acts that change something, or leave a record, and tell nobody, each
// with the reason.
var Nobody = map[policy.Act]string{
	policy.SessionOpen:   "the first page after signing in tells of the sign-in before",
	policy.SessionEnd:    own,
	policy.SessionEndOne: own,
	policy.SessionEndAll: own,

	policy.SessionChallenge: answered,
	policy.SessionStay:      answered,
	policy.PhoneAsk:         answered,
	policy.EgovLogin:        "the sign-in that it is for is told as any",
	policy.EgovSign:         "the act that the signature is for tells",
	policy.VerifyFile:       answered,
	policy.VerifyFiles:      answered,

	policy.TypedSave:      draft,
	policy.TypedForget:    draft,
	policy.JobAgain:       "work of the portal's own; what it does in the end tells by itself",
	policy.EventAgain:     "the register is told of it, and no person",
	policy.ActingSet:      own,
	policy.FeedMake:       own,
	policy.FeedEnd:        own,
	policy.NoticeRead:     own,
	policy.NoticeReadAll:  own,
	policy.NoticeResend:   "it sends what was told already",
	policy.NoticeSet:      settings, // but for NoticeSilence
	policy.ContactAdd:     "nothing goes to an address before its code came back",
	policy.ContactCode:    "nothing goes to an address before its code came back",
	policy.ReasonGive:     looked,
	policy.DecisionOpen:   looked,
	policy.ErrandWrite:    draft,
	policy.CalendarSet:    "each term that moves is told by itself",
	policy.TermRecount:    "the new end stands where the term does, and the reminders come by it",
	policy.DirectoryFind:  answered,
	policy.OfficerFirst:   "the portal opens with it, before anybody could be told",
	policy.RegisterTake:   "the decisions that come with the case tell",
	policy.RegisterSend:   "the acts that a message does tell",
	policy.RegisterBatch:  "the acts that a message does tell",
	policy.RegisterRefuse: "nothing came of it: it stands before those on duty",
	policy.LedgerCheck:    itself,
	policy.LedgerRestore:  itself,
	policy.KeeperRecall:   itself,
	policy.Reseal:         itself,
	policy.MaterialRender: itself,
	policy.AccessMiss:     own,
	policy.DeskSign:       "each paper by its own act",
	policy.DeskConfirm:    "each paper by its own act",
	policy.CaseJoin:       "the ruling tells those who may know of it",
	policy.CaseSever:      "the ruling tells those who may know of it",

	policy.DecisionDraft:   draft,
	policy.DecisionDiscard: draft,
	policy.AgreementDraft:  draft,
	policy.AgreementRead:   looked,

	policy.ExposureDraft:    draft,
	policy.ExposureDiscard:  draft,
	policy.RedactionDraft:   draft,
	policy.RedactionDiscard: draft,

	policy.ParticipantAdd:         draft,
	policy.ParticipantDraft:       draft,
	policy.ParticipantEnding:      draft,
	policy.ParticipantChangeDraft: draft,
	policy.ParticipantDiscard:     draft,
	policy.RevocationDraft:        draft,
	policy.AccessDraft:            draft,
	policy.AccessDiscard:          draft,
	policy.AccessComplain:         draft,
	policy.ServiceDraft:           draft,

	policy.ComplainDraft:     draft,
	policy.FilingCreate:      draft,
	policy.FilingDiscard:     draft,
	policy.WithdrawalDraft:   draft,
	policy.ConsentDraft:      draft,
	policy.SupplementDraft:   draft,
	policy.SupplementDiscard: draft,
	policy.ForwardDraft:      draft,
	policy.ExtensionDraft:    draft,
	policy.ReplyDraft:        draft,
	policy.AnswerDraft:       draft,

	policy.ReportBegin:   draft,
	policy.ReportAnswer:  draft,
	policy.ReportPrint:   draft,
	policy.ReportDiscard: draft,
	policy.BookOpen:      "somebody looked: the author's page of his report says so",
	policy.BookDraft:     draft,
	policy.BookDiscard:   draft,
	policy.EntryDraft:    draft,
	policy.EntryDiscard:  draft,

	policy.ReportComplain: draft,

	// Nobody knows who wrote without a name, and nobody may be led to find out: he reads
	// the answer with his code, and the desk of the body shows what is new.
	policy.TipReceipt: unnamed,
	policy.TipSend:    unnamed,
	policy.TipKept:    unnamed,
	policy.TipRead:    unnamed,
	policy.TipWrite:   unnamed,
	policy.TipAnswer:  unnamed,
	policy.TipClose:   unnamed,
	policy.TipForget:  unnamed,
	policy.TipDay:     unnamed,

	policy.ReportFileAdd:    draft,
	policy.ReportFileBegin:  draft,
	policy.AttachmentAdd:    draft,
	policy.AttachmentBegin:  draft,
	policy.AttachmentPut:    draft,
	policy.AttachmentFinish: draft,
	policy.AttachmentBind:   draft,
	policy.AttachmentRemove: draft,

	policy.MaterialAdd:            "the file is told of when it is opened",
	policy.MaterialPut:            "the file is told of when it is opened",
	policy.MaterialRemove:         "the file is told of when it is opened",
	policy.FamiliarisationDraft:   draft,
	policy.FamiliarisationDiscard: draft,
	policy.FamiliarisationTime:    own,
	policy.FamiliarisationNote:    own,
	policy.RecordDraft:            draft,
	policy.RecordAssent:           draft,

	policy.AppointmentDraft:    draft,
	policy.AppointmentDiscard:  draft,
	policy.AppointmentReply:    draft,
	policy.AssignmentDraft:     draft,
	policy.AssignmentDiscard:   draft,
	policy.SubstitutionDraft:   draft,
	policy.SubstitutionDiscard: draft,
}
