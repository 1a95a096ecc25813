// Correcting on the page: a segment becomes editable, and what is saved goes to the translation memory of the server.
{
  const token = document.querySelector('meta[name="mt-token"]').content;

  const send = async (path, body) => {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-MT-Token": token },
      body: JSON.stringify(body),
    });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(said.error ?? `the server said ${answer.status}`);
    return said;
  };

  const say = (element, text, failed) => {
    const note = element.querySelector(".mt-saved") ?? Object.assign(document.createElement("span"), { className: "mt-saved" });
    note.setAttribute("role", "status");
    note.classList.toggle("mt-failed", failed);
    note.textContent = text;
    element.append(note);
  };

  const edit = (row) => {
    const cell = row.querySelector(".mt-en"), english = cell.querySelector("span");
    const before = english.textContent;
    const button = cell.querySelector(".mt-correct");
    const close = () => {
      english.removeAttribute("contenteditable");
      cell.classList.remove("mt-editing");
      english.onkeydown = null;
    };
    const save = async () => {
      try {
        await send("/corrections", { source: row.querySelector(".mt-ar").textContent, english: english.textContent });
        close();
        say(cell, "Kept. The next translation uses it.", false);
        button.focus();
      } catch (error) {
        say(cell, `Not kept: ${error.message}`, true);
      }
    };
    if (cell.classList.contains("mt-editing")) return save();
    cell.classList.add("mt-editing");
    english.setAttribute("contenteditable", "plaintext-only");
    english.setAttribute("role", "textbox");
    english.setAttribute("aria-label", "Corrected English");
    english.focus();
    english.onkeydown = (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
      if (event.key === "Enter") event.preventDefault();
      if (event.key === "Escape") {
        english.textContent = before;
        close();
      }
    };
  };

  document.querySelectorAll(".mt-correct").forEach((button) => button.addEventListener("click", () => edit(button.closest(".mt-row"))));

  // What is marked in the text fills the form of a new term.
  const form = document.getElementById("mt-term");
  document.addEventListener("selectionchange", () => {
    const selection = getSelection(), text = selection.toString().trim();
    const cell = selection.anchorNode?.parentElement?.closest(".mt-ar, .mt-en");
    if (!form || !text || !cell || cell.classList.contains("mt-editing") || text.length > 100) return;
    form.elements[cell.classList.contains("mt-ar") ? "source" : "target"].value = text;
  });
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await send("/terms", { source: form.elements.source.value, target: form.elements.target.value });
      say(form, "Added to the glossary.", false);
      form.reset();
    } catch (error) {
      say(form, `Not added: ${error.message}`, true);
    }
  });
}
