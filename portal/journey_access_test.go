package portal_test

import (
	"slices"
	"strings"
	"testing"
)

// check holds the page shown now, at both widths, against what every page owes
// to everybody (WCAG 2.2 AA as far as a script can tell). What is wrong is told
// once a site, with the page it was first seen on.
func (v *visitor) check(name string) {
	v.t.Helper()
	var wrong []string
	for _, on := range []screen{phone, desktop} {
		v.do(v.look(on))
		for line := range strings.Lines(v.js(owes)) {
			wrong = append(wrong, strings.TrimSpace(line))
		}
	}
	v.do(v.look(v.screen))
	if lang := v.js("document.documentElement.lang"); lang != v.lang {
		wrong = append(wrong, "it says it is in "+lang)
	}
	wrong = append(wrong, v.complaints()...)
	slices.Sort(wrong)
	for _, what := range slices.Compact(wrong) {
		if !v.s.told[what] {
			v.s.told[what] = true
			v.t.Errorf("%s (%s): %s", v.path(), name, what)
		}
	}
}

// owes gives a line for each thing that is wrong with the page.
const owes = `(() => {
	const wrong = [];
	const say = (what, e) => wrong.push(innerWidth + " px: " + what + (e ? ": " + e.outerHTML.replace(/\s+/g, " ").slice(0, 150) : ""));
	const all = css => [...document.querySelectorAll(css)];
	const seen = e => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });

	const root = document.documentElement;
	if (root.scrollWidth > root.clientWidth) {
		say("scrolls sideways by " + (root.scrollWidth - root.clientWidth) + " px",
			all("main *, footer *").filter(e => seen(e) && e.getBoundingClientRect().right > root.clientWidth + 1).pop());
	}
	// A box with a scroll bar of its own is as bad, unless it is meant to scroll.
	for (const e of all("main *, header *")) {
		if (seen(e) && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === "hidden" && e.clientWidth > 1 && !e.matches(".name"))
			say("is cut off on the right", e);
	}
	const heads = all("h1, h2, h3, h4").filter(seen).map(e => [Number(e.tagName[1]), e]);
	if (heads.filter(([level]) => level === 1).length !== 1) say("has " + heads.filter(([level]) => level === 1).length + " h1");
	const inMain = heads.filter(([, e]) => e.closest("main") && !e.closest(".errors"));
	inMain.reduce((before, [level, e]) => {
		if (level > before + 1) say("a heading of level " + level + " after one of " + before, e);
		return level;
	}, 0);
	if (!document.title.trim()) say("has no title");
	if (all("main").length !== 1) say("has no main");

	const ids = all("[id]").map(e => e.id);
	ids.filter((id, i) => ids.indexOf(id) !== i).forEach(id => say("two elements are called " + id));
	for (const e of all("[aria-describedby], [aria-labelledby]")) {
		for (const id of (e.getAttribute("aria-describedby") ?? e.getAttribute("aria-labelledby")).trim().split(/\s+/))
			if (!document.getElementById(id)) say("refers to a missing " + id, e);
	}
	for (const e of all("label[for]")) if (!document.getElementById(e.htmlFor)) say("labels nothing", e);
	for (const e of all("main a[href^='#'], .skip")) if (!document.getElementById(e.hash.slice(1))) say("leads nowhere", e);

	const named = e => (e.innerText || e.textContent || "").trim() || e.getAttribute("aria-label");
	for (const e of all("input:not([type=hidden]), select, textarea").filter(seen))
		if (![...(e.labels ?? [])].some(named) && !e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby")) say("has no label", e);
	const links = all("a[href], button, summary").filter(seen);
	for (const e of links) if (!named(e)) say("has no name", e);
	for (const e of all("iframe")) if (!e.title) say("has no title", e);
	for (const e of all("fieldset").filter(seen)) if (!e.querySelector("legend")?.innerText.trim()) say("has no legend", e);

	// 2.5.8: 24 by 24 px; or in a sentence; or with room around it: a circle of
	// 24 px in its middle touches no other target.
	const targets = [...links, ...all("input:not([type=hidden]), select, textarea").filter(seen)].map(e => {
		const box = (e.matches("[type=radio], [type=checkbox]") && e.closest("label") || e).getBoundingClientRect();
		return { e, box, x: box.x + box.width / 2, y: box.y + box.height / 2, small: box.width < 23.9 || box.height < 23.9 };
	});
	const inSentence = e => getComputedStyle(e).display.startsWith("inline") && e.parentElement.innerText.trim().length > e.innerText.trim().length + 3;
	const far = (a, b) => b.small ? Math.hypot(a.x - b.x, a.y - b.y) >= 24
		: Math.hypot(a.x - Math.min(Math.max(a.x, b.box.left), b.box.right), a.y - Math.min(Math.max(a.y, b.box.top), b.box.bottom)) >= 12;
	for (const a of targets.filter(a => a.small && !inSentence(a.e))) {
		const near = targets.find(b => b !== a && !a.e.contains(b.e) && !far(a, b));
		if (near) say("is a target of " + Math.round(a.box.width) + "×" + Math.round(a.box.height) + " px too near to another", a.e);
	}

	// What has the keyboard's focus looks otherwise than without it.
	const had = document.activeElement, top = scrollY;
	// A card may draw the ring around itself for the link in it.
	const ring = (e, part) => { const s = getComputedStyle(e, part); return s.outlineStyle === "none" ? "" : [s.outlineStyle, s.outlineWidth, s.outlineColor].join(); };
	const look = e => [ring(e), ring(e, "::after"), ring(e.parentElement), ring(e.closest("li, fieldset, label") ?? e)].join("|");
	for (const { e } of targets) {
		const before = look(e);
		e.focus({ preventScroll: true, focusVisible: true });
		if (document.activeElement !== e) say("cannot be focused", e);
		else if (e !== had && look(e) === before) say("does not show the focus", e);
	}
	if (had && had !== document.body) had.focus({ preventScroll: true });
	else document.activeElement?.blur();
	scrollTo(0, top);
	return wrong.join("\n");
})()`

// Checks that never complain say nothing: here each is shown what it is for.
func TestThePageChecksFindWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visit(t, "", "kk", phone)
	for what, spoil := range map[string]string{
		"scrolls sideways":        `main.innerHTML += "<p style='width:2000px'>wide</p>"`,
		"is cut off":              `main.innerHTML += "<p style='overflow:hidden;white-space:nowrap;width:9em'>longer than the room there is for it</p>"`,
		"has 2 h1":                `main.innerHTML += "<h1>second</h1>"`,
		"a heading of level 4":    `main.innerHTML += "<h4>deep</h4>"`,
		"two elements are called": `main.innerHTML += "<p id=main>main</p>"`,
		"refers to a missing":     `main.innerHTML += "<p aria-describedby=nothing>text</p>"`,
		"labels nothing":          `main.innerHTML += "<label for=nothing>label</label>"`,
		"leads nowhere":           `main.innerHTML += "<a href='#nothing'>link</a>"`,
		"has no label":            `main.innerHTML += "<input name=x>"`,
		"has no name":             `main.innerHTML += "<button></button>"`,
		"has no title":            `main.innerHTML += "<iframe></iframe>"`,
		"has no legend":           `main.innerHTML += "<fieldset>text</fieldset>"`,
		"too near to another":     `main.innerHTML += "<p><button style='all:unset;font-size:9px'>i</button><button style='all:unset;font-size:9px'>j</button></p>"`,
		"cannot be focused":       `main.innerHTML += "<div inert><a href='/'>link</a></div>"`,
		"does not show the focus": `main.innerHTML += "<a href='/' style='outline:0 none;display:block'>link</a>"`,
	} {
		v.do(navigate(v, "/"))
		if found := v.js(owes); found != "" {
			t.Fatalf("the first page owes %s", found)
		}
		// Styles in markup are forbidden by the policy of our pages, so they are
		// set by script.
		v.js(`(main => { ` + strings.ReplaceAll(spoil, "style=", "data-style=") + `;
			main.querySelectorAll("[data-style]").forEach(e => e.style.cssText = e.dataset.style) })(document.querySelector("main"))`)
		if found := v.js(owes); !strings.Contains(found, what) {
			t.Errorf("%q is not noticed: %q", what, found)
		}
	}
}
