// Whoever left a page of a report in a hurry left all of them: "back" in the same window
// shows none, and leads away again. Whoever comes anew by an address or a link may read on.
// Where this window went is kept in it alone (report.js), and nothing of what was there.
{
  const left = () => { try { return sessionStorage.getItem("left"); } catch { return null; } };
  const away = () => {
    document.documentElement.hidden = true;
    location.replace(left());
  };
  if (left() && performance.getEntriesByType("navigation")[0]?.type === "back_forward") away();
  else try { sessionStorage.removeItem("left"); } catch { /* nothing is kept */ }
  // A browser may show a page as it was left, without loading it.
  addEventListener("pageshow", (e) => { if (e.persisted && left()) away(); });
}
