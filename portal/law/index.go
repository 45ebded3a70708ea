package law

// Progress says how far the portal carries an article out.
type Progress string

// An article is Done when all of it that concerns the portal works, Partly when
// some of it does, NotYet when it is only cited.
const (
	Done   Progress = "done"
	Partly Progress = "partly"
	NotYet Progress = "not-yet"
)

// Entry is one article in use.
type Entry struct {
	Article  string // "99", "65-1"; its title is under "law.title."
	Progress Progress
}

// Index lists the articles in use in the order of the Code. Whatever cites one
// that is not here fails a test. The words of the titles follow the Code; the
// long ones, and those of articles we cite without having read them (527, 612,
// 629-1), are shortened to what the article is about.
var Index = []Entry{
	{"5", Done},
	{"24", Partly},
	{"30", Partly},
	{"35", NotYet},
	{"36", NotYet},
	{"42-1", Partly},
	{"43", Partly},
	{"44", Partly},
	{"45", Partly},
	{"47", Done},
	{"48", Done},
	{"49", Partly},
	{"50", NotYet},
	{"55", NotYet},
	{"56", NotYet},
	{"58", Partly},
	{"59", NotYet},
	{"60", Partly},
	{"61", NotYet},
	{"62", NotYet},
	{"63", Partly},
	{"64", Partly},
	{"65", Partly},
	{"65-1", Partly},
	{"66", Partly},
	{"67", NotYet},
	{"68", Partly},
	{"70", Partly},
	{"71", Partly},
	{"72", Partly},
	{"73", Partly},
	{"74", Partly},
	{"75", Partly},
	{"76", Partly},
	{"77", Partly},
	{"78", Partly},
	{"80", NotYet},
	{"81", NotYet},
	{"85", NotYet},
	{"86", NotYet},
	{"87", NotYet},
	{"88", NotYet},
	{"89", NotYet},
	{"92", NotYet},
	{"93", NotYet},
	{"96", NotYet},
	{"97", Done},
	{"99", Partly},
	{"100", Partly},
	{"101", NotYet},
	{"102", Partly},
	{"103", NotYet},
	{"104", Partly},
	{"105", Partly},
	{"106", Partly},
	{"107", NotYet},
	{"109", Partly},
	{"110", NotYet},
	{"112", NotYet},
	{"118", NotYet},
	{"120", NotYet},
	{"122", NotYet},
	{"128", NotYet},
	{"131", Partly},
	{"133", Partly},
	{"136", NotYet},
	{"137", NotYet},
	{"138", NotYet},
	{"139", NotYet},
	{"140", Partly},
	{"141", NotYet},
	{"153", Partly},
	{"157", NotYet},
	{"158", Partly},
	{"161", Partly},
	{"165", Partly},
	{"167", NotYet},
	{"179", Partly},
	{"180", Partly},
	{"181", Partly},
	{"185", Partly},
	{"186", Partly},
	{"187", NotYet},
	{"190", Partly},
	{"192", Partly},
	{"192-2", Partly},
	{"193", Partly},
	{"194", Partly},
	{"198", Partly},
	{"199", NotYet},
	{"200", NotYet},
	{"201", Partly},
	{"202", Partly},
	{"203", Partly},
	{"208", NotYet},
	{"210", NotYet},
	{"215", NotYet},
	{"218", NotYet},
	{"219", NotYet},
	{"220", NotYet},
	{"229", NotYet},
	{"230", NotYet},
	{"252", Partly},
	{"253", Partly},
	{"254", NotYet},
	{"258", NotYet},
	{"272", Partly},
	{"274", Partly},
	{"275", NotYet},
	{"283", Partly},
	{"284", Partly},
	{"286", Partly},
	{"287", NotYet},
	{"288", Partly},
	{"289", Partly},
	{"290", Partly},
	{"291", Partly},
	{"292", Done},
	{"293", Partly},
	{"294", Partly},
	{"295", Partly},
	{"296", Partly},
	{"297", Partly},
	{"298", Partly},
	{"299", NotYet},
	{"300", NotYet},
	{"302", Partly},
	{"302-1", Partly},
	{"304", Partly},
	{"305", Partly},
	{"306", NotYet},
	{"527", Partly},
	{"612", Partly},
	{"629-1", Partly},
}

// InIndex says whether the article of a reference is in the index, and how far
// it is carried out.
func InIndex(ref Ref) (Entry, bool) {
	for _, entry := range Index {
		if entry.Article == ref.article {
			return entry, true
		}
	}
	return Entry{}, false
}
