package policy

// sides groups the statuses among which each sees his own part only (CPC 43(6)):
// one suspect's ruling is not another's, but the victim learns of both.
var sides = map[Role]string{
	Suspect: "defence", Accused: "defence", TrialDefendant: "defence", ProtectedWitness: "defence",
	Victim: "victims", PrivateProsecutor: "victims",
	CivilPlaintiff: "plaintiffs", CivilDefendant: "defendants", Witness: "witnesses",
}

// Side is the side a status stands on; "" for those who stand for another.
func Side(role Role) string { return sides[role] }
