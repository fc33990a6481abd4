// What the pages do beyond what they do without it: tell that tasks have changed, and that a session ends soon.
"use strict";

(() => {
  const summary = document.getElementById("summary");
  if (summary) summary.focus();

  const changed = document.getElementById("changed");
  if (changed) {
    const stream = new EventSource(changed.dataset.changes);
    stream.addEventListener("changed", () => { changed.hidden = false; stream.close(); });
    window.addEventListener("pagehide", () => stream.close());
  }

  const progress = document.querySelector("[data-progress]");
  if (progress && !("done" in progress.dataset)) {
    // without this the page asks for itself; here only what has changed is put in its place
    const ask = async () => {
      const answer = await fetch(progress.dataset.progress, { headers: { "Accept": "text/html" } });
      if (!answer.ok) { window.location.reload(); return; }
      const told = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-progress]");
      if (!told) { window.location.reload(); return; }
      progress.replaceChildren(...told.childNodes);
      const said = document.getElementById("progress-said");
      // a sentence for each tenth, not for each row
      if (said && said.dataset.tenth !== told.dataset.tenth) {
        said.dataset.tenth = told.dataset.tenth;
        said.textContent = told.dataset.words;
      }
      if ("done" in told.dataset) { window.location.reload(); return; }
      window.setTimeout(ask, 2000);
    };
    window.setTimeout(ask, 2000);
  }

  const warning = document.getElementById("session-warning");
  const ends = Date.parse(document.body.dataset.sessionEnds || "");
  if (warning && !Number.isNaN(ends)) {
    window.setTimeout(() => { warning.hidden = false; }, Math.max(ends - Date.now() - 5 * 60 * 1000, 0));
  }
})();
