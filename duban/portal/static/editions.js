// Reads a deadline phrase while it is typed. Without this, the "读一读" button asks the same page.
"use strict";

const WAIT_MS = 350;

for (const field of document.querySelectorAll("input[data-phrase]")) {
  const place = document.getElementById(field.dataset.phrase);
  const year = field.form.querySelector("input[name=year]");
  if (!place || !year) continue;
  let timer = 0;
  let asked = 0;

  const ask = async () => {
    const mine = ++asked;
    if (!field.value.trim()) return;
    place.classList.add("busy");
    try {
      const query = new URLSearchParams({ phrase: field.value, year: year.value });
      for (const name of ["campaign", "issued"]) {
        const more = field.form.querySelector(`input[name=${name}]`);
        if (more && more.value) query.set(name, more.value);
      }
      const answer = await fetch(`/phrases?${query}`, { credentials: "same-origin" });
      if (!answer.ok || mine !== asked) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const read = page.getElementById("reading");
      // A session that ended answers with the sign-in page; then what stands here stays.
      if (!read) return;
      place.className = read.className;
      place.replaceChildren(...read.childNodes);
    } catch {
      // Without a connection the button still tells what is wrong.
    } finally {
      if (mine === asked) place.classList.remove("busy");
    }
  };

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  };
  field.addEventListener("input", later);
  year.addEventListener("input", later);
}
