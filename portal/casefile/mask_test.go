package casefile_test

import (
	"strings"
	"testing"

	"zharia/portal/casefile"
)

var mask = casefile.Mask{
	Names: []string{"Оспанова Айгүл Болатқызы", "Қалиев Серік Ерланұлы", "Бекова Сәуле Тұрарқызы", "Ахметова Дана Қайратқызы", "Громов Павел Ильич", "Ли Ян"},
	IIN:   "[IIN]", Phone: "[TEL]", Mail: "[MAIL]", Name: "[NAME]",
}

func TestPersonalDataIsMaskedHoweverItIsWritten(t *testing.T) {
	for _, row := range []struct{ says, text, want string }{
		{"a name in full", "Жәбірленуші Оспанова Айгүл Болатқызы деп танылсын.", "Жәбірленуші [NAME] деп танылсын."},
		{"in capitals", "ОСПАНОВА АЙГҮЛ БОЛАТҚЫЗЫ келді.", "[NAME] келді."},
		{"in small letters", "оспанова айгүл келді", "[NAME] келді"},
		{"inside quotes", "«Оспанова» деген азамат", "«[NAME]» деген азамат"},
		{"Kazakh endings", "Оспановадан, Айгүлге, Айгүлдің, Серікті, Серіктікі, Қалиевтен, Сәуленің, Болатқызына", "[NAME], [NAME], [NAME], [NAME], [NAME], [NAME], [NAME], [NAME]"},
		{"Russian endings", "Оспановой, Оспанову, Калиева, Калиеву, Калиевым, Серику, Сауле, Бековой, Ахметову Дану, Даной", "[NAME], [NAME], [NAME], [NAME], [NAME], [NAME], [NAME], [NAME], [NAME], [NAME]"},
		{"a vowel that falls out", "у Павла Громова", "у [NAME]"},
		{"Kazakh letters written as Russian", "Айгул Болаткызы, Серик Ерланулы, Сауле", "[NAME], [NAME], [NAME]"},
		{"the patronymic alone", "Болатқызы Ерланұлының", "[NAME]"},
		{"initials after", "Оспанова А.Б. арыз берді", "[NAME] арыз берді"},
		{"initials before", "арызды А. Б. Оспанова берді", "арызды [NAME] берді"},
		{"Latin look-alikes", "Oспaнoвa және Cepiк", "[NAME] және [NAME]"},
		{"digits look-alikes", "0спан0ва", "[NAME]"},
		{"a soft hyphen and a joiner inside", "Оспа\u00adно\u200dва", "[NAME]"},
		{"a stress mark", "Оспа\u0301нова", "[NAME]"},
		{"a short name with a capital", "Ли көрді, Янға айтты", "[NAME] көрді, [NAME] айтты"},
		{"an IIN", "ЖСН 870412499015.", "ЖСН [IIN]."},
		{"an IIN set apart", "870412 499015, 8704-1249-9015, 870 412 499 015", "[IIN], [IIN], [IIN]"},
		{"an IIN in other digits", "ЖСН ８７０４１２４９９０１５", "ЖСН [IIN]"},
		{"telephones", "+7 701 234 56 78, 8 (727) 267-12-34, 87012345678, +77012345678, 8-701-234-56-78, 8 (7172) 32-15-60", "[TEL], [TEL], [TEL], [TEL], [TEL], [TEL]"},
		{"a telephone without its code", "тел. 701 234 56 78, (701) 234-56-78", "тел. [TEL], [TEL]"},
		{"no-break spaces and long dashes", "+7\u00a0701\u00a0234–56–78", "[TEL]"},
		{"mail", "aigul.ospanova@mail.kz, <a@b.kz>", "[MAIL], <[MAIL]>"},
	} {
		if got := mask.Of(row.text); got != row.want {
			t.Errorf("%s: %q becomes %q, want %q", row.says, row.text, got, row.want)
		}
	}
}

func TestWhatIsNoPersonalDataStays(t *testing.T) {
	for _, text := range []string{
		"№ 267511031000456 іс бойынша 22.10.2026 ж. шешім қабылданды.",
		"ҚПК-нің 188-бабының 2-бөлігі, залал 1 245 000 теңге.",
		"Жеке деректер, данные осмотра, лист 12–14.",
		"Сағат 08:40 мен 21:00 аралығында.",
		"Екі жол.\nҮшінші жол.",
	} {
		if got := mask.Of(text); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

// Every name of the list, in every ending the two languages have, glued to what
// stands around it, goes.
func TestNoEndingSavesAName(t *testing.T) {
	kazakh := []string{"", "ның", "нің", "дың", "дің", "тың", "тің", "ға", "ге", "қа", "ке", "на", "не", "ды", "ді", "ты", "ті", "ны", "ні", "да", "де", "та", "те", "дан", "ден", "тан", "тен", "мен", "бен", "пен", "дікі", "нікі", "дың да"}
	for _, name := range []string{"Оспанова", "Айгүл", "Болатқызы", "Қалиев", "Серік", "Ерланұлы", "Сәуле", "Павел"} {
		for _, end := range kazakh {
			for _, around := range []string{"%", "(%)", "«%»", "%,", "%-мен", "азамат %."} {
				text := strings.ReplaceAll(around, "%", name+end)
				for _, form := range []string{text, strings.ToUpper(text)} {
					if got := mask.Of(form); strings.Contains(strings.ToLower(got), strings.ToLower(name)) || !strings.Contains(got, "[NAME]") {
						t.Errorf("%q becomes %q", form, got)
					}
				}
			}
		}
	}
}

func FuzzMaskingNeverLeavesAnIIN(f *testing.F) {
	f.Add("ЖСН ", "\u00a0тел")
	f.Add("+7", "(")
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.ContainsAny(before+after, "0123456789") {
			return
		}
		if got := mask.Of(before + " 870412499015 " + after); strings.Contains(got, "870412499015") {
			t.Errorf("%q", got)
		}
	})
}
