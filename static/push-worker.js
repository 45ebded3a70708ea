// Shows, on a person's own device, that the portal has news for him: the words come
// sealed to this browser (portal/notice/webpush), and say nothing of what the news is.
// It looks at no page and keeps nothing.

self.addEventListener("push", (event) => {
  let news;
  try {
    news = event.data.json();
  } catch {
    return; // not ours
  }
  event.waitUntil(self.registration.showNotification(news.title, {
    body: news.text, lang: news.language, tag: news.tag, data: news.link,
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const to = new URL(event.notification.data ?? "/", self.location.origin);
  if (to.origin === self.location.origin) event.waitUntil(self.clients.openWindow(to.href));
});
