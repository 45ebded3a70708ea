// Has a browser take news of the portal. The page is whole without this: then it says
// that this browser does not.
//
//   <form method="post" action="…" data-push="PUBLIC KEY" hidden>
//     <input type="hidden" name="address">
//     <button>…</button>
//   </form>
//   <p data-push-say="none|asked|blocked|failed" role="status">…</p>

const form = document.querySelector("[data-push]");

function say(word) {
  for (const line of document.querySelectorAll("[data-push-say]")) line.hidden = line.dataset.pushSay !== word;
}

const able = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

function key(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

async function subscribe() {
  say("asked");
  if (await Notification.requestPermission() !== "granted") return say("blocked");
  await navigator.serviceWorker.register("/push-worker.js");
  const worker = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: key(form.dataset.push) };
  let made;
  try {
    made = await worker.pushManager.subscribe(options);
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    await (await worker.pushManager.getSubscription())?.unsubscribe(); // of keys that the portal has no more
    made = await worker.pushManager.subscribe(options);
  }
  form.elements.address.value = JSON.stringify(made);
  form.submit();
}

if (form && able()) {
  form.hidden = false;
  say(Notification.permission === "denied" ? "blocked" : "");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    subscribe().catch(() => say("failed"));
  });
}
