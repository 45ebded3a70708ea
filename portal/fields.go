package portal

import (
	"zharia/portal/filing"
	"zharia/portal/web"
)

// numbered are the fields of a form that go by one word and a number, "point-1" and on.
type numbered struct {
	word string
	most int
}

var (
	pointFields = numbered{"point", filing.MaxPoints} // what is asked, one by one
	askedFields = numbered{"asked", filing.MaxAsked}  // what its author should add
)

func (n numbered) field(i int) string { return n.word + "-" + digits(i+1) }

// shown are the names of as many as are filled in, of one more where that was asked
// for, and of one at least.
func (n numbered) shown(form *web.Form) []string {
	count := 1
	for i := range n.most {
		if form.Value(n.field(i)) != "" {
			count = i + 1
		}
	}
	if form.More() && count < n.most {
		count++
	}
	out := make([]string, count)
	for i := range out {
		out[i] = n.field(i)
	}
	return out
}

// filled are the texts of those that are filled in, each within its limits.
func (n numbered) filled(form *web.Form, least, most int) (out []string) {
	for i := range n.most {
		if form.Value(n.field(i)) != "" {
			out = append(out, form.Text(n.field(i), least, most))
		}
	}
	return out
}

// needed are the same, of which the first must be filled in.
func (n numbered) needed(form *web.Form, least, most int) []string {
	if form.Value(n.field(0)) == "" {
		form.Text(n.field(0), least, most)
	}
	return n.filled(form, least, most)
}

// typed is what stands in all of them, within its limits or not.
func (n numbered) typed(form *web.Form) []string {
	out := make([]string, n.most)
	for i := range out {
		out[i] = form.Value(n.field(i))
	}
	return out
}

// fill puts texts into them, in place of what stood there.
func (n numbered) fill(form *web.Form, texts []string) {
	for i := range n.most {
		text := ""
		if i < len(texts) {
			text = texts[i]
		}
		form.Set(n.field(i), text)
	}
}

// points are the requests of a form in which something must be asked.
func points(form *web.Form) []string {
	return pointFields.needed(form, filing.MinPoint, filing.MaxPointText)
}
