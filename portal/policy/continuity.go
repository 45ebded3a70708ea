package policy

import "slices"

// continues is what a status may become: the same person goes on in the case under
// another name and with other rights (CPC 65-1, 64, 65). What is not here is two
// statuses and no change of one.
var continues = map[Role][]Role{
	Witness:          {ProtectedWitness, Suspect},
	ProtectedWitness: {Suspect},
	Suspect:          {Accused},
	Accused:          {TrialDefendant},
}

// Continues says that a status may take the place of another of the same person:
// the one before ends with the same signature.
func Continues(before, after Role) bool { return slices.Contains(continues[before], after) }

// Next are the statuses that one may become, in the order of the Code.
func Next(role Role) []Role { return slices.Clone(continues[role]) }
