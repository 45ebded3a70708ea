package casefile

// The sheets, for the test that prints kept papers again.
var (
	DecisionSheet     = DecisionDraft.sheet
	ConfirmationSheet = Grant.sheet
	EndingSheet       = Participant.endingSheet
)

// Proved is when the keeper takes a paper for signed.
var Proved = proved
