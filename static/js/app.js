// What the pages gain from JavaScript. Everything here is a convenience: without it links lead to pages and forms
// are sent as they are. One file, no inline code, no dependency.
(() => {
  "use strict";
  const root = document.documentElement;
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const on = (type, handler, options) => document.addEventListener(type, handler, options);
  root.classList.add("js");

  // --- toasts: stay long enough to read and to take back, wait while someone points at them ----------------------
  const TOAST_MS = 12000;

  function watchToast(toast) {
    if (toast.dataset.watched) return;
    toast.dataset.watched = "yes";
    let timer;
    const leave = () => toast.remove();
    const wait = () => clearTimeout(timer);
    const go = () => { wait(); timer = setTimeout(leave, TOAST_MS); };
    for (const type of ["pointerenter", "focusin"]) toast.addEventListener(type, wait);
    for (const type of ["pointerleave", "focusout"]) toast.addEventListener(type, go);
    go();
  }

  // A status is read aloud when it changes, not when it is already there: put the sentence in once more.
  function announce(region) {
    const waiting = [...region.children];
    if (!waiting.length) return;
    region.replaceChildren();
    setTimeout(() => region.append(...waiting), 60);
  }

  on("click", (event) => {
    const close = event.target.closest("[data-toast-close]");
    if (close) close.closest("[data-toast]").remove();
  });

  on("click", (event) => { if (event.target.closest("[data-print]")) print(); });

  // --- sheets: a link that names a dialog opens it, otherwise it leads to its page -------------------------------
  on("click", (event) => {
    const link = event.target.closest("[data-opens]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const dialog = document.getElementById(link.dataset.opens);
    if (!(dialog instanceof HTMLDialogElement)) return;
    event.preventDefault();
    dialog.showModal();
  });
  on("click", (event) => {
    // The backdrop is the dialog itself; what is in it is always inside a child.
    if (event.target instanceof HTMLDialogElement && event.target.open) event.target.close();
  });

  // --- menus: one at a time, closed by Escape and by a click elsewhere -------------------------------------------
  on("click", (event) => {
    for (const menu of all("[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  on("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("[data-menu][open]");
    if (!menu) return;
    menu.open = false;
    find("summary", menu).focus();
  });

  // --- theme: at once here, kept by the server for the next page -------------------------------------------------
  on("submit", async (event) => {
    const form = event.target.closest("[data-theme-form]");
    const button = event.submitter;
    if (!form || !button) return;
    event.preventDefault();
    if (button.value === "auto") delete root.dataset.theme;
    else root.dataset.theme = button.value;
    for (const each of all("[data-theme-form] [name=theme]")) {
      each.setAttribute("aria-pressed", String(each.value === button.value));
    }
    const chosen = new FormData(form);
    chosen.set("theme", button.value);
    await fetch(form.action, { method: "POST", body: chosen, redirect: "manual" }).catch(() => {});
  });

  // --- forms: a second press waits for the first (the server's key makes sure, this saves the wait) ---------------
  const sent = new WeakSet();
  on("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.matches("[data-theme-form], [hx-post], [data-hx-post]")) return;
    if (sent.has(form)) return event.preventDefault();
    sent.add(form);
    event.submitter?.setAttribute("aria-busy", "true");
    setTimeout(() => release(form), 8000);
  });
  function release(form) {
    sent.delete(form);
    for (const button of all("[aria-busy]", form)) button.removeAttribute("aria-busy");
  }
  // Back brings the page as it was left: its buttons must work again.
  addEventListener("pageshow", () => all("form").forEach(release));

  // --- tables: pick all on this page, and say how many -----------------------------------------------------------
  on("change", (event) => {
    const form = event.target.form;
    if (!form) return;
    const picks = all('input[type="checkbox"][name="pick"]', form);
    const head = find("[data-pick-all]", form);
    if (event.target === head) for (const pick of picks) pick.checked = head.checked;
    else if (!picks.includes(event.target)) return;
    showPicked(form, picks, head);
  });
  function showPicked(form, picks, head) {
    const count = picks.filter((pick) => pick.checked).length;
    if (head) {
      head.checked = count > 0 && count === picks.length;
      head.indeterminate = count > 0 && count < picks.length;
    }
    for (const words of all("[data-bulk-count]", form)) words.textContent = String(count);
  }

  // --- forms: what another answer makes pointless is put away, and not sent ---------------------------------------
  function showWhen(part) {
    const [name, value] = part.dataset.when.split("=");
    const field = part.closest("form")?.elements[name];
    if (!field) return;
    part.hidden = field.value !== value;
    for (const control of all("input, select, textarea", part)) control.disabled = part.hidden;
  }
  // Before others look at the form: what is put away must not reach the server.
  on("input", (event) => all("[data-when]", event.target.form ?? document).forEach(showWhen), true);

  // --- keyboard: g then a letter goes to a section, ? lists what there is ----------------------------------------
  const typing = (target) => target.closest?.("input, select, textarea, [contenteditable], dialog[open]");
  let goes = false;
  on("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (goes) {
      goes = false;
      const link = find(`[data-goes="${CSS.escape(event.key.toLowerCase())}"]`);
      if (link) { event.preventDefault(); link.click(); }
    } else if (event.key === "g") {
      goes = true;
      setTimeout(() => { goes = false; }, 1500);
    } else if (event.key === "?") {
      event.preventDefault();
      showShortcuts();
    } else if (event.key === "/") {
      const search = find("[data-search]");
      if (search) { event.preventDefault(); search.focus(); }
    }
  });
  on("click", (event) => { if (event.target.closest("[data-shortcuts]")) showShortcuts(); });
  function showShortcuts() {
    const dialog = document.getElementById("shortcuts");
    if (dialog && !dialog.open) dialog.showModal();
  }

  // --- what arrives: on loading, and in every fragment -----------------------------------------------------------
  function arrive(within) {
    for (const toast of all("[data-toast]", within)) watchToast(toast);
    for (const filters of all("[data-filters]", within)) {
      if (matchMedia("(max-width: 767px)").matches) filters.open = false;
    }
    all("[data-when]", within).forEach(showWhen);
    for (const head of all("[data-pick-all]", within)) {
      if (head.form) showPicked(head.form, all('input[type="checkbox"][name="pick"]', head.form), head);
    }
    // The summary of what needs another look is where the person goes on reading.
    find("[data-error-summary]", within)?.focus();
  }
  on("DOMContentLoaded", () => {
    arrive(document);
    const region = document.getElementById("toasts");
    if (region) announce(region);
    find("[data-current-day]")?.scrollIntoView({ block: "nearest", inline: "center" });
  });
  on("htmx:load", (event) => arrive(event.detail.elt));
})();
