package filing

// The sheets, for the test that prints kept papers again.
var (
	SheetOf           = NewFiling.sheet
	AnswerSheetOf     = NewAnswer.sheet
	WithdrawalSheetOf = Filing.withdrawalSheet
)
