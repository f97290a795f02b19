// Keeps a page fresh. The server alone writes sentences, lists and tables; this only asks for them again.
//
// Markup:  <body data-live="/live?property=pm25">   a stream of server-sent events; any "message" or "changed" event
//                                                   means: something that this page shows has changed. No values in it.
//          <… data-part="list">                     replaced by the part of the same name when the page is asked again.

const PAUSE = 1000;
const MINUTE = 60_000;

const openFolds = (part) => new Set([...part.querySelectorAll("details[open][id]")].map((node) => node.id));

function replace(part, fresh) {
  const open = openFolds(part);
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const { scrollTop } = part.querySelector(".scroll") ?? {};
  part.replaceChildren(...fresh.childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  const scroll = part.querySelector(".scroll");
  if (scroll && scrollTop) scroll.scrollTop = scrollTop;
}

// Asks for this page again and puts its parts in place; a failed answer leaves the page as it is.
export async function refreshParts() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-part]")) {
    const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
    if (fresh && fresh.innerHTML !== part.innerHTML) replace(part, fresh);
  }
}

// Calls `refresh` when the server says that something changed, at most once a second, and once a minute for the ages;
// never while nobody looks.
export function watch(refresh) {
  let waiting = false;
  let due = false;
  async function run() {
    if (document.hidden) { due = true; return; }
    if (waiting) { due = true; return; }
    waiting = true;
    due = false;
    try {
      await refresh();
    } catch {
      // Offline for a moment: the next event or minute tries again.
    }
    setTimeout(() => { waiting = false; if (due) run(); }, PAUSE);
  }
  const url = document.body.dataset.live;
  if (url) {
    const stream = new EventSource(url);
    stream.onmessage = run;
    stream.addEventListener("changed", run);
    addEventListener("pagehide", () => stream.close());
  }
  setInterval(run, MINUTE);
  document.addEventListener("visibilitychange", () => { if (due) run(); });
}
