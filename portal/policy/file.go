package policy

// FilePart is how much of the file of a case opens for familiarisation.
type FilePart string

// The parts; what is in the prosecution's list is in none of them, CPC 296(1).
const (
	NoFile    FilePart = ""
	ClaimPart FilePart = "civil-claim" // what concerns the civil claim
	WholeFile FilePart = "case"
)

// fileRow is the row of the matrix for all materials of the case.
const fileRow = 40

// File says how much of the file may be opened to a status, or to one who stands
// for it (CPC 295, CPC 296). An accused has all that he had as a suspect, CPC 65(5):
// the dash in his column says only that reading mostly comes before that status.
func File(role, represented Role) FilePart {
	part := WholeFile
	columns := columnsOf(Viewer{Role: asSuspect(role), Represented: asSuspect(represented)})
	if len(columns) == 0 {
		return NoFile
	}
	for _, column := range columns {
		switch matrix[fileRow].cell(column) {
		case "F":
		case "FP":
			part = ClaimPart
		default:
			return NoFile
		}
	}
	return part
}

// Unhurried are the statuses to which the file does not close on a day: nobody limits a
// suspect and his defender in the time that they need for it (CPC 296(3)), nor who has a
// suspect's rights in his place (CPC 75).
var Unhurried = []Role{Suspect, Accused, Defender, SuspectsLegalRep}

func asSuspect(role Role) Role {
	if role == Accused {
		return Suspect
	}
	return role
}
