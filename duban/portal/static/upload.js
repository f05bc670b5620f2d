// Files are sent in pieces while the form is filled in; a broken connection goes on where it stopped.
// Without this script the same form sends its files with everything else.
"use strict";

(() => {
  const form = document.querySelector("form[data-uploads]");
  if (!form || !window.fetch) return;
  const begin = form.dataset.uploads;
  const pieceBytes = Number(form.dataset.piece);
  const token = form.elements.csrf.value;
  const WAITS = [1000, 2000, 5000, 10000, 20000];
  let busy = 0;

  const pause = (ms) =>
    new Promise((done) => {
      const end = () => { window.removeEventListener("online", end); clearTimeout(timer); done(); };
      const timer = setTimeout(end, ms);
      window.addEventListener("online", end);
    });

  // An answer of ours is JSON; anything else is a sign-in page or a proxy's own words.
  async function ask(method, address, body) {
    const answer = await fetch(address, { method, body, headers: { "x-csrf": token }, credentials: "same-origin" });
    const kind = answer.headers.get("content-type") || "";
    if (!kind.includes("json")) {
      if (answer.status >= 502) throw new TypeError("gateway");
      return { status: 401, reasons: ["登录已过期，请刷新页面重新登录；已传的部分还在，可接着传。"] };
    }
    return { status: answer.status, ...(await answer.json()) };
  }

  // Network trouble is waited out; an answer, whatever it says, is returned.
  async function patiently(line, act) {
    for (let turn = 0; ; turn += 1) {
      try {
        return await act();
      } catch (error) {
        if (line.stopped || turn >= 60) throw error;
        line.say("网络中断，等待恢复后接着传…");
        await pause(WAITS[Math.min(turn, WAITS.length - 1)]);
      }
    }
  }

  function newLine(fieldset, file) {
    const item = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = file.name;
    const bar = document.createElement("progress");
    bar.max = Math.max(file.size, 1);
    bar.value = 0;
    bar.setAttribute("aria-label", `${file.name} 上传进度`);
    const words = document.createElement("small");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = "移除";
    item.append(name, " ", words, " ", button, bar);
    fieldset.querySelector(".uploads").append(item);
    const line = {
      item, bar, button, stopped: false, id: null,
      say(text, bad) { words.textContent = text; words.className = bad ? "fault" : "soft"; },
      at(received) { bar.value = received; line.say(`${Math.floor((100 * received) / bar.max)}%`); },
    };
    button.addEventListener("click", async () => {
      line.stopped = true;
      item.remove();
      if (line.id) await ask("DELETE", `/uploads/${line.id}`).catch(() => {});
    });
    return line;
  }

  // The same file chosen again goes on with what is already there.
  function unfinished(fieldset, file) {
    for (const item of fieldset.querySelectorAll("li[data-upload]")) {
      const { upload, name, size, received } = item.dataset;
      if (name === file.name && Number(size) === file.size && Number(received) < file.size) {
        item.remove();
        return upload;
      }
    }
    return null;
  }

  async function announced(fieldset, file, line) {
    const known = unfinished(fieldset, file);
    if (known) {
      const stands = await patiently(line, () => ask("GET", `/uploads/${known}`));
      if (stands.status === 200) return stands;
    }
    const said = new URLSearchParams({ key: fieldset.dataset.key, filename: file.name, size: String(file.size) });
    return patiently(line, () => ask("POST", begin, said));
  }

  async function send(fieldset, file) {
    const line = newLine(fieldset, file);
    try {
      let stands = await announced(fieldset, file, line);
      line.id = stands.id || null;
      let wrong = 0;
      while (stands.status === 200 || (stands.status === 409 && stands.id && wrong < 5)) {
        wrong = stands.status === 409 ? wrong + 1 : 0;
        line.at(stands.received);
        if (line.stopped) return;
        if (stands.complete) return finished(line, stands);
        const from = stands.received;
        const piece = file.slice(from, from + pieceBytes);
        stands = await patiently(line, () => ask("PUT", `/uploads/${line.id}?offset=${from}`, piece));
      }
      failed(line, (stands.reasons || ["没有传成，请移除后重新选择。"]).join(""));
    } catch {
      if (!line.stopped) failed(line, "一直连不上，没有传完；网络恢复后请重新选择这个文件，会接着传。");
    }
  }

  function finished(line, stands) {
    const hidden = document.createElement("input");
    hidden.type = "hidden";
    hidden.name = "upload";
    hidden.value = stands.id;
    line.item.append(hidden);
    line.bar.remove();
    line.say("已传好，随本次报送");
  }

  function failed(line, sentence) {
    line.bar.remove();
    line.say(sentence, true);
  }

  // One after another: a phone's connection is not made faster by sharing it.
  let queue = Promise.resolve();
  function take(fieldset, files) {
    for (const file of files) {
      // Counted when chosen, not when its turn comes: between two files the form must not slip away.
      busy += 1;
      queue = queue.then(() => send(fieldset, file)).finally(() => { busy -= 1; });
    }
  }

  for (const fieldset of form.querySelectorAll(".expected[data-key]")) {
    if (!fieldset.querySelector(".uploads")) continue;
    for (const input of fieldset.querySelectorAll("input[type=file]")) {
      input.addEventListener("change", () => {
        take(fieldset, [...input.files]);
        input.value = "";
      });
    }
    fieldset.addEventListener("dragover", (event) => { event.preventDefault(); fieldset.classList.add("drop"); });
    fieldset.addEventListener("dragleave", () => fieldset.classList.remove("drop"));
    fieldset.addEventListener("drop", (event) => {
      event.preventDefault();
      fieldset.classList.remove("drop");
      take(fieldset, [...event.dataTransfer.files]);
    });
  }

  form.addEventListener("submit", (event) => {
    if (busy === 0 || (event.submitter && event.submitter.name === "drop")) return;
    event.preventDefault();
    event.stopPropagation();
    let told = form.querySelector("[data-wait]");
    if (!told) {
      told = document.createElement("p");
      told.className = "fault";
      told.dataset.wait = "1";
      told.setAttribute("role", "alert");
      form.querySelector("button.primary").before(told);
    }
    told.textContent = "还有文件没传完，请等传完再报送，或移除后报送。";
  });
})();
