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
		"GET /":                  {policy.Home, p.home},
		"GET /about/:topic":      {policy.About, p.about},
		"GET /samples":           {policy.SampleList, p.samples},
		"GET /samples/:sample":   {policy.SampleRead, p.sample},
		"GET /guide":             {policy.Guide, p.guideAll},
		"GET /term":              {policy.TermRead, p.term},
		"GET /verify/:document":  {policy.Verify, p.verify},
		"POST /verify/:document": {policy.VerifyFile, p.verifyFile},

		// The anonymous lane: a handler of its own answers what begins with /tip (page_tip.go).
		"GET /tip":              {policy.TipHome, p.tipHome},
		"GET /tip/new":          {policy.TipNew, p.tipNew},
		"POST /tip":             {policy.TipSend, p.tipSend},
		"POST /tip/kept":        {policy.TipKept, p.tipKept},
		"POST /tip/receipt":     {policy.TipReceipt, p.tipReceipt},
		"GET /tip/read":         {policy.TipEnter, p.tipEnter},
		"POST /tip/read":        {policy.TipRead, p.tipRead},
		"POST /tip/message":     {policy.TipWrite, p.tipWrite},
		"GET /tips":             {policy.TipList, p.tips},
		"GET /tips/:tip":        {policy.TipOpen, p.tipOpen},
		"POST /tips/:tip":       {policy.TipAnswer, p.tipAnswer},
		"POST /tips/:tip/close": {policy.TipClose, p.tipClose},
		"GET /tips/files/:file": {policy.TipFile, p.tipFile},

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

		// What the register of investigations sends; no language stands before it.
		"POST /api/v1/messages":    {policy.RegisterSend, p.registerSend},
		"POST /api/v1/batch":       {policy.RegisterBatch, p.registerBatch},
		"GET /api/v1/openapi.json": {policy.RegisterContract, p.registerContract},

		// What the register is told, to be read again; events also go to it by themselves.
		"GET /api/v1/key":              {policy.ExchangeKey, p.exchangeKey},
		"GET /api/v1/events":           {policy.ExchangeEvents, p.exchangeEvents},
		"GET /api/v1/papers/:document": {policy.ExchangePaper, p.exchangePaper},

		// What proves a paper without us; the roots of the ledger have no language.
		"GET /verify/:document/receipt": {policy.VerifyReceipt, p.verifyReceipt},
		"GET /verify/offline":           {policy.VerifyOffline, p.verifyOffline},
		"GET /log/key":                  {policy.LogKey, p.logKey},
		"GET /log/checkpoint":           {policy.LogCheckpoint, p.logCheckpoint},
		"GET /log/consistency":          {policy.LogConsistency, p.logConsistency},

		// Reports of offences.
		"GET /report":          {policy.ReportTriage, p.reportStart},
		"GET /reports":         {policy.ReportList, p.reports},
		"POST /reports":        {policy.ReportBegin, p.reportBegin},
		"GET /reports/:report": {policy.ReportRead, p.reportRead},
		"GET /reports/:report/questions/:question":  {policy.ReportQuestion, p.reportQuestion},
		"POST /reports/:report/questions/:question": {policy.ReportAnswer, p.reportAnswer},
		"GET /reports/:report/check":                {policy.ReportCheck, p.reportCheck},
		"POST /reports/:report/paper":               {policy.ReportPrint, p.reportPrint},
		"GET /reports/:report/signing":              {policy.ReportSign, p.reportSign},
		"GET /reports/:report/paper":                {policy.ReportPaper, p.reportPaper},
		"POST /reports/:report/submission":          {policy.ReportSubmit, p.reportSubmit},
		"POST /reports/:report/discarding":          {policy.ReportDiscard, p.reportDiscard},
		"GET /reports/:report/files":                {policy.ReportFiles, p.reportFiles},
		"POST /reports/:report/files":               {policy.ReportFileAdd, p.reportFileAdd},
		"POST /reports/:report/files/upload":        {policy.ReportFileBegin, p.reportFileBegin},
		"GET /reports/:report/slip":                 {policy.ReportSlip, p.reportSlip},
		"GET /reports/:report/proof":                {policy.ReportProof, p.reportProof},
		"GET /slip/:token":                          {policy.SlipRead, p.slip},
		"GET /reports/:report/decision":             {policy.ReportDecided, p.reportDecided},

		// The registrar's desk: the book of reports, decisions about them, and what is
		// taken down from people without a signature. The prosecutor reads numbers.
		"GET /book":                              {policy.BookRead, p.book},
		"GET /book/:report":                      {policy.BookOpen, p.bookOpen},
		"GET /book/:report/paper":                {policy.BookPaper, p.bookPaper},
		"GET /book/:report/slip":                 {policy.BookSlip, p.bookSlip},
		"GET /book/:report/similar":              {policy.BookSimilar, p.bookSimilar},
		"GET /book/:report/decision":             {policy.BookChoose, p.bookChoose},
		"POST /book/:report/decision":            {policy.BookDraft, p.bookDraft},
		"GET /book/:report/decision/check":       {policy.BookCheck, p.bookCheck},
		"GET /book/:report/decision/paper":       {policy.BookDecisionPaper, p.bookDecisionPaper},
		"POST /book/:report/decision/signature":  {policy.BookDecide, p.bookDecide},
		"POST /book/:report/decision/discarding": {policy.BookDiscard, p.bookDiscard},
		"GET /book/:report/decision/signed":      {policy.BookDecided, p.bookDecided},
		"GET /entries/new":                       {policy.EntryNew, p.entryNew},
		"POST /entries":                          {policy.EntryDraft, p.entryDraft},
		"GET /entries/:report":                   {policy.EntryCheck, p.entryCheck},
		"GET /entries/:report/form":              {policy.EntryChange, p.entryChange},
		"GET /entries/:report/paper":             {policy.EntryPaper, p.entryPaper},
		"POST /entries/:report/signature":        {policy.EntrySubmit, p.entrySubmit},
		"POST /entries/:report/discarding":       {policy.EntryDiscard, p.entryDiscard},
		"GET /books":                             {policy.BooksRead, p.books},

		// A person's own sessions.
		"GET /sessions":               {policy.SessionList, p.sessionList},
		"POST /sessions/:session/end": {policy.SessionEndOne, p.sessionEndOne},
		"POST /sessions/end":          {policy.SessionEndAll, p.sessionEndAll},

		// The complaint that a report was not registered, or not decided in time.
		"GET /reports/:report/complaint":  {policy.ReportComplaint, p.reportComplaint},
		"POST /reports/:report/complaint": {policy.ReportComplain, p.reportComplain},

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
		"POST /decisions/:decision/submission":  {policy.DecisionSubmit, p.decisionPublish},
		"POST /decisions/:decision/discarding":  {policy.DecisionDiscard, p.decisionDiscard},

		// What the prosecutor says of a decision that waits for him.
		"GET /decisions/:decision/agreement":          {policy.AgreementRead, p.agreement},
		"POST /decisions/:decision/agreement":         {policy.AgreementDraft, p.agreementDraft},
		"GET /decisions/:decision/agreement/check":    {policy.AgreementCheck, p.agreementCheck},
		"GET /decisions/:decision/agreement/paper":    {policy.AgreementPaper, p.agreementPaper},
		"POST /decisions/:decision/agreement/assent":  {policy.DecisionAgree, p.agreementSettle},
		"POST /decisions/:decision/agreement/dissent": {policy.DecisionDecline, p.agreementSettle},

		// A decision opened further or less far, its redacted copies, and why the rest
		// is closed.
		"GET /cases/:case/closed":                 {policy.CaseClosed, p.caseClosed},
		"GET /decisions/:decision/exposures/new":  {policy.ExposureNew, p.exposureNew},
		"POST /decisions/:decision/exposures":     {policy.ExposureDraft, p.exposureDraft},
		"GET /exposures/:exposure/check":          {policy.ExposureCheck, p.exposureCheck},
		"GET /exposures/:exposure/paper":          {policy.ExposurePaper, p.exposurePaper},
		"POST /exposures/:exposure/signature":     {policy.ExposureSign, p.exposureSign},
		"POST /exposures/:exposure/discarding":    {policy.ExposureDiscard, p.exposureDiscard},
		"POST /exposures/:exposure/end":           {policy.ExposureEnd, p.exposureEnd},
		"GET /decisions/:decision/redactions/new": {policy.RedactionNew, p.redactionNew},
		"POST /decisions/:decision/redactions":    {policy.RedactionDraft, p.redactionDraft},
		"GET /redactions/:redaction/check":        {policy.RedactionCheck, p.redactionCheck},
		"GET /redactions/:redaction/paper":        {policy.RedactionPaper, p.redactionPaper},
		"POST /redactions/:redaction/signature":   {policy.RedactionSign, p.redactionSign},
		"POST /redactions/:redaction/discarding":  {policy.RedactionDiscard, p.redactionDiscard},

		// Who is what in a case.
		"GET /cases/:case/participants/new":            {policy.ParticipantNew, p.participantNew},
		"POST /cases/:case/participants":               {policy.ParticipantAdd, p.participantAdd},
		"GET /participants/:participant":               {policy.ParticipantView, p.participant},
		"POST /participants/:participant/draft":        {policy.ParticipantDraft, p.participantDraft},
		"POST /participants/:participant/ending":       {policy.ParticipantEnding, p.participantEnding},
		"GET /participants/:participant/change":        {policy.ParticipantChange, p.participantChange},
		"POST /participants/:participant/change":       {policy.ParticipantChangeDraft, p.participantChangeDraft},
		"GET /participants/:participant/check":         {policy.ParticipantCheck, p.participantCheck},
		"GET /participants/:participant/paper":         {policy.ParticipantPaper, p.participantPaper},
		"POST /participants/:participant/confirmation": {policy.ParticipantGrant, p.participantSettle},
		"POST /participants/:participant/end":          {policy.ParticipantEnd, p.participantSettle},
		"POST /participants/:participant/discarding":   {policy.ParticipantDiscard, p.participantDiscard},

		// For whom somebody acts, and who acts for him.
		"GET /cases/:case/acting":              {policy.ActingChoose, p.actingChoose},
		"POST /acting":                         {policy.ActingSet, p.actingSet},
		"GET /clients":                         {policy.ClientList, p.clients},
		"GET /clients/terms":                   {policy.ClientTerms, p.clientTerms},
		"GET /powers/:power":                   {policy.PowerRead, p.power},
		"POST /powers/:power/revocation/draft": {policy.RevocationDraft, p.revocationDraft},
		"GET /powers/:power/revocation":        {policy.RevocationCheck, p.revocationCheck},
		"GET /powers/:power/revocation/paper":  {policy.RevocationPaper, p.revocationPaper},
		"POST /powers/:power/revocation":       {policy.PowerRevoke, p.powerRevoke},

		// Asking that a status be confirmed.
		"GET /access/new":                 {policy.AccessNew, p.accessNew},
		"POST /access":                    {policy.AccessDraft, p.accessDraft},
		"GET /access/:access":             {policy.AccessRead, p.access},
		"GET /access/:access/draft":       {policy.AccessEdit, p.accessEdit},
		"GET /access/:access/check":       {policy.AccessCheck, p.accessCheck},
		"GET /access/:access/paper":       {policy.AccessPaper, p.accessPaper},
		"GET /access/:access/authority":   {policy.AccessAuthority, p.accessAuthority},
		"GET /access/:access/answer":      {policy.AccessAnswer, p.accessAnswer},
		"POST /access/:access/submission": {policy.AccessSubmit, p.accessSubmit},
		"POST /access/:access/withdrawal": {policy.AccessWithdraw, p.accessWithdraw},
		"POST /access/:access/discarding": {policy.AccessDiscard, p.accessDiscard},
		"GET /access/:access/complaint":   {policy.AccessComplaint, p.accessComplaint},
		"POST /access/:access/complaint":  {policy.AccessComplain, p.accessComplain},

		// A decision is handed over; who opened a case, and why.
		"POST /decisions/:decision/opening":       {policy.DecisionOpen, p.decisionOpen},
		"POST /decisions/:decision/receipt/draft": {policy.ServiceDraft, p.serviceDraft},
		"GET /decisions/:decision/receipt":        {policy.ServiceCheck, p.serviceCheck},
		"GET /decisions/:decision/receipt/paper":  {policy.ServicePaper, p.servicePaper},
		"POST /decisions/:decision/receipt":       {policy.ServiceSign, p.serviceSign},
		"GET /cases/:case/openings":               {policy.OpeningList, p.openings},
		"GET /cases/:case/reason":                 {policy.ReasonNew, p.reasonNew},
		"POST /cases/:case/reason":                {policy.ReasonGive, p.reasonGive},
		"GET /openings/:opening/objection":        {policy.ObjectionNew, p.objectionNew},
		"POST /openings/:opening/objection":       {policy.ObjectionFile, p.objectionFile},
		"GET /objections":                         {policy.ObjectionList, p.objections},
		"GET /objections/:objection":              {policy.ObjectionRead, p.objection},
		"POST /objections/:objection/answer":      {policy.ObjectionAnswer, p.objectionAnswer},

		// Complaints and petitions.
		"GET /filings":                            {policy.FilingList, p.filings},
		"GET /cases/:case/guide":                  {policy.GuideCase, p.guideCase},
		"GET /complain":                           {policy.ComplainNew, p.complainNew},
		"POST /complain":                          {policy.ComplainDraft, p.complainDraft},
		"GET /filings/:filing/complaint":          {policy.ComplainEdit, p.complainEdit},
		"GET /cases/:case/filings/new":            {policy.FilingNew, p.filingNew},
		"POST /cases/:case/filings":               {policy.FilingCreate, p.filingCreate},
		"GET /filings/:filing":                    {policy.FilingRead, p.filing},
		"GET /filings/:filing/draft":              {policy.FilingEdit, p.filingEdit},
		"GET /filings/:filing/document":           {policy.FilingDocument, p.filingDocument},
		"GET /filings/:filing/signature":          {policy.FilingSignature, p.filingSignature},
		"GET /filings/:filing/receipt":            {policy.FilingReceipt, p.filingReceipt},
		"GET /filings/:filing/proof":              {policy.FilingProof, p.filingProof},
		"GET /filings/:filing/count":              {policy.FilingCount, p.filingCount},
		"POST /filings/:filing/count":             {policy.CountObject, p.countObject},
		"POST /filings/:filing/submission":        {policy.FilingSubmit, p.filingSubmit},
		"POST /filings/:filing/discarding":        {policy.FilingDiscard, p.filingDiscard},
		"POST /filings/:filing/withdrawal/draft":  {policy.WithdrawalDraft, p.withdrawalDraft},
		"GET /filings/:filing/withdrawal":         {policy.WithdrawalCheck, p.withdrawalCheck},
		"GET /filings/:filing/withdrawal/paper":   {policy.WithdrawalPaper, p.withdrawalPaper},
		"GET /filings/:filing/withdrawal/proof":   {policy.WithdrawalProof, p.withdrawalProof},
		"POST /filings/:filing/withdrawal":        {policy.FilingWithdraw, p.filingWithdraw},
		"POST /filings/:filing/withdrawal/asking": {policy.WithdrawalAsk, p.filingWithdraw},
		"POST /filings/:filing/consent/draft":     {policy.ConsentDraft, p.consentDraft},
		"GET /filings/:filing/consent":            {policy.ConsentCheck, p.consentCheck},
		"GET /filings/:filing/consent/paper":      {policy.ConsentPaper, p.consentPaper},
		"POST /filings/:filing/consent":           {policy.WithdrawalConsent, p.consentSettle},
		"POST /filings/:filing/dissent":           {policy.WithdrawalDecline, p.consentSettle},

		// What is said after they were filed.
		"GET /filings/:filing/supplements/new":        {policy.SupplementNew, p.supplementNew},
		"POST /filings/:filing/supplements":           {policy.SupplementDraft, p.supplementDraft},
		"GET /filings/:filing/supplement":             {policy.SupplementCheck, p.supplementCheck},
		"POST /filings/:filing/supplement":            {policy.SupplementSign, p.supplementSign},
		"POST /filings/:filing/supplement/discarding": {policy.SupplementDiscard, p.supplementDiscard},
		"GET /supplements/:supplement/paper":          {policy.SupplementPaper, p.supplementPaper},
		"GET /filings/:filing/versions":               {policy.FilingVersions, p.versions},
		"POST /filings/:filing/dispute":               {policy.PointDispute, p.pointDispute},
		"GET /filings/:filing/messages":               {policy.MessageList, p.messages},
		"POST /filings/:filing/messages":              {policy.MessageSend, p.messageSend},

		// Files beside them.
		"GET /filings/:filing/attachments":          {policy.AttachmentList, p.attachments},
		"POST /filings/:filing/attachments":         {policy.AttachmentAdd, p.attachmentAdd},
		"POST /filings/:filing/attachments/upload":  {policy.AttachmentBegin, p.attachmentBegin},
		"POST /filings/:filing/attachments/binding": {policy.AttachmentBind, p.attachmentBind},
		"GET /attachments/:attachment":              {policy.AttachmentOpen, p.attachmentOpen},
		"GET /attachments/:attachment/original":     {policy.AttachmentOriginal, p.attachmentOpen},
		"GET /attachments/:attachment/upload":       {policy.AttachmentState, p.attachmentState},
		"PUT /attachments/:attachment/upload":       {policy.AttachmentPut, p.attachmentPut},
		"POST /attachments/:attachment/completion":  {policy.AttachmentFinish, p.attachmentFinish},
		"POST /attachments/:attachment/removal":     {policy.AttachmentRemove, p.attachmentRemove},

		// Before they are decided: handed on, a longer term, what is to be added.
		"GET /filings/:filing/decision":         {policy.FilingDisputed, p.filingDisputed},
		"GET /filings/:filing/forward":          {policy.ForwardNew, p.forwardNew},
		"POST /filings/:filing/forward/draft":   {policy.ForwardDraft, p.forwardDraft},
		"GET /filings/:filing/forward/check":    {policy.ForwardCheck, p.forwardCheck},
		"GET /filings/:filing/forward/paper":    {policy.ForwardPaper, p.forwardPaper},
		"POST /filings/:filing/forward":         {policy.FilingForward, p.filingForward},
		"GET /filings/:filing/extension":        {policy.ExtensionNew, p.extensionNew},
		"POST /filings/:filing/extension/draft": {policy.ExtensionDraft, p.extensionDraft},
		"GET /filings/:filing/extension/check":  {policy.ExtensionCheck, p.extensionCheck},
		"GET /filings/:filing/extension/paper":  {policy.ExtensionPaper, p.extensionPaper},
		"POST /filings/:filing/extension":       {policy.FilingExtend, p.filingExtend},
		"GET /filings/:filing/addition":         {policy.AdditionNew, p.additionNew},
		"POST /filings/:filing/addition":        {policy.FilingAsk, p.filingAsk},
		"GET /filings/:filing/reply":            {policy.ReplyNew, p.replyNew},
		"POST /filings/:filing/reply/draft":     {policy.ReplyDraft, p.replyDraft},
		"GET /filings/:filing/reply/check":      {policy.ReplyCheck, p.replyCheck},
		"GET /filings/:filing/reply/paper":      {policy.ReplyPaper, p.replyPaper},
		"POST /filings/:filing/reply":           {policy.FilingReply, p.filingReply},
		"GET /filings/:filing/cancellation":     {policy.CancellationNew, p.cancellationNew},
		"POST /filings/:filing/cancellation":    {policy.CancellationSettle, p.cancellationSettle},

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

		// The file of a case.
		"GET /cases/:case/file":                 {policy.FileRead, p.file},
		"GET /cases/:case/file/new":             {policy.MaterialNew, p.materialNew},
		"POST /cases/:case/file":                {policy.MaterialAdd, p.materialAdd},
		"POST /decisions/:decision/file":        {policy.MaterialPut, p.materialPut},
		"GET /materials/:material":              {policy.MaterialOpen, p.materialOpen},
		"POST /materials/:material/removal":     {policy.MaterialRemove, p.materialRemove},
		"GET /cases/:case/familiarisations/new": {policy.FamiliarisationNew, p.familiarisationNew},
		"POST /cases/:case/familiarisations":    {policy.FamiliarisationDraft, p.familiarisationDraft},

		// Familiarisation with it.
		"GET /familiarisations/:familiarisation":                     {policy.FamiliarisationRead, p.familiarisation},
		"GET /familiarisations/:familiarisation/check":               {policy.FamiliarisationCheck, p.familiarisationCheck},
		"GET /familiarisations/:familiarisation/paper":               {policy.FamiliarisationPaper, p.familiarisationPaper},
		"POST /familiarisations/:familiarisation/opening":            {policy.FamiliarisationOpen, p.familiarisationOpen},
		"POST /familiarisations/:familiarisation/discarding":         {policy.FamiliarisationDiscard, p.familiarisationDiscard},
		"GET /familiarisations/:familiarisation/pages/:page":         {policy.FamiliarisationPage, p.sheet},
		"GET /familiarisations/:familiarisation/pages/:page/picture": {policy.FamiliarisationPicture, p.sheetPicture},
		"POST /familiarisations/:familiarisation/pages/:page/time":   {policy.FamiliarisationTime, p.sheetTime},
		"POST /familiarisations/:familiarisation/pages/:page/note":   {policy.FamiliarisationNote, p.sheetNote},
		"GET /familiarisations/:familiarisation/search":              {policy.FamiliarisationSearch, p.fileSearch},
		"GET /familiarisations/:familiarisation/copy":                {policy.FamiliarisationCopy, p.fileCopy},
		"POST /familiarisations/:familiarisation/plea":               {policy.FamiliarisationPlead, p.familiarisationPlead},
		"POST /familiarisations/:familiarisation/postponement":       {policy.FamiliarisationPostpone, p.familiarisationPostpone},
		"POST /familiarisations/:familiarisation/end":                {policy.FamiliarisationEnd, p.familiarisationEnd},
		"GET /familiarisations/:familiarisation/record":              {policy.RecordEdit, p.recordEdit},
		"POST /familiarisations/:familiarisation/record/draft":       {policy.RecordDraft, p.recordDraft},
		"GET /familiarisations/:familiarisation/record/check":        {policy.RecordCheck, p.recordCheck},
		"GET /familiarisations/:familiarisation/record/paper":        {policy.RecordPaper, p.recordPaper},
		"POST /familiarisations/:familiarisation/record/signature":   {policy.RecordSign, p.recordSign},
		"POST /familiarisations/:familiarisation/closing/draft":      {policy.RecordAssent, p.recordAssent},
		"GET /familiarisations/:familiarisation/closing/paper":       {policy.RecordAssentPaper, p.recordAssentPaper},
		"POST /familiarisations/:familiarisation/closing":            {policy.FamiliarisationClose, p.familiarisationClose},

		// The directory of officials.
		"GET /directory":                          {policy.DirectoryRead, p.directory},
		"POST /officials":                         {policy.DirectoryFind, p.directoryFind},
		"GET /directory/new":                      {policy.AppointmentNew, p.appointmentNew},
		"POST /directory":                         {policy.AppointmentDraft, p.appointmentDraft},
		"GET /directory/:appointment":             {policy.AppointmentRead, p.appointment},
		"GET /directory/:appointment/paper":       {policy.AppointmentPaper, p.appointmentPaper},
		"POST /directory/:appointment/proposal":   {policy.AppointmentPropose, p.appointmentPropose},
		"POST /directory/:appointment/discarding": {policy.AppointmentDiscard, p.appointmentDiscard},
		"POST /directory/:appointment/reply":      {policy.AppointmentReply, p.appointmentReply},
		"GET /directory/:appointment/check":       {policy.AppointmentCheck, p.appointmentCheck},
		"GET /directory/:appointment/answer":      {policy.AppointmentAnswer, p.appointmentAnswer},
		"POST /directory/:appointment/assent":     {policy.AppointmentAgree, p.appointmentSettle},
		"POST /directory/:appointment/dissent":    {policy.AppointmentDecline, p.appointmentSettle},

		// Heads and chiefs: who conducts what, and who stands in for whom.
		"GET /unit":                                    {policy.UnitRead, p.unit},
		"GET /office":                                  {policy.OfficeRead, p.office},
		"GET /cases/:case/assignment":                  {policy.AssignmentNew, p.assignmentNew},
		"POST /cases/:case/assignment":                 {policy.AssignmentDraft, p.assignmentDraft},
		"GET /cases/:case/assignment/check":            {policy.AssignmentCheck, p.assignmentCheck},
		"GET /cases/:case/assignment/paper":            {policy.AssignmentPaper, p.assignmentPaper},
		"POST /cases/:case/assignment/signature":       {policy.AssignmentSign, p.assignmentSign},
		"POST /cases/:case/assignment/discarding":      {policy.AssignmentDiscard, p.assignmentDiscard},
		"GET /substitutions/new":                       {policy.SubstitutionNew, p.substitutionNew},
		"POST /substitutions":                          {policy.SubstitutionDraft, p.substitutionDraft},
		"GET /substitutions/:substitution":             {policy.SubstitutionRead, p.substitution},
		"GET /substitutions/:substitution/paper":       {policy.SubstitutionPaper, p.substitutionPaper},
		"POST /substitutions/:substitution/signature":  {policy.SubstitutionSign, p.substitutionSign},
		"POST /substitutions/:substitution/end":        {policy.SubstitutionEnd, p.substitutionEnd},
		"POST /substitutions/:substitution/discarding": {policy.SubstitutionDiscard, p.substitutionDiscard},

		// What ends when, in a calendar outside.
		"GET /filings/:filing/sheet": {policy.FilingSheet, p.filingSheet},
		"GET /calendar":              {policy.FeedList, p.feeds},
		"POST /calendar":             {policy.FeedMake, p.feedMake},
		"POST /feeds/:feed/end":      {policy.FeedEnd, p.feedEnd},
		"GET /calendar/:token":       {policy.FeedFetch, p.feedFetch},

		// Drafts by an assistant.
		"GET /assistants":                 {policy.AssistantList, p.assistants},
		"POST /assistants":                {policy.AssistantLet, p.assistantLet},
		"POST /assistants/:assistant/end": {policy.AssistantEnd, p.assistantEnd},
		"GET /cases/:case/errands/new":    {policy.ErrandNew, p.errandNew},
		"POST /cases/:case/errands":       {policy.ErrandGive, p.errandGive},
		"GET /errands":                    {policy.ErrandList, p.errands},
		"GET /errands/:errand":            {policy.ErrandRead, p.errand},
		"POST /errands/:errand":           {policy.ErrandWrite, p.errandWrite},
		"POST /errands/:errand/handing":   {policy.ErrandHand, p.errandWrite},
		"POST /errands/:errand/taking":    {policy.ErrandTake, p.errandTake},

		// What was typed and not sent.
		"POST /typed":        {policy.TypedSave, p.typedSave},
		"POST /typed/forget": {policy.TypedForget, p.typedForget},

		// What a person was told, and where he wishes to be told.
		"GET /notices":                         {policy.NoticeList, p.notices},
		"POST /notices/reading":                {policy.NoticeReadAll, p.noticeReadAll},
		"POST /notices/:notice/reading":        {policy.NoticeRead, p.noticeRead},
		"POST /notices/:notice/resending":      {policy.NoticeResend, p.noticeResend},
		"GET /notices/settings":                {policy.NoticeSettings, p.noticeSettings},
		"POST /notices/settings":               {policy.NoticeSet, p.noticeSet},
		"GET /contacts/new":                    {policy.ContactNew, p.contactNew},
		"POST /contacts":                       {policy.ContactAdd, p.contactAdd},
		"GET /contacts/:contact":               {policy.ContactRead, p.contact},
		"POST /contacts/:contact/code":         {policy.ContactCode, p.contactCode},
		"POST /contacts/:contact/confirmation": {policy.ContactConfirm, p.contactConfirm},
		"POST /contacts/:contact/end":          {policy.ContactEnd, p.contactEnd},
		"GET /duty":                            {policy.DutyRead, p.duty},
		"POST /duty/jobs":                      {policy.JobAgain, p.jobAgain},
		"POST /duty/events":                    {policy.EventAgain, p.eventAgain},
		"GET /submissions/:key":                {policy.SubmissionRead, p.submission},

		// Officials at work.
		"GET /desk":                   {policy.DeskRead, p.desk},
		"GET /desk/drafts":            {policy.DeskDrafts, p.deskDrafts},
		"POST /desk/drafts/signature": {policy.DeskSign, p.deskSign},
		"POST /desk/requests":         {policy.DeskConfirm, p.deskConfirm},
		"GET /oversight":              {policy.OversightRead, p.oversight},
		"GET /chamber":                {policy.ChamberRead, p.chamber},
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
