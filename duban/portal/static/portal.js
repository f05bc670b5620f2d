// Makes pages more comfortable; every page works without it.
"use strict";

// A form is sent once: a second press while the first is under way does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  for (const button of form.querySelectorAll("button:not([type=button])")) {
    button.setAttribute("aria-disabled", "true");
    button.classList.add("busy");
  }
});

// Coming back by the browser's own button, the form may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll(".busy")) {
      button.removeAttribute("aria-disabled");
      button.classList.remove("busy");
    }
  }
});

// Tick or untick all boxes of a list: <input type="checkbox" data-ticks="name-of-the-boxes">.
document.addEventListener("change", (event) => {
  const name = event.target.dataset && event.target.dataset.ticks;
  if (!name) return;
  for (const box of event.target.form.querySelectorAll(`input[type=checkbox][name="${name}"]`)) {
    box.checked = event.target.checked;
  }
});

// Faults are read out and scrolled to.
const faults = document.getElementById("faults");
if (faults) {
  faults.tabIndex = -1;
  faults.focus();
}
