// What others do meanwhile: the office says it (server-sent events), and the page says it on.

let source;

/** Listens anew, about this case or about none. */
export function listen(caseId, onNews) {
  source?.close();
  source = new EventSource(`/live?case=${encodeURIComponent(caseId ?? "")}`);
  source.addEventListener("message", (message) => onNews(JSON.parse(message.data)));
}

export function stopListening() {
  source?.close();
  source = undefined;
}
addEventListener("pagehide", stopListening);
