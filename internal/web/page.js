"use strict";
// Without this script the page is complete. With it, it refreshes itself, and organizations can be filtered.
(() => {
  const seconds = 15;
  const filter = { text: "", failing: false };
  const folded = new Map(); // what the user has opened or closed, by id

  const apply = () => {
    for (const o of document.querySelectorAll("[data-name]")) {
      const named = o.dataset.name.toLowerCase().includes(filter.text.toLowerCase());
      o.hidden = !named || (filter.failing && o.dataset.failing === "0");
      if (folded.has(o.id)) o.open = folded.get(o.id);
    }
  };

  const addFilter = () => {
    const all = document.querySelectorAll("[data-name]");
    if (all.length < 4) return;
    const form = document.createElement("p");
    form.className = "filter";
    const field = (type, text) => {
      const label = document.createElement("label");
      const input = document.createElement("input");
      input.type = type;
      input.id = `filter-${type}`;
      label.append(...(type === "checkbox" ? [input, ` ${text}`] : [`${text} `, input]));
      form.append(label, " ");
      return input;
    };
    const text = field("search", "Organization");
    const failing = field("checkbox", "only what fails");
    text.value = filter.text;
    failing.checked = filter.failing;
    text.addEventListener("input", () => { filter.text = text.value; apply(); });
    failing.addEventListener("change", () => { filter.failing = failing.checked; apply(); });
    all[0].before(form);
  };

  const prepare = () => {
    addFilter();
    apply();
    for (const summary of document.querySelectorAll("summary")) {
      summary.addEventListener("click", () => folded.set(summary.parentElement.id, !summary.parentElement.open));
    }
    document.getElementById("refresh").textContent = `, and refreshes every ${seconds} s`;
  };

  // Where an element that has the focus is found again in a new page.
  const address = (element) => {
    if (element.id) return `#${element.id}`;
    if (element.localName === "summary") return `#${element.parentElement.id} > summary`;
    return element.localName === "a" ? `a[href="${CSS.escape(element.getAttribute("href"))}"]` : "";
  };

  const refresh = async () => {
    if (document.hidden || String(getSelection())) return;
    try {
      const response = await fetch(location.href, { cache: "no-store" });
      if (!response.ok) throw new Error(response.statusText);
      const next = new DOMParser().parseFromString(await response.text(), "text/html");
      const focused = address(document.activeElement);
      document.querySelector("main").replaceWith(next.querySelector("main"));
      document.querySelector("footer").replaceWith(next.querySelector("footer"));
      document.title = next.title;
      prepare();
      if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
    } catch {
      document.getElementById("refresh").textContent = ". The exporter does not answer: what is shown is old";
    }
  };

  prepare();
  setInterval(refresh, seconds * 1000);
})();
